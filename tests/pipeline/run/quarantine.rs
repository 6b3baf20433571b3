//! The quarantine bucket as the run left it, held against the model.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::MultiGzDecoder;
use serde_json::Value;

use crate::model::judge::Rejection;
use crate::model::time;

/// A rejection's place: shard, sequence number, index.
type Place = (String, String, u64);

/// Every rejection in the bucket, each taken once.
pub(crate) struct Quarantine(BTreeMap<Place, Found>);

/// What a line says about its event.
#[derive(Clone, Debug, PartialEq)]
struct Found {
    reason: String,
    event: Vec<u8>,
    arrived_at: i64,
}

impl Quarantine {
    /// Reads every object below the folder that holds the buckets; refuses objects under any other name.
    pub(crate) fn read(buckets: &Path) -> Result<Self> {
        let mut rejections = BTreeMap::new();
        for bucket in children(buckets)? {
            for object in files(&bucket)? {
                let key = object.strip_prefix(&bucket)?.to_str().context("a key is text")?.to_owned();
                read_object(&key, &object, &mut rejections).with_context(|| format!("in the object {key}"))?;
            }
        }
        Ok(Self(rejections))
    }

    /// Every rejection must be what the model says, and none more or less.
    pub(crate) fn check(&self, expected: &[Rejection]) {
        let expected: BTreeMap<Place, Found> =
            expected.iter().map(|rejection| (place(rejection), found(rejection))).collect();
        let places = expected.keys().chain(self.0.keys().filter(|place| !expected.contains_key(*place)));
        let differing: Vec<String> = places
            .filter(|place| expected.get(*place) != self.0.get(*place))
            .map(|place| {
                format!("{place:?}\n  expected {}\n  found    {}", text(expected.get(place)), text(self.0.get(place)))
            })
            .collect();
        let shown = differing.iter().take(10).map(String::as_str).collect::<Vec<_>>().join("\n");
        assert!(differing.is_empty(), "{} rejections differ from the model:\n{shown}", differing.len());
    }
}

fn place(rejection: &Rejection) -> Place {
    (rejection.shard.clone(), rejection.sequence_number.clone(), rejection.index)
}

fn found(rejection: &Rejection) -> Found {
    let Rejection { reason, event, arrived_at, .. } = rejection.clone();
    Found { reason: reason.to_owned(), event, arrived_at }
}

fn text(found: Option<&Found>) -> String {
    found.map_or_else(
        || "nothing".to_owned(),
        |Found { reason, event, arrived_at }| {
            let event: String = String::from_utf8_lossy(event).chars().take(300).collect();
            format!("{reason} {arrived_at} {event}")
        },
    )
}

fn read_object(key: &str, path: &Path, rejections: &mut BTreeMap<Place, Found>) -> Result<()> {
    let (hour, shard) = parse_key(key)?;
    let mut lines = String::new();
    MultiGzDecoder::new(File::open(path)?).read_to_string(&mut lines)?;
    ensure!(lines.ends_with('\n'), "the last line has no end");
    for line in lines.lines() {
        let (place, found) = read_line(line, hour).with_context(|| format!("in the line {line}"))?;
        ensure!(place.0 == shard, "{} in an object of {shard}", place.0);
        // Delivered again, a record is rejected again, and must be for the same reason.
        let first = rejections.entry(place.clone()).or_insert_with(|| found.clone());
        ensure!(*first == found, "{place:?} is there twice, and differs");
    }
    Ok(())
}

/// `rejected/v1/YYYY/MM/DD/HH/{shard}/{first}-{last}-{hash}.jsonl.gz` to the hour and the shard.
fn parse_key(key: &str) -> Result<(&str, &str)> {
    let rest = key.strip_prefix("rejected/v1/").context("the object is no rejections")?;
    let (hour, rest) = rest.split_at_checked("YYYY/MM/DD/HH".len()).context("no hour")?;
    let (shard, name) = rest.strip_prefix('/').and_then(|rest| rest.split_once('/')).context("no shard")?;
    let parts: Vec<&str> = name.strip_suffix(".jsonl.gz").context("no .jsonl.gz")?.split('-').collect();
    let [first, last, hash] = parts[..] else { anyhow::bail!("no first, last and hash") };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_hex = hash.len() == 8 && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    ensure!(digits(first) && digits(last) && is_hex, "first, last or hash is none");
    Ok((hour, shard))
}

fn read_line(line: &str, hour: &str) -> Result<(Place, Found)> {
    let line: Value = serde_json::from_str(line)?;
    let text = |name: &str| line.get(name).and_then(Value::as_str);
    let required = |name: &str| text(name).with_context(|| format!("no {name}"));
    ensure!(line.as_object().is_some_and(|fields| fields.len() == 7), "not seven fields");
    ensure!(!required("detail")?.is_empty(), "the detail is empty");
    let event = match (text("event"), text("event_base64")) {
        (Some(event), None) => event.as_bytes().to_vec(),
        (None, Some(event)) => STANDARD.decode(event)?,
        _ => anyhow::bail!("not one of event and event_base64"),
    };
    ensure!(text("event").is_some() || str::from_utf8(&event).is_err(), "event_base64 for what is UTF-8");
    let arrived_at = required("arrived_at")?;
    let arrival_hour = arrived_at.replacen(['-', 'T'], "/", 3);
    ensure!(arrival_hour.starts_with(hour), "arrived at {arrived_at}, in an object of {hour}");
    let index = line.get("index").and_then(Value::as_u64).context("no index")?;
    let place = (required("shard")?.to_owned(), required("sequence_number")?.to_owned(), index);
    let arrived_at = time::parse(arrived_at).context("arrived_at is not RFC 3339")?;
    Ok((place, Found { reason: required("reason")?.to_owned(), event, arrived_at }))
}

/// Every file below a folder.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for child in children(folder)? {
        if child.is_dir() {
            files.extend(self::files(&child)?);
        } else {
            files.push(child);
        }
    }
    Ok(files)
}

fn children(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))?;
    entries.map(|entry| Ok(entry?.path())).collect()
}
