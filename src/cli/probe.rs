//! Arguments of `probe`.

use clap::Args;

use super::StackArgs;

pub(super) const PROBE_EXAMPLES: &str = "\
Examples:
  pipegen probe --env staging
  pipegen probe --env staging --json | jq '.hops[] | select(.outcome != \"passed\")'
  pipegen probe --env staging --endpoint http://127.0.0.1:8080

It puts two records of the supplier `pipegen-probe` on the stream: one that describes and counts a product of its own, one that must be \
rejected. It needs the rights to put records, to read both buckets, and to read the catalog (`readers`). `maintain` removes the product \
from the catalog ten minutes later; the records stay in archive and quarantine, as all records do.

Exit code: 0 everything came out; 1 something did not, or could not be looked at; 2 the arguments must be corrected.";

/// Arguments of `probe`.
#[derive(Debug, Args)]
pub struct ProbeArgs {
    #[command(flatten)]
    pub stack: StackArgs,
    /// Address of the catalog, as in `terraform output catalog_url` [default: Lambda is asked].
    #[arg(long, value_name = "URL")]
    pub catalog_url: Option<String>,
    /// Seconds that are waited for everything to come out; the archiver collects records for 300.
    #[arg(long, value_name = "SECONDS", default_value_t = 420, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub timeout: u32,
    /// Prints the result as one JSON object at the end, instead of a line for each hop.
    #[arg(long)]
    pub json: bool,
}
