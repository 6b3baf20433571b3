//! `pipegen rejected show`: rejected events in full.

use std::process::ExitCode;

use super::{objects, quarantine, selection};
use crate::archive::rejections::each_rejection;
use crate::cli::RejectedShowArgs;
use crate::printer::Lines;

/// Prints what is selected.
pub(super) fn run(args: &RejectedShowArgs) -> anyhow::Result<ExitCode> {
    let selection = selection(&args.selection)?;
    objects::until_signal(async || {
        let mut lines = Lines::default();
        let quarantine = quarantine(&args.objects).await?;
        each_rejection(&quarantine, &selection, async |rejection| Ok(lines.write(&rejection.line()?)?)).await?;
        lines.finish()?;
        Ok(ExitCode::SUCCESS)
    })
}
