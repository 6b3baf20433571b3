//! The files that `pipegen local` plays: records, lines of the archive and of the quarantine, events; gzip or not.

use std::io::{Cursor, Write as _};

use chrono::{SecondsFormat, TimeDelta};
use flate2::Compression;
use flate2::write::GzEncoder;
use pipegen::records::{ReadError, Record, RecordSource};
use serde_json::{Value, json};

use super::bounded::bounded;

/// The most bytes that reading holds beside what follows from the file: its buffers.
const BUFFERS: usize = 2 * 1024 * 1024;

/// The largest data of a record, in bytes.
const DATA_LIMIT: usize = 1024 * 1024;

pub(super) fn check(bytes: &[u8]) {
    let is_compressed = bytes.starts_with(b"\x1f\x8b");
    // Of a compressed file as much as a line may have is in memory, several times.
    let line = if is_compressed { 64 * 1024 * 1024 } else { 32 * bytes.len() };
    let all = bounded(line + BUFFERS + 512 * bytes.len(), || read(bytes.to_vec()));
    let lines = if is_compressed { u64::MAX } else { bytes.split(|byte| *byte == b'\n').count() as u64 };
    for (place, record) in all.iter().enumerate() {
        match record {
            Ok(record) => sound(record),
            Err(error) => {
                assert_eq!(place + 1, all.len(), "an error is the last item");
                placed(error, lines);
            }
        }
    }
    same(&all, &read(bytes.to_vec()));
    if !is_compressed {
        as_json_says(bytes, &all);
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).expect("written to memory");
        same(&all, &read(encoder.finish().expect("written to memory")));
    }
}

fn read(bytes: Vec<u8>) -> Vec<Result<Record, ReadError>> {
    RecordSource::new("records".to_owned(), Cursor::new(bytes), None).records().take(20_000).collect()
}

/// Checks the limits of a record, and that its line, written again, is the same record.
fn sound(record: &Record) {
    assert!(record.data.len() <= DATA_LIMIT);
    assert!((1..=256).contains(&record.partition_key.chars().count()));
    assert!((1..=128).contains(&record.shard.len()) && (1..=128).contains(&record.sequence_number.len()));
    assert!(record.sequence_number.bytes().all(|byte| byte.is_ascii_digit()));
    let (name, data) = match str::from_utf8(&record.data) {
        Ok(text) => ("data", text.to_owned()),
        Err(_) => ("data_base64", base64_simd::STANDARD.encode_to_string(&record.data)),
    };
    let line = json!({
        "shard": record.shard,
        "sequence_number": record.sequence_number,
        "partition_key": record.partition_key,
        "arrived_at": record.arrived_at.to_rfc3339_opts(SecondsFormat::AutoSi, true),
        name: data,
    });
    let again = read(line.to_string().into_bytes());
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].as_ref().expect("a record"), record);
}

/// Checks each record by a reader of any JSON.
fn as_json_says(bytes: &[u8], all: &[Result<Record, ReadError>]) {
    let lines =
        bytes.split(|byte| *byte == b'\n').map(|line| line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii());
    for (line, record) in lines.filter(|line| !line.is_empty()).zip(all) {
        let Ok(record) = record else { return };
        // Numbers may be larger than that reader takes.
        let Ok(json) = serde_json::from_slice::<Value>(line) else { continue };
        let is_event = json.get("specversion").is_some() || json.get("source").and(json.get("type")).is_some();
        if json.is_object() && !is_event {
            let text = |names: [&str; 2]| names.into_iter().find_map(|name| json[name].as_str());
            assert_eq!(json["shard"], *record.shard);
            let number = json["sequence_number"].as_str().expect("text");
            let is_of_several = json["index"].as_u64().is_some_and(|index| index > 0);
            assert!(record.sequence_number == number || is_of_several, "{record:?}");
            if let Some(key) = json["partition_key"].as_str() {
                assert_eq!(record.partition_key, key);
            }
            let base64 = text(["data_base64", "event_base64"]).map(|text| base64_simd::STANDARD.decode_to_vec(text));
            let data = base64.map(|bytes| bytes.expect("base64")).or(text(["data", "event"]).map(Into::into));
            assert_eq!(data.as_ref(), Some(&record.data));
        } else {
            assert_eq!(record.data, line, "an event is its line");
        }
    }
}

/// Checks that the error names a line of the file.
fn placed(error: &ReadError, lines: u64) {
    match error {
        ReadError::Line { line, source, .. } => {
            assert!((1..=lines).contains(line), "line {line} of {lines}");
            let detail = &source.detail;
            assert!(!detail.is_empty() && detail.len() < 3000 && !detail.contains(char::is_control), "{detail}");
        }
        ReadError::Read { .. } => {}
    }
}

/// Checks that the same was read. A record without a time arrives now.
fn same(one: &[Result<Record, ReadError>], other: &[Result<Record, ReadError>]) {
    assert_eq!(one.len(), other.len());
    for pair in one.iter().zip(other) {
        match pair {
            (Ok(one), Ok(other)) => {
                let is_now = (one.arrived_at - other.arrived_at).abs() < TimeDelta::minutes(1);
                assert!(is_now, "{one:?} {other:?}");
                assert_eq!(&Record { arrived_at: one.arrived_at, ..other.clone() }, one);
            }
            (Err(one), Err(other)) => assert_eq!(format!("{one:?}"), format!("{other:?}")),
            (one, other) => panic!("{one:?} {other:?}"),
        }
    }
}
