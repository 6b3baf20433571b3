//! `pipegen rejected show`: rejected events in full.

use std::process::ExitCode;

use super::{NOTHING, objects, quarantine, selection};
use crate::archive::rejections::each_rejection;
use crate::cli::RejectedShowArgs;
use crate::printer::{self, Lines};

/// Prints what is selected.
pub(super) fn run(args: &RejectedShowArgs) -> anyhow::Result<ExitCode> {
    let selection = selection(&args.selection)?;
    objects::until_signal(async || {
        let mut lines = Lines::default();
        let quarantine = quarantine(&args.objects).await?;
        let mut is_empty = true;
        each_rejection(&quarantine, &selection, async |rejection| {
            is_empty = false;
            Ok(lines.write(&rejection.line()?)?)
        })
        .await?;
        lines.finish()?;
        if is_empty {
            printer::talk(NOTHING);
        }
        Ok(ExitCode::SUCCESS)
    })
}
