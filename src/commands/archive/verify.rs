//! `pipegen archive verify`: problems of the objects, and counts.

use std::process::ExitCode;

use chrono::Utc;

use super::objects;
use crate::archive::verify::report::{Counts, Summary};
use crate::archive::verify::verify;
use crate::cli::ArchiveVerifyArgs;
use crate::numbers::counted;
use crate::printer::Lines;

/// Prints the problems and the counts.
pub(super) fn run(args: &ArchiveVerifyArgs) -> anyhow::Result<ExitCode> {
    let range = objects::range(&args.range)?;
    objects::until_signal(async || {
        let archive = objects::archive(&args.objects).await?;
        let quarantine = objects::quarantine(&args.objects).await?;
        let mut lines = Lines::default();
        let summary = verify(&archive, quarantine.as_ref(), &range, Utc::now(), |problem| {
            let line = if args.json { serde_json::to_string(problem)? } else { problem.to_string() };
            lines.write(&line)?;
            Ok(())
        })
        .await?;
        lines.write(&if args.json { serde_json::to_string(&summary)? } else { text(&summary) })?;
        lines.finish()?;
        Ok(if summary.problems == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}

fn text(summary: &Summary) -> String {
    let Summary { archive, quarantine, not_archived_yet, problems } = summary;
    let quarantine = quarantine.as_ref().map_or_else(
        || "quarantine  none here, so there is nothing to find in the archive".to_owned(),
        |counts| row("quarantine", counts, "rejected event"),
    );
    let verdict = match problems {
        0 => "all is right".to_owned(),
        _ => counted(*problems, "problem"),
    };
    let not_yet = match not_archived_yet {
        0 => String::new(),
        count => {
            let events = counted(*count, "rejected event");
            format!("\n{events} of the last 15 minutes may not be archived yet: verify again later")
        }
    };
    format!("{}\n{quarantine}{not_yet}\n{verdict}", row("archive", archive, "record"))
}

fn row(name: &str, counts: &Counts, what: &str) -> String {
    let Counts { objects, bytes, uncompressed_bytes, lines, repeated, checksums } = counts;
    let (different, objects) = (counted(lines - repeated, what), counted(*objects, "object"));
    let repeated = match repeated {
        0 => String::new(),
        1 => "; 1 line is there twice".to_owned(),
        _ => format!("; {repeated} lines repeat others"),
    };
    let (bytes, checksums) = (counted(*bytes, "byte"), counted(*checksums, "checksum"));
    format!(
        "{name:<10}  {different} in {objects} of {bytes} ({uncompressed_bytes} uncompressed){repeated}; \
         {checksums} of S3 compared"
    )
}
