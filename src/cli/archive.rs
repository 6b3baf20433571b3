//! Arguments of `archive` and its subcommands.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::StackArgs;

const LIST_EXAMPLES: &str = "\
Examples:
  pipegen archive list --env staging --from 2h
  pipegen archive list --folder DIR --from 2026-11-23 --json | jq -s 'map(.bytes) | add'";

const GET_EXAMPLES: &str = "\
Examples:
  pipegen archive get --env staging --from 2h --sku 85123A --events
  pipegen archive get --folder DIR --supplier acme | pipegen local --records -

Order: by hour of arrival, then shard, then sequence number, which in a shard is the order of arrival. Each (shard, sequence number) \
comes once, although objects overlap. A record may hold several events; it is printed as a whole if one of them matches.";

const VERIFY_EXAMPLES: &str = "\
Examples:
  pipegen archive verify --env staging --from 1d
  pipegen archive verify --folder DIR --json | jq -c 'select(.problem)'

Checks of each object: the checksum that S3 keeps, the compression's own, the hash, hour, shard and sequence numbers in the key against \
the lines, and that every line has exactly the fields that it should. Then: overlapping objects say the same, and every rejected event \
in the quarantine is in the archive, byte for byte. Whole hours are verified.

Exit code: 0 all is right; 1 something is wrong, or could not be read; 2 the arguments must be corrected.";

const REPLAY_EXAMPLES: &str = "\
Examples:
  pipegen archive replay --env staging --from 3h --to 2h --to-env staging --dry-run
  pipegen archive replay --folder DIR --to-env staging --to-endpoint http://127.0.0.1:8080

Records keep their bytes and partition key, and arrive anew: events are judged by the new arrival, so those that are older than the \
stack's `horizon_days` are rejected as `too_old`. What the stack has applied already changes nothing.";

/// Subcommands of `archive`.
#[derive(Debug, Subcommand)]
pub enum ArchiveCommand {
    /// Lists the objects of a time range.
    #[command(after_help = LIST_EXAMPLES)]
    List(ArchiveListArgs),
    /// Prints records, or the events in them, by time, supplier, SKU and type.
    #[command(after_help = GET_EXAMPLES)]
    Get(ArchiveGetArgs),
    /// Verifies that the objects are whole and consistent, and hold all that was rejected.
    #[command(after_help = VERIFY_EXAMPLES)]
    Verify(ArchiveVerifyArgs),
    /// Puts records of a time range on a stream again.
    #[command(after_help = REPLAY_EXAMPLES)]
    Replay(ArchiveReplayArgs),
}

/// Arguments of every command that reads archive or quarantine.
#[derive(Debug, Args)]
pub struct ObjectsArgs {
    #[command(flatten)]
    pub stack: StackArgs,
    /// Folder to read instead of the stack's buckets: a copy of them (`aws s3 sync`), or what `pipegen local --data`
    /// keeps.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["env", "endpoint"])]
    pub folder: Option<PathBuf>,
}

/// A span of arrival times.
#[derive(Debug, Args)]
pub struct RangeArgs {
    /// First moment of arrival: a date (its beginning in UTC), an RFC 3339 time, or how long ago, such as `2h` or `3d`
    /// [default: the beginning].
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// First moment that is not included, in the same forms [default: the end].
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
}

/// The events that are meant.
#[derive(Debug, Args)]
pub struct EventArgs {
    /// Supplier whose events are meant.
    #[arg(long, value_name = "NAME")]
    pub supplier: Option<String>,
    /// SKU whose events are meant.
    #[arg(long, value_name = "SKU")]
    pub sku: Option<String>,
    /// Type of the events that are meant, such as `stock.counted` or `com.retailtech.stock.counted.v1`.
    #[arg(long = "type", value_name = "TYPE")]
    pub event_type: Option<String>,
}

/// Arguments of `archive list`.
#[derive(Debug, Args)]
pub struct ArchiveListArgs {
    #[command(flatten)]
    pub objects: ObjectsArgs,
    #[command(flatten)]
    pub range: RangeArgs,
    /// Prints JSON Lines instead of a table.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `archive get`.
#[derive(Debug, Args)]
pub struct ArchiveGetArgs {
    #[command(flatten)]
    pub objects: ObjectsArgs,
    #[command(flatten)]
    pub range: RangeArgs,
    #[command(flatten)]
    pub events: EventArgs,
    /// Prints each event that matches on a line of its own, instead of the records as they are archived.
    #[arg(long = "events")]
    pub events_only: bool,
}

/// Arguments of `archive verify`.
#[derive(Debug, Args)]
pub struct ArchiveVerifyArgs {
    #[command(flatten)]
    pub objects: ObjectsArgs,
    #[command(flatten)]
    pub range: RangeArgs,
    /// Prints each problem as one JSON object, and the counts as the last one.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `archive replay`.
#[derive(Debug, Args)]
pub struct ArchiveReplayArgs {
    #[command(flatten)]
    pub objects: ObjectsArgs,
    #[command(flatten)]
    pub range: RangeArgs,
    #[command(flatten)]
    pub events: EventArgs,
    #[command(flatten)]
    pub target: TargetArgs,
    /// Counts what would be put, and puts nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Prints the counts as one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// The stream that records are put on.
#[derive(Debug, Args)]
pub struct TargetArgs {
    /// Environment on whose stream the records are put; `rejected redrive` puts on that of --env by default what it
    /// reads from there.
    #[arg(long, value_name = "NAME")]
    pub to_env: Option<String>,
    /// Stream to put them on instead of the environment's own.
    #[arg(long, value_name = "NAME")]
    pub stream: Option<String>,
    /// Endpoint of the stream [default: that of --endpoint, or AWS' own].
    #[arg(long, value_name = "URL", value_parser = super::endpoint)]
    pub to_endpoint: Option<String>,
}
