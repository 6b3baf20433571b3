//! The batches of a run, by what the processor says of them.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

/// What a line about a batch holds.
const BATCH: &str = "\"message\":\"batch\"";

/// How many records each acknowledged batch held, by the processor's log.
pub(crate) fn batches(log: &Path) -> Result<Vec<usize>> {
    // It is not there before the first line.
    let Ok(text) = fs::read_to_string(log) else { return Ok(Vec::new()) };
    // The last line may not be whole yet.
    let lines = text.split_inclusive('\n').filter(|line| line.ends_with('\n') && line.contains(BATCH));
    let records = lines.map(|line| {
        let line: Value = serde_json::from_str(line)?;
        Ok(usize::try_from(line["records"].as_u64().context("a batch line has no records")?)?)
    });
    records.collect()
}
