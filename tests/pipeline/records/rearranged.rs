//! The same records in another order, more than once, over more shards.

use anyhow::Result;
use serde_json::Value;

use super::random::{Random, hash};

/// The number of records between a copy and its original in [`interleaved`].
const COPY_DISTANCE: usize = 701;

/// Shuffles the records, so that arrival times and sequence numbers are in no order.
pub(crate) fn shuffled(lines: &[String]) -> Vec<String> {
    let mut random = Random(2011);
    let mut lines = lines.to_vec();
    for i in (1..lines.len()).rev() {
        lines.swap(i, random.below(i + 1));
    }
    lines
}

/// Repeats all records with the same sequence numbers: a replay.
pub(crate) fn repeated(lines: &[String]) -> Vec<String> {
    [lines, lines].concat()
}

/// Adds a copy after each record, with a sequence number of its own: a producer that retries.
pub(crate) fn interleaved(lines: &[String]) -> Result<Vec<String>> {
    let mut both = Vec::with_capacity(2 * lines.len());
    for at in 0..lines.len() + COPY_DISTANCE {
        if let Some(original) = lines.get(at) {
            both.push(renumbered(original, '0')?);
        }
        if let Some(copied) = at.checked_sub(COPY_DISTANCE).and_then(|at| lines.get(at)) {
            both.push(renumbered(copied, '1')?);
        }
    }
    Ok(both)
}

/// Spreads the records over this many shards, by partition key.
pub(crate) fn spread(lines: &[String], shards: u64) -> Result<Vec<String>> {
    let to_shard = |line: &Value| {
        let shard = line["partition_key"].as_str().map_or(0, |key| hash(key) % shards);
        ("shard", format!("shardId-{shard:012}"))
    };
    lines.iter().map(|line| edited(line, to_shard)).collect()
}

/// Appends a digit to the sequence number.
fn renumbered(line: &str, digit: char) -> Result<String> {
    edited(line, |line| ("sequence_number", format!("{}{digit}", line["sequence_number"].as_str().unwrap_or_default())))
}

/// Replaces the value of one field.
fn edited(line: &str, edit: impl Fn(&Value) -> (&'static str, String)) -> Result<String> {
    let mut line: Value = serde_json::from_str(line)?;
    let (field, value) = edit(&line);
    line[field] = value.into();
    Ok(line.to_string())
}
