//! `pipegen archive replay`: puts records of a time range on a stream again.

use std::cell::Cell;
use std::process::ExitCode;

use serde::Serialize;

use super::objects;
use crate::archive::line::{Kind, Line};
use crate::archive::merged::each_line;
use crate::aws::put_records::{OutgoingRecord, StreamWriter};
use crate::cli::ArchiveReplayArgs;
use crate::numbers::counted;
use crate::printer;

/// The records that were put, or would be.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Counts {
    records: u64,
    bytes: u64,
    /// True if nothing was put.
    dry_run: bool,
}

/// Puts the records on the stream, and prints how many.
pub(super) fn run(args: &ArchiveReplayArgs) -> anyhow::Result<ExitCode> {
    let (range, filter) = (objects::range(&args.range)?, objects::filter(&args.events)?);
    let environment = objects::target(&args.target, None)?;
    // The records that are on the stream, also if a signal ends the replay.
    let put = Cell::new(0_u64);
    let code = objects::until_signal(async || {
        let archive = objects::archive(&args.objects).await?;
        let mut writer =
            if args.dry_run { None } else { Some(objects::writer(environment, &args.target, &args.objects).await?) };
        let mut counts = Counts { dry_run: args.dry_run, ..Counts::default() };
        let wanted = filter.clone();
        let keep = move |line: &Line<'_>| wanted.matches_record(&line.data);
        each_line(&archive, Kind::Archive, &range, keep, async |_, line| {
            let record = record(line)?;
            counts.records += 1;
            counts.bytes += record.data.len() as u64;
            if let Some(writer) = &mut writer {
                put.set(put.get() + writer.add(record).await?.len() as u64);
            }
            Ok(true)
        })
        .await?;
        put.set(put.get() + finish(writer).await? as u64);
        printer::data(&if args.json { serde_json::to_string(&counts)? } else { text(counts) })?;
        Ok(ExitCode::SUCCESS)
    });
    if !matches!(&code, Ok(code) if *code == ExitCode::SUCCESS) && put.get() > 0 {
        let again = "Replaying the range again does no harm: what is applied already changes nothing.";
        let (records, verb) = (counted(put.get(), "record"), if put.get() == 1 { "is" } else { "are" });
        printer::talk(&format!("{records} {verb} on the stream. {again}"));
    }
    code
}

async fn finish(writer: Option<StreamWriter>) -> anyhow::Result<usize> {
    match writer {
        Some(mut writer) => Ok(writer.flush().await?.len()),
        None => Ok(0),
    }
}

fn record(line: &str) -> anyhow::Result<OutgoingRecord> {
    let line = Line::parse(Kind::Archive, line).map_err(anyhow::Error::msg)?;
    let partition_key = line.partition_key.unwrap_or_default().into_owned();
    Ok(OutgoingRecord { partition_key, data: line.data.into_owned() })
}

fn text(Counts { records, bytes, dry_run }: Counts) -> String {
    let verb = match (dry_run, records) {
        (true, _) => "would be put",
        (false, 1) => "was put",
        (false, _) => "were put",
    };
    format!("{} with {} of data {verb} on the stream", counted(records, "record"), counted(bytes, "byte"))
}
