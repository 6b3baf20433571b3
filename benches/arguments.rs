//! The command line.

use std::path::PathBuf;

use clap::Parser;

use crate::benchmarks;

/// Measures the pipeline beside references.
#[derive(Debug, Parser)]
#[command(name = "scripts/bench", after_help = benchmarks::help())]
pub(crate) struct Arguments {
    /// The benchmarks to run [default: all]
    pub(crate) benchmarks: Vec<String>,

    /// The folder for results.json and the plots [default: target/bench/TIME]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,

    /// A file of stream records [default: `PIPEGEN_RECORDS`, or the sample that ships, repeated with other ids and
    /// times]
    #[arg(long, value_name = "FILE")]
    pub(crate) records: Option<PathBuf>,

    /// A built bootstrap [default: `PIPEGEN_BOOTSTRAP`, or built as it is deployed]
    #[arg(long, value_name = "PATH")]
    pub(crate) bootstrap: Option<PathBuf>,

    /// The number of rounds, in each of which everything is measured in turn
    #[arg(long, value_name = "NUMBER", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) rounds: u16,

    /// The minutes for which `load` holds each rate
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1440))]
    pub(crate) minutes: u16,

    /// Runs everything once on tiny inputs: shows that the benchmarks work, and judges no target
    #[arg(long)]
    pub(crate) quick: bool,

    /// Measures growth up to ten million products and a full ledger: some GB of disk and half an hour
    #[arg(long, conflicts_with = "quick")]
    pub(crate) full: bool,

    /// Another build to run beside this one: a folder with a checkout that was built, or a commit
    #[arg(long, value_name = "FOLDER_OR_COMMIT")]
    pub(crate) compare: Option<String>,

    /// The flag that `cargo bench` adds
    #[arg(long, hide = true)]
    bench: bool,
}
