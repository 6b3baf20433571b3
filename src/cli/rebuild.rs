//! Arguments of `rebuild`.

use std::path::PathBuf;

use clap::Args;

use super::StackArgs;
use super::archive::RangeArgs;

pub(super) const EXAMPLES: &str = "\
Examples:
  pipegen rebuild --env staging --database-url postgres://localhost/rebuilt
  pipegen rebuild --database-url postgres://localhost/rebuilt --compare postgres://db/inventory

A run that does not reach its end leaves a part of the catalog, marked as that: the same command removes it and begins anew. Events are judged by their original arrival, with the environment's `horizon_days` and `suppliers` of today. A catalog that events reach \
meanwhile is ahead of its archive by some minutes, so compare with a copy of it.

Exit code: 0 rebuilt, and equal; 1 the catalogs differ, or it failed; 2 the arguments or the settings must be corrected.";

/// Arguments of `rebuild`.
#[derive(Debug, Args)]
pub struct RebuildArgs {
    #[command(flatten)]
    pub stack: StackArgs,
    /// Settings file [default: `pipegen.toml` in the current folder, if it exists].
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Folder to read instead of the stack's bucket: a copy of it (`aws s3 sync`), or what `pipegen local --data` keeps.
    #[arg(long, value_name = "DIR", conflicts_with = "endpoint")]
    pub folder: Option<PathBuf>,
    #[command(flatten)]
    pub range: RangeArgs,
    /// Empty PostgreSQL database in which the catalog is rebuilt: `postgres://user:password@host/database`, with the
    /// right to create roles.
    #[arg(long, value_name = "URL")]
    pub database_url: String,
    /// Database with another catalog, which the rebuilt one is compared with; it is only read.
    #[arg(long, value_name = "URL")]
    pub compare: Option<String>,
    /// Prints the result as one JSON object.
    #[arg(long)]
    pub json: bool,
}
