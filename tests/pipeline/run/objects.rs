//! The objects in a bucket of a run: compressed lines about records, by hour of arrival and shard.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::MultiGzDecoder;
use serde_json::{Map, Value};

use crate::model::time;

/// A line of an object.
pub(crate) struct ObjectLine {
    pub(crate) shard: String,
    pub(crate) sequence_number: String,
    /// Microseconds since the epoch.
    pub(crate) arrived_at: i64,
    pub(crate) event: Vec<u8>,
    /// All fields, including these.
    pub(crate) fields: Map<String, Value>,
}

/// Reads every line in a bucket; fails on objects with another prefix or a malformed key.
pub(crate) fn lines(bucket: &Path, prefix: &str) -> Result<Vec<ObjectLine>> {
    let mut lines = Vec::new();
    for path in files(bucket)? {
        let key = path.strip_prefix(bucket)?.to_str().context("a key is text")?;
        read_object(key, prefix, &path, &mut lines).with_context(|| format!("in the object {key}"))?;
    }
    Ok(lines)
}

impl ObjectLine {
    /// Returns a text field.
    pub(crate) fn text(&self, name: &str) -> Result<&str> {
        text(&self.fields, name).with_context(|| format!("no {name}"))
    }
}

fn read_object(key: &str, prefix: &str, path: &Path, lines: &mut Vec<ObjectLine>) -> Result<()> {
    let (hour, shard) = parse_key(key, prefix)?;
    let mut text = String::new();
    MultiGzDecoder::new(File::open(path)?).read_to_string(&mut text)?;
    ensure!(text.ends_with('\n'), "the last line has no end");
    for line in text.lines() {
        let read = read_line(line, hour).with_context(|| format!("in the line {line}"))?;
        ensure!(read.shard == shard, "{} in an object of {shard}", read.shard);
        lines.push(read);
    }
    Ok(())
}

/// Parses `{prefix}YYYY/MM/DD/HH/{shard}/{first}-{last}-{hash}.jsonl.gz` into the hour and the shard.
fn parse_key<'a>(key: &'a str, prefix: &str) -> Result<(&'a str, &'a str)> {
    let rest = key.strip_prefix(prefix).with_context(|| format!("it is not below {prefix}"))?;
    let (hour, rest) = rest.split_at_checked("YYYY/MM/DD/HH".len()).context("no hour")?;
    let (shard, name) = rest.strip_prefix('/').and_then(|rest| rest.split_once('/')).context("no shard")?;
    let parts: Vec<&str> = name.strip_suffix(".jsonl.gz").context("no .jsonl.gz")?.split('-').collect();
    let [first, last, hash] = parts[..] else { anyhow::bail!("no first, last and hash") };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_hex = hash.len() == 8 && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    ensure!(digits(first) && digits(last) && is_hex, "first, last or hash is malformed");
    Ok((hour, shard))
}

fn read_line(line: &str, hour: &str) -> Result<ObjectLine> {
    let fields: Map<String, Value> = serde_json::from_str(line)?;
    let required = |name: &str| text(&fields, name).with_context(|| format!("no {name}"));
    let event = match (text(&fields, "event"), text(&fields, "event_base64")) {
        (Some(event), None) => event.as_bytes().to_vec(),
        (None, Some(event)) => STANDARD.decode(event)?,
        _ => anyhow::bail!("not one of event and event_base64"),
    };
    ensure!(fields.contains_key("event") && fields.contains_key("event_base64"), "not both fields are there");
    ensure!(text(&fields, "event").is_some() || str::from_utf8(&event).is_err(), "event_base64 for what is UTF-8");
    let arrived_at = required("arrived_at")?;
    let arrival_hour = arrived_at.replacen(['-', 'T'], "/", 3);
    ensure!(arrival_hour.starts_with(hour), "arrived at {arrived_at}, in an object of {hour}");
    let (shard, sequence_number) = (required("shard")?.to_owned(), required("sequence_number")?.to_owned());
    let arrived_at = time::parse(arrived_at).context("arrived_at is not RFC 3339")?;
    Ok(ObjectLine { shard, sequence_number, arrived_at, event, fields })
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    fields.get(name).and_then(Value::as_str)
}

/// Returns every file below a folder.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))? {
        let child = entry?.path();
        if child.is_dir() {
            files.extend(self::files(&child)?);
        } else {
            files.push(child);
        }
    }
    Ok(files)
}
