//! The command line: subcommands, arguments and their help.

mod archive;
mod mapping;
mod probe;
mod rebuild;
mod rejected;
mod send;

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::aws;

pub use mapping::MappingArgs;
pub use send::SendArgs;

pub use archive::{
    ArchiveCommand, ArchiveGetArgs, ArchiveListArgs, ArchiveReplayArgs, ArchiveVerifyArgs, EventArgs, ObjectsArgs,
    RangeArgs, TargetArgs,
};
pub use probe::ProbeArgs;
pub use rebuild::RebuildArgs;
pub use rejected::{RejectedCommand, RejectedListArgs, RejectedRedriveArgs, RejectedShowArgs, SelectionArgs};

const EXAMPLES: &str = "\
Examples:
  pipegen render --env staging     writes Terraform JSON and the Lambda zip to tf-out/staging
  pipegen cost --env staging       estimates what that costs a month
  pipegen diagram --env staging    draws it
  pipegen local                    runs a sample of records through the pipeline on this machine
  pipegen send --check events.jsonl          checks a supplier's events
  pipegen archive list --env staging         lists what a stack has archived
  pipegen rejected list --env staging        counts what it has rejected, by reason
  pipegen probe --env staging                tries whether all of it works";

const RENDER_EXAMPLES: &str = "\
Examples:
  pipegen render --env staging
  pipegen render --env production --config platform.toml --bootstrap target/bootstrap/bootstrap
  pipegen render --env staging --json | jq -r .next

A settings file (every key is optional):
  [defaults]
  peak_updates_per_minute = 1000

  [environments.production]
  preset = \"production\"

Exit code: 0 rendered; 1 failed; 2 the arguments, the settings file or the bootstrap must be corrected (nothing was written).";

const COST_EXAMPLES: &str = "\
Examples:
  pipegen cost --env staging
  pipegen cost --env production --config platform.toml
  pipegen cost --env staging --json | jq .total

The estimate is an upper bound: it assumes `peak_updates_per_minute` in every minute of the month, and a full archive.";

const DIAGRAM_EXAMPLES: &str = "\
Examples:
  pipegen diagram --env staging
  (echo '```mermaid'; pipegen diagram --env staging; echo '```') >> stack.md

The output is a Mermaid flowchart, which GitHub, GitLab and many editors display.";

const LOCAL_EXAMPLES: &str = "\
Examples:
  pipegen local                                      plays a sample through the stack of staging
  pipegen local --env production --records records.jsonl --export products.jsonl
  pipegen local --serve --port 8080                  stays up; open http://127.0.0.1:8080
  pipegen local --records records.jsonl --rate 500 --fault postgresql@2s+5s

What runs is what `pipegen render` writes for the environment: memory, timeouts, variables, event source mappings, schedules. This \
machine has its own endpoints, ARNs and certificates, and waits between retries are shorter than Lambda's.";

const SCHEMA_EXAMPLES: &str = "\
Examples:
  pipegen schema > record.schema.json
  pipegen schema --type stock.counted.v1
  pipegen schema --format xregistry > inventory.xreg.json

The catalog entry follows xRegistry 1.0-rc4: the stream as an endpoint, each event type as a message with its schema.";

/// Renders the inventory pipeline as Terraform JSON, packages its Lambda, and runs it on one machine.
#[derive(Debug, Parser)]
#[command(name = "pipegen", version, propagate_version = true, after_help = EXAMPLES)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Writes the Terraform JSON and the Lambda zip of one environment.
    #[command(after_help = RENDER_EXAMPLES)]
    Render(RenderArgs),
    /// Estimates what one environment costs a month, line by line.
    #[command(after_help = COST_EXAMPLES)]
    Cost(CostArgs),
    /// Draws the stack of one environment as a Mermaid flowchart.
    #[command(after_help = DIAGRAM_EXAMPLES)]
    Diagram(DiagramArgs),
    /// Runs an environment's stack on this machine, with PostgreSQL, Redis and the same bootstrap as on Lambda.
    #[command(after_help = LOCAL_EXAMPLES)]
    Local(Box<LocalArgs>),
    /// Checks suppliers' events in files and puts them on an environment's stream.
    #[command(after_help = send::EXAMPLES)]
    Send(Box<SendArgs>),
    /// Prints the JSON Schema of the events that suppliers send, or an entry for an event catalog.
    #[command(after_help = SCHEMA_EXAMPLES)]
    Schema(SchemaArgs),
    /// Finds, prints, verifies and replays what the archive holds.
    #[command(subcommand)]
    Archive(ArchiveCommand),
    /// Counts, prints and sends again what was rejected or discarded.
    #[command(subcommand)]
    Rejected(RejectedCommand),
    /// Fills an empty catalog from the archive, and compares it with another one.
    #[command(after_help = rebuild::EXAMPLES)]
    Rebuild(RebuildArgs),
    /// Sends events through a deployed stack and watches them come out: what is denied, missing or late?
    #[command(after_help = probe::PROBE_EXAMPLES)]
    Probe(ProbeArgs),
    /// Prints the completion script for a shell.
    Completions(CompletionsArgs),
    /// Prints the man page.
    Man,
}

