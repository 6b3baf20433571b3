//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// What to try first.
const EXAMPLES: &str = "\
Examples:
  pipegen render --env staging     writes tf-out/staging, for Terraform
  pipegen cost --env staging       says what that costs a month
  pipegen diagram --env staging    draws it
  pipegen local                    plays a sample through the pipeline, here";

const RENDER_EXAMPLES: &str = "\
Examples:
  pipegen render --env staging
  pipegen render --env production --config platform.toml --bootstrap target/bootstrap/bootstrap
  pipegen render --env staging --json | jq -r .next

A settings file, all of it optional:
  [defaults]
  peak_updates_per_minute = 1000

  [environments.production]
  preset = \"production\"

Exit code: 0 rendered, 1 failed, 2 something to mend in what was typed, set or named (nothing was written).";

const COST_EXAMPLES: &str = "\
Examples:
  pipegen cost --env staging
  pipegen cost --env production --config platform.toml
  pipegen cost --env staging --json | jq .total

The estimate is a ceiling: every minute is taken for the busiest one (`peak_updates_per_minute`), and the archive for full.";

const DIAGRAM_EXAMPLES: &str = "\
Examples:
  pipegen diagram --env staging
  (echo '```mermaid'; pipegen diagram --env staging; echo '```') >> stack.md

The picture is a Mermaid flowchart, which GitHub, GitLab and many editors draw.";

/// Renders the inventory pipeline as Terraform JSON, packages its Lambda, and runs it on one machine.
#[derive(Debug, Parser)]
#[command(name = "pipegen", version, propagate_version = true, after_help = EXAMPLES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Writes the Terraform JSON and the Lambda zip of one environment.
    #[command(after_help = RENDER_EXAMPLES)]
    Render(RenderArgs),
    /// Says what one environment costs a month, line by line.
    #[command(after_help = COST_EXAMPLES)]
    Cost(CostArgs),
    /// Draws the stack of one environment as a Mermaid flowchart.
    #[command(after_help = DIAGRAM_EXAMPLES)]
    Diagram(DiagramArgs),
    /// Runs the pipeline on this machine: real PostgreSQL, real Redis, the real bootstrap.
    Local(LocalArgs),
    /// Prints completions for a shell.
    Completions(CompletionsArgs),
    /// Prints the man page.
    Man,
}

/// What every command takes that is about one environment.
#[derive(Debug, Args)]
pub struct EnvironmentArgs {
    /// The environment, the suffix of every name.
    #[arg(long, value_name = "NAME")]
    pub env: String,
    /// The settings file; without one, `pipegen.toml` in this folder if there is one.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// What `render` takes.
#[derive(Debug, Args)]
pub struct RenderArgs {
    /// The environment.
    #[command(flatten)]
    pub environment: EnvironmentArgs,
    /// Where the environment's folder is written.
    #[arg(long, value_name = "DIR", default_value = "tf-out")]
    pub out: PathBuf,
    /// A built bootstrap; without one it is built.
    #[arg(long, value_name = "PATH")]
    pub bootstrap: Option<PathBuf>,
    /// Prints the summary as one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// What `cost` takes.
#[derive(Debug, Args)]
pub struct CostArgs {
    /// The environment.
    #[command(flatten)]
    pub environment: EnvironmentArgs,
    /// Prints the estimate as one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// What `diagram` takes.
#[derive(Debug, Args)]
pub struct DiagramArgs {
    /// The environment.
    #[command(flatten)]
    pub environment: EnvironmentArgs,
}

/// What `local` takes.
#[derive(Debug, Args)]
pub struct LocalArgs {
    /// The records to play, one JSON object a line (`-` is standard input): records, lines of the archive or the quarantine, or events;
    /// without one, the sample that ships.
    #[arg(long, value_name = "FILE")]
    pub records: Option<PathBuf>,
    /// A built bootstrap; without one it is built.
    #[arg(long, value_name = "PATH")]
    pub bootstrap: Option<PathBuf>,
    /// PostgreSQL to use (an administrator's URL) instead of a throwaway one.
    #[arg(long, value_name = "URL")]
    pub database_url: Option<String>,
    /// Redis to use instead of a throwaway one.
    #[arg(long, value_name = "URL")]
    pub cache_url: Option<String>,
    /// Keeps databases and objects in this folder.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Writes every product view as JSON Lines, sorted by SKU.
    #[arg(long, value_name = "FILE")]
    pub export: Option<PathBuf>,
    /// Port of the catalog on this machine; without one, any free one.
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub catalog_port: Option<u16>,
    /// Rotates every login to the database so often during the run.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    pub rotate_every: Option<u32>,
    /// Keeps everything up after the last record, until Ctrl-C: the catalog is there to be asked.
    #[arg(long)]
    pub serve: bool,
    /// Batches of one shard that are processed at the same time, 1 to 10.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=10))]
    pub parallelization: u8,
    /// Runs what Terraform has applied in this folder to an emulated AWS on this machine, which the AWS variables of the
    /// environment name, until Ctrl-C.
    #[arg(long, value_name = "DIR", conflicts_with_all = APPLIED_BRINGS_ITS_OWN)]
    pub applied: Option<PathBuf>,
    /// A PEM file with the authority behind the servers' certificates, instead of the public ones.
    #[arg(long, value_name = "FILE", requires = "applied")]
    pub authority: Option<PathBuf>,
    /// Ends when there was nothing new on the stream for so long and everything is done.
    #[arg(long, value_name = "SECONDS", requires = "applied", value_parser = clap::value_parser!(u32).range(1..))]
    pub until_idle: Option<u32>,
    /// Prints what happened as one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// What an applied stack has by itself.
const APPLIED_BRINGS_ITS_OWN: [&str; 9] =
    ["records", "bootstrap", "database_url", "cache_url", "data", "export", "rotate_every", "serve", "parallelization"];

/// What `completions` takes.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell.
    pub shell: clap_complete::Shell,
}
