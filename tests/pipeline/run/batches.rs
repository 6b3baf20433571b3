//! The batches of a run, from the processor's log.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

/// A text that only a line about a batch contains.
const BATCH: &str = "\"message\":\"batch\"";

/// Returns the number of records in each acknowledged batch.
pub(crate) fn batches(log: &Path) -> Result<Vec<usize>> {
    // The file does not exist before the first line.
    let Ok(text) = fs::read_to_string(log) else { return Ok(Vec::new()) };
    // The last line may be incomplete.
    let lines = text.split_inclusive('\n').filter(|line| line.ends_with('\n') && line.contains(BATCH));
    let records = lines.map(|line| {
        let line: Value = serde_json::from_str(line)?;
        Ok(usize::try_from(line["records"].as_u64().context("a batch line has no records")?)?)
    });
    records.collect()
}
