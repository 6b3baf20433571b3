//! `pipegen rejected`: counts, prints and sends again what is in the quarantine.

use std::path::Path;
use std::process::ExitCode;

use super::objects;
use super::usage_error::UsageError;
use crate::archive::rejections::{DISCARDED, Selection, reason_named};
use crate::archive::source::Source;
use crate::cli::{ObjectsArgs, RejectedCommand, SelectionArgs};

mod list;
mod redrive;
mod show;

/// The message of a command that has found nothing.
const NOTHING: &str = "nothing in the quarantine matches";

/// Runs a subcommand.
pub fn run(command: RejectedCommand) -> anyhow::Result<ExitCode> {
    match command {
        RejectedCommand::List(args) => list::run(&args),
        RejectedCommand::Show(args) => show::run(&args),
        RejectedCommand::Redrive(args) => redrive::run(&args),
    }
}

/// Returns what was selected.
fn selection(args: &SelectionArgs) -> anyhow::Result<Selection> {
    let reason = args.reason.as_deref().map(|name| {
        reason_named(name).ok_or_else(|| {
            let known = pipegen_event::Reason::ALL.map(pipegen_event::Reason::as_str).join(", ");
            UsageError::Message(format!("`--reason {name}` is none of the reasons: {known}, {DISCARDED}"))
        })
    });
    Ok(Selection {
        range: objects::range(&args.range)?,
        events: objects::filter(&args.events)?,
        reason: reason.transpose()?,
    })
}

/// Returns where the quarantine is.
async fn quarantine(args: &ObjectsArgs) -> anyhow::Result<Source> {
    let folder = || args.folder.as_deref().unwrap_or(Path::new(".")).display().to_string();
    objects::quarantine(args).await?.ok_or_else(|| {
        anyhow::anyhow!("there is no quarantine in {}: no folder there has `rejected/v1` or `aws/lambda`", folder())
    })
}
