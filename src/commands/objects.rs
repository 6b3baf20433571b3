//! The buckets or the folder that a command reads, the range and the events that it is about.

use std::path::Path;
use std::process::ExitCode;

use chrono::Utc;

use super::environment;
use super::usage_error::UsageError;
use crate::archive::bucket::Bucket;
use crate::archive::event_filter::{self, EventFilter};
use crate::archive::folder::Folder;
use crate::archive::source::Source;
use crate::archive::time_range::TimeRange;
use crate::aws::Account;
use crate::aws::put_records::StreamWriter;
use crate::cli::{EventArgs, ObjectsArgs, RangeArgs, StackArgs, TargetArgs};
use crate::session::{Ended, interruptible};

/// Returns where the archive is.
pub(super) async fn archive(args: &ObjectsArgs) -> anyhow::Result<Source> {
    archive_in(args.folder.as_deref(), &args.stack).await
}

/// Returns the archive in this folder, or in the stack's bucket.
pub(super) async fn archive_in(folder: Option<&Path>, stack: &StackArgs) -> anyhow::Result<Source> {
    if let Some(folder) = folder {
        return Ok(Source::Folder(Folder::with_archive(folder).map_err(|error| named_wrongly(&error))?));
    }
    let account = account(&stack.env, stack.endpoint.as_deref()).await?;
    Ok(Source::Bucket(Bucket::new(account.s3(), account.archive_bucket().await?)))
}

/// Returns where the quarantine is. A folder may have none.
pub(super) async fn quarantine(args: &ObjectsArgs) -> anyhow::Result<Option<Source>> {
    if let Some(folder) = &args.folder {
        return Ok(Folder::with_quarantine(folder).map_err(|error| named_wrongly(&error))?.map(Source::Folder));
    }
    let account = account(&args.stack.env, args.stack.endpoint.as_deref()).await?;
    Ok(Some(Source::Bucket(Bucket::new(account.s3(), account.quarantine_bucket().await?))))
}

/// Makes an error one about what was typed.
pub(super) fn named_wrongly(error: &anyhow::Error) -> UsageError {
    UsageError::Message(format!("{error:#}"))
}

/// Returns the account of an environment's stack.
pub(super) async fn account(environment: &str, endpoint: Option<&str>) -> anyhow::Result<Account> {
    Account::new(&environment::named(environment)?, endpoint).await
}

/// Returns the range that was typed.
pub(super) fn range(args: &RangeArgs) -> anyhow::Result<TimeRange> {
    let range = TimeRange::parse(args.from.as_deref(), args.to.as_deref(), Utc::now());
    Ok(range.map_err(|error| UsageError::Message(error.to_string()))?)
}

/// Returns the message of a command that has found nothing in the archive.
pub(super) fn nothing_archived(range: &RangeArgs) -> &'static str {
    if range.to.is_some() {
        "nothing in the archive matches"
    } else {
        "nothing in the archive matches; records of the last five minutes may not be there yet"
    }
}

/// Returns the events that were meant.
pub(super) fn filter(args: &EventArgs) -> anyhow::Result<EventFilter> {
    let event_type = args.event_type.as_deref().map(event_type_named).transpose()?;
    Ok(EventFilter { supplier: args.supplier.clone(), sku: args.sku.clone(), event_type })
}

/// Returns the event type that was typed.
pub(super) fn event_type_named(name: &str) -> Result<&'static str, UsageError> {
    event_filter::event_type_named(name).ok_or_else(|| {
        let known = pipegen_contract::event_type::ALL.map(event_filter::short_name).join(", ");
        UsageError::Message(format!("`--type {name}` is none of the types: {known}"))
    })
}

/// Runs work that a signal ends.
pub(super) fn until_signal(work: impl AsyncFnOnce() -> anyhow::Result<ExitCode>) -> anyhow::Result<ExitCode> {
    let ended = interruptible(async |signals| {
        tokio::select! {
            done = work() => Ok(Ended::Done(done?)),
            number = signals.any() => Ok(Ended::Interrupted(number)),
        }
    })?;
    match ended {
        Ended::Done(code) => Ok(code),
        // The shell's convention.
        Ended::Interrupted(number) => Ok(ExitCode::from(u8::try_from(128 + number)?)),
    }
}

/// Returns the environment that was named as the target. Nothing goes where it was only read from unless `default` says
/// so.
pub(super) fn target<'a>(target: &'a TargetArgs, default: Option<&'a str>) -> Result<&'a str, UsageError> {
    let message = "name the environment on whose stream the records are put: `--to-env NAME`";
    target.to_env.as_deref().or(default).ok_or_else(|| UsageError::Message(message.to_owned()))
}

/// Returns a writer to the stream of this environment, or to the one that was named.
pub(super) async fn writer(
    environment: &str,
    target: &TargetArgs,
    objects: &ObjectsArgs,
) -> anyhow::Result<StreamWriter> {
    let endpoint = target.to_endpoint.as_deref().or(objects.stack.endpoint.as_deref());
    let account = account(environment, endpoint).await?;
    let stream = target.stream.clone().unwrap_or_else(|| account.stream());
    Ok(StreamWriter::new(account.kinesis(), stream))
}