/// Arguments of every command that is about one environment.
#[derive(Debug, Args)]
pub struct EnvironmentArgs {
    /// Name of the environment, such as `staging`; the names of all its resources end with it.
    #[arg(long, value_name = "NAME")]
    pub env: String,
    /// Settings file [default: `pipegen.toml` in the current folder, if it exists].
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Arguments of every command that reaches a deployed stack.
#[derive(Debug, Args)]
pub struct StackArgs {
    /// Name of the environment whose stack is reached.
    #[arg(long, value_name = "NAME", default_value = "staging")]
    pub env: String,
    /// Endpoint of every AWS service, such as the one that `pipegen local --serve` prints [default: AWS' own].
    #[arg(long, value_name = "URL", value_parser = endpoint)]
    pub endpoint: Option<String>,
}

/// Checks what was typed for an endpoint.
fn endpoint(text: &str) -> Result<String, String> {
    aws::check_endpoint(text).map(|()| text.to_owned())
}

/// Arguments of `render`.
#[derive(Debug, Args)]
pub struct RenderArgs {
    #[command(flatten)]
    pub environment: EnvironmentArgs,
    /// Folder in which the environment's own folder is written.
    #[arg(long, value_name = "DIR", default_value = "tf-out")]
    pub out: PathBuf,
    /// Bootstrap that was built before [default: it is built now].
    #[arg(long, value_name = "FILE")]
    pub bootstrap: Option<PathBuf>,
    /// Prints the summary as one JSON object instead of text.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `cost`.
#[derive(Debug, Args)]
pub struct CostArgs {
    #[command(flatten)]
    pub environment: EnvironmentArgs,
    /// Prints the estimate as one JSON object instead of a table.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `diagram`.
#[derive(Debug, Args)]
pub struct DiagramArgs {
    #[command(flatten)]
    pub environment: EnvironmentArgs,
}

/// Arguments of `local`.
#[derive(Debug, Args)]
pub struct LocalArgs {
    /// Environment whose stack is run, as `render` writes it.
    #[arg(long, value_name = "NAME", default_value = "staging")]
    pub env: String,
    /// Settings file [default: `pipegen.toml` in the current folder, if it exists].
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// File of records to put on the stream, one JSON object a line: records, lines of the archive or the quarantine,
    /// or bare events. `-` is standard input [default: a sample that is part of pipegen].
    #[arg(long, value_name = "FILE")]
    pub records: Option<PathBuf>,
    /// Bootstrap that was built before [default: it is built now].
    #[arg(long, value_name = "FILE")]
    pub bootstrap: Option<PathBuf>,
    /// PostgreSQL to use, with an administrator's login: `postgres://user:password@host/database` [default: one that is
    /// started and thrown away].
    #[arg(long, value_name = "URL")]
    pub database_url: Option<String>,
    /// Redis to use: `redis://host:port` or `rediss://…` [default: one that is started and thrown away].
    #[arg(long, value_name = "URL")]
    pub cache_url: Option<String>,
    /// Folder that keeps the database, the objects and the logs; the next run with it continues there [default: nothing
    /// is kept].
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// File that gets every product view at the end, as JSON Lines sorted by SKU; `-` is standard output.
    #[arg(long, value_name = "FILE")]
    pub export: Option<PathBuf>,
    /// Port on this machine at which the catalog can be read [default: any that is free].
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub catalog_port: Option<u16>,
    /// Port on this machine for events over HTTPS as suppliers send them, signed, with `--serve` or `--applied` [default:
    /// any that is free].
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub ingest_port: Option<u16>,
    /// Seconds between two rotations of the passwords of all database logins during the run [default: none is rotated].
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    pub rotate_every: Option<u32>,
    /// Keeps servers and functions running until Ctrl-C, with the stream open: one port takes events over HTTP and
    /// serves the catalog, a page for the browser, and Kinesis, S3 and STS for AWS' tools; another one is the URL of
    /// `ingest`.
    #[arg(long)]
    pub serve: bool,
    /// Port on this machine for `--serve` [default: any that is free].
    #[arg(long, value_name = "PORT", requires = "serve", value_parser = clap::value_parser!(u16).range(1..))]
    pub port: Option<u16>,
    /// Begins with an empty catalog instead of the sample: all records come over HTTP.
    #[arg(long, requires = "serve", conflicts_with = "records")]
    pub no_records: bool,
    /// Batches of one shard that are processed at the same time, 1 to 10; the summary names it as an override [default:
    /// as the stack says].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=10))]
    pub parallelization: Option<u8>,
    /// Records of the file a second, evenly [default: as many as are taken].
    #[arg(long, value_name = "N", conflicts_with = "no_records")]
    pub rate: Option<NonZeroU32>,
    /// Fault on purpose, TARGET@AFTER+DURATION such as `redis@10s+5s`: `redis` or `postgresql` is stopped and started
    /// again, `s3` refuses or delays what the functions store, the processes of the `functions` are killed every two
    /// seconds, or are `idle`: none is invoked. Or TARGET@AFTER: `redeliver` loses the checkpoints, so that what was
    /// acknowledged last comes again; `reshard` splits or merges shards (with `--serve`). May be there several times.
    #[arg(long, value_name = "FAULT")]
    pub fault: Vec<String>,
    /// Seconds for which the archiver collects records before it writes an object, 0 to 300; the summary names it as an
    /// override [default: as the stack says].
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(..=300))]
    pub archive_window: Option<u32>,
    /// Seconds between two runs of `maintain`; the summary names it as an override [default: as the stack says].
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    pub maintain_every: Option<u32>,
    /// Rendered folder that Terraform has applied to an emulated AWS account on this machine: runs what its state
    /// holds, until Ctrl-C. The AWS environment variables (`AWS_ENDPOINT_URL` and the credentials) name the emulator.
    #[arg(long, value_name = "DIR", conflicts_with_all = APPLIED_BRINGS_ITS_OWN)]
    pub applied: Option<PathBuf>,
    /// PEM file of the certificate authority that the functions trust for PostgreSQL and Redis [default: the public
    /// authorities].
    #[arg(long, value_name = "FILE", requires = "applied")]
    pub authority: Option<PathBuf>,
    /// Seconds without a new record on the stream after which the run ends, once all records are processed [default: it
    /// runs until Ctrl-C].
    #[arg(long, value_name = "SECONDS", requires = "applied", value_parser = clap::value_parser!(u32).range(1..))]
    pub until_idle: Option<u32>,
    /// Prints the summary as one JSON object instead of text.
    #[arg(long)]
    pub json: bool,
}

/// Flags that `--applied` excludes: the applied stack already decides about these.
const APPLIED_BRINGS_ITS_OWN: [&str; 17] = [
    "env",
    "config",
    "records",
    "bootstrap",
    "database_url",
    "cache_url",
    "data",
    "export",
    "rotate_every",
    "serve",
    "port",
    "no_records",
    "parallelization",
    "archive_window",
    "maintain_every",
    "rate",
    "fault",
];

/// Arguments of `schema`.
#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// Event type, such as `stock.counted.v1`: prints the schema of an event of this type [default: the schema of a
    /// record, which is an event of any type or an array of events].
    #[arg(long = "type", value_name = "TYPE")]
    pub event_type: Option<String>,
    /// Form of the output.
    #[arg(long, value_enum, default_value_t)]
    pub format: SchemaFormat,
}

/// Forms of `schema`'s output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum SchemaFormat {
    /// JSON Schema, draft 2020-12.
    #[default]
    JsonSchema,
    /// The document format of xRegistry, for event catalogs; it has every type.
    Xregistry,
}

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// Shell to complete in.
    pub shell: clap_complete::Shell,
}
