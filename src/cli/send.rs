//! Arguments of `send`.

use std::path::PathBuf;

use clap::Args;

use super::StackArgs;
use super::mapping::MappingArgs;

pub(super) const EXAMPLES: &str = "\
Examples:
  pipegen send --check events.jsonl
  pipegen send --env staging events.jsonl
  pipegen send --checkpoint position --rejects rejects.jsonl events.jsonl more.jsonl.gz
  cat events.jsonl | pipegen send --endpoint http://127.0.0.1:8080 -
  pipegen send --check --supplier acme --sku-column SKU --quantity-column Stock stock.csv
  pipegen send --env staging --csv stock.toml stock.csv

A mapping file has the flags of \"Tables\" as keys:
  supplier = \"acme\"
  sku-column = \"SKU\"
  quantity-column = \"Stock\"
  price-column = \"Regular price\"
  currency = \"GBP\"

Every event is checked as the pipeline will check it; what is refused is listed and never sent. Sending a file \
twice does no harm: events with the same id count once.

Exit code: 0 everything was good (and sent); 1 something was refused or failed; 2 the arguments, the mapping or \
a file's header must be corrected (nothing was sent); 130 after Ctrl-C.";

/// Arguments of `send`.
#[derive(Debug, Args)]
pub struct SendArgs {
    /// Files of events: JSON Lines, each line an event or an array of events, or tables (CSV) with a mapping; plain or
    /// compressed with gzip. `-` is standard input.
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub stack: StackArgs,
    /// Settings file, whose horizon and suppliers the check applies [default: `pipegen.toml` in the current folder, if it
    /// exists].
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Checks everything and sends nothing; needs no credentials.
    #[arg(long)]
    pub check: bool,
    /// Prints the records that would be sent, one a line; the summary goes to standard error.
    #[arg(long, requires = "check")]
    pub print: bool,
    /// File that gets everything that is refused, as JSON Lines.
    #[arg(long, value_name = "FILE")]
    pub rejects: Option<PathBuf>,
    /// File that keeps how far everything is on the stream; a run with an existing one continues there.
    #[arg(long, value_name = "FILE", conflicts_with = "check")]
    pub checkpoint: Option<PathBuf>,
    /// Mapping file: which column of the tables is what. The flags below say the same.
    #[arg(long, value_name = "MAPPING")]
    pub csv: Option<PathBuf>,
    /// Prints the summary as one JSON object instead of text.
    #[arg(long, conflicts_with = "print")]
    pub json: bool,
    #[command(flatten)]
    pub mapping: MappingArgs,
}
