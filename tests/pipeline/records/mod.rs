//! The input records: the shipped sample or the file that `PIPEGEN_RECORDS` names, variants of it, and synthetic
//! records.
//!
//! - [`event`]: an event, as a supplier sends it
//! - [`rearranged`]: the same records in another order, more than once, over more shards
//! - [`synthetic`]: generated records in which every rule of docs/ARCHITECTURE.md, "Meaning", applies often

pub(crate) mod event;
pub(crate) mod random;
pub(crate) mod rearranged;
pub(crate) mod synthetic;

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use flate2::read::MultiGzDecoder;

/// Reads the lines of the records file.
pub(crate) fn lines() -> Result<Vec<String>> {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sample.jsonl.gz");
    let path = std::env::var_os("PIPEGEN_RECORDS").map_or(sample, PathBuf::from);
    let lines = read(&path).with_context(|| format!("{} could not be read", path.display()))?;
    ensure!(!lines.is_empty(), "{} holds no record", path.display());
    Ok(lines)
}

fn read(path: &Path) -> Result<Vec<String>> {
    let file = File::open(path)?;
    let zipped = path.extension() == Some(OsStr::new("gz"));
    let bytes: Box<dyn Read> = if zipped { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    Ok(BufReader::new(bytes).lines().collect::<std::io::Result<_>>()?)
}
