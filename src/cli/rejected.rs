//! Arguments of `rejected` and its subcommands.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::archive::{EventArgs, ObjectsArgs, RangeArgs, TargetArgs};

const LIST_EXAMPLES: &str = "\
Examples:
  pipegen rejected list --env staging --from 1d
  pipegen rejected list --folder DIR --supplier acme --json | jq -r .detail";

const SHOW_EXAMPLES: &str = "\
Examples:
  pipegen rejected show --env staging --from 2h --reason invalid_data
  pipegen rejected show --folder DIR --sku 85123A | pipegen local --records -

A line of the quarantine each: reason, detail, the record's place on the stream, and the event. Records of batches that Lambda discarded \
have the reason `discarded`; nobody has rejected them, they were never processed.";

const REDRIVE_EXAMPLES: &str = "\
Examples:
  pipegen rejected redrive --env staging --reason unknown_supplier --supplier acme --dry-run
  pipegen rejected show --folder DIR --reason invalid_data > events.jsonl    # mend it, then
  pipegen rejected redrive --edited events.jsonl --to-env staging --endpoint http://127.0.0.1:8080

Events arrive anew and are judged by that: raise `horizon_days` first if they have become too old. An event that pipegen itself can see \
would be rejected again is left out and named. What the stack has applied already changes nothing. Nothing is deleted.

Exit code: 0 everything was put; 1 something was left out, or it failed; 2 the arguments must be corrected.";

/// Subcommands of `rejected`.
#[derive(Debug, Subcommand)]
pub enum RejectedCommand {
    /// Counts what was rejected, by reason and detail.
    #[command(after_help = LIST_EXAMPLES)]
    List(RejectedListArgs),
    /// Prints rejected events in full.
    #[command(after_help = SHOW_EXAMPLES)]
    Show(RejectedShowArgs),
    /// Puts rejected events on a stream again, as they are or mended.
    #[command(after_help = REDRIVE_EXAMPLES)]
    Redrive(RejectedRedriveArgs),
}

/// The rejections that are meant.
#[derive(Debug, Args)]
pub struct SelectionArgs {
    #[command(flatten)]
    pub range: RangeArgs,
    #[command(flatten)]
    pub events: EventArgs,
    /// Reason for the rejection, such as `invalid_data`; `discarded` for batches that Lambda gave up.
    #[arg(long, value_name = "REASON")]
    pub reason: Option<String>,
}

/// Arguments of `rejected list`.
#[derive(Debug, Args)]
pub struct RejectedListArgs {
    #[command(flatten)]
    pub objects: ObjectsArgs,
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// Prints JSON Lines instead of a table.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `rejected show`.
#[derive(Debug, Args)]
pub struct RejectedShowArgs {
    #[command(flatten)]
    pub objects: ObjectsArgs,
    #[command(flatten)]
    pub selection: SelectionArgs,
}

/// Arguments of `rejected redrive`.
#[derive(Debug, Args)]
pub struct RejectedRedriveArgs {
    #[command(flatten)]
    pub objects: ObjectsArgs,
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// File with the events to put, instead of those in the quarantine: lines that `rejected show` printed, mended, or an
    /// event on each line. `-` is standard input.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["folder", "from", "to", "supplier", "sku", "event_type", "reason"])]
    pub edited: Option<PathBuf>,
    #[command(flatten)]
    pub target: TargetArgs,
    /// Prints what would be put, and puts nothing.
    #[arg(long)]
    pub dry_run: bool,
}
