//! The results as a table on the terminal, and as JSON and plots in a folder.
//!
//! - [`table`]: a benchmark as a table
//! - [`plot`]: a benchmark's plot as SVG

mod plot;
mod table;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use chrono::Utc;
use pipegen::printer;

use crate::results::{Benchmark, Results};

/// The outputs: the terminal, and the folder of the results.
pub(crate) struct Report {
    folder: PathBuf,
}

impl Report {
    /// Makes the folder, by default one named after the time.
    pub(crate) fn begin(folder: Option<&Path>) -> Result<Self> {
        let folder = folder.map_or_else(
            || target_folder().join("bench").join(Utc::now().format("%Y-%m-%dT%H-%M-%SZ").to_string()),
            Path::to_owned,
        );
        fs::create_dir_all(&folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
        Ok(Self { folder })
    }

    /// Prints the table of a benchmark.
    #[expect(clippy::unused_self, reason = "a report has begun: what it prints goes with its files")]
    pub(crate) fn table(&self, benchmark: &Benchmark) -> Result<()> {
        Ok(printer::data(&table::text(benchmark))?)
    }

    /// Writes all results so far, and the plot of the last one.
    pub(crate) fn files(&self, results: &Results) -> Result<()> {
        let json = serde_json::to_string_pretty(results)?;
        fs::write(self.folder.join("results.json"), json + "\n").context("cannot write results.json")?;
        if let Some(benchmark) = results.benchmarks.last() {
            let file = self.folder.join(format!("{}.svg", benchmark.name));
            plot::write(&file, benchmark).with_context(|| format!("cannot write {}", file.display()))?;
        }
        Ok(())
    }

    pub(crate) fn end(&self) -> Result<()> {
        Ok(printer::data(&format!("results.json and the plots are in {}", self.folder.display()))?)
    }
}

/// Returns Cargo's target folder: the benchmarks' own executable is in `PROFILE/deps` below it.
pub(crate) fn target_folder() -> PathBuf {
    let executable = std::env::current_exe().unwrap_or_default();
    executable.ancestors().nth(3).map_or_else(|| "target".into(), Path::to_owned)
}
