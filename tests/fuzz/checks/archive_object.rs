//! Objects of the archive and of the quarantine: a line with the key, then the object's lines; or an object that is
//! compressed.

use std::io::{self, Write as _};

use chrono::SecondsFormat;
use flate2::Compression;
use flate2::write::GzEncoder;
use pipegen::archive::line::{Kind, Line};
use pipegen::archive::object_key::ObjectKey;
use pipegen::archive::text::Text;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::bounded::bounded;

/// The most bytes that reading an object holds: its longest line and that line's doubling, and buffers.
const READING: usize = 24 * 1024 * 1024;

pub(super) fn check(bytes: &[u8]) {
    if bytes.starts_with(b"\x1f\x8b") {
        bounded(READING, || read(bytes, |_line| ())).ok();
        return;
    }
    compressed(bytes);
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.split('\n');
    let key = lines.next().unwrap_or_default();
    for kind in [Kind::Archive, Kind::Quarantine] {
        if let Some(parts) = ObjectKey::parse(kind.prefix(), key) {
            same_key(kind, &parts, key);
        }
    }
    for line in lines {
        for kind in [Kind::Archive, Kind::Quarantine] {
            match bounded(8 * line.len() + 4096, || Line::parse(kind, line)) {
                Ok(parsed) => {
                    as_json_says(line, &parsed);
                    same_line(kind, &parsed);
                }
                Err(detail) => {
                    assert!(
                        !detail.is_empty() && detail.len() < 1500 && !detail.contains(char::is_control),
                        "{detail}"
                    );
                }
            }
        }
    }
}

fn same_key(kind: Kind, ObjectKey { hour, shard, first, last, hash }: &ObjectKey, key: &str) {
    let prefix = kind.prefix();
    assert_eq!(format!("{prefix}{hour}/{shard}/{first}-{last}-{hash}.jsonl.gz"), key);
}

/// Checks a line's fields by a reader of any JSON.
fn as_json_says(text: &str, line: &Line<'_>) {
    let json: Value = serde_json::from_str(text).expect("what is a line is JSON");
    assert!(json.is_object(), "{text}");
    assert_eq!(json["shard"], *line.shard);
    assert_eq!(json["sequence_number"], line.sequence_number.as_str());
    assert_eq!(json["partition_key"].as_str(), line.partition_key.as_deref());
    assert_eq!(json["index"].as_u64().unwrap_or_default(), u64::from(line.index));
    let data = json["event"].as_str().map_or_else(
        || base64_simd::STANDARD.decode_to_vec(json["event_base64"].as_str().expect("text")).expect("base64"),
        |text| text.as_bytes().to_vec(),
    );
    assert_eq!(data, &*line.data);
}

/// Checks that a line, written again, is the same.
fn same_line(kind: Kind, line: &Line<'_>) {
    let (event, event_base64) = match str::from_utf8(&line.data) {
        Ok(text) => (Some(text.to_owned()), None),
        Err(_) => (None, Some(base64_simd::STANDARD.encode_to_string(&*line.data))),
    };
    let mut written = json!({
        "shard": line.shard,
        "sequence_number": line.sequence_number.as_str(),
        "arrived_at": line.arrived_at.to_rfc3339_opts(SecondsFormat::Micros, true),
        "event": event,
        "event_base64": event_base64,
    });
    match (&line.partition_key, &line.rejection) {
        (Some(key), None) => written["partition_key"] = json!(key),
        (None, Some((reason, detail))) => {
            written["reason"] = json!(reason);
            written["detail"] = json!(detail);
            written["index"] = json!(line.index);
        }
        other => panic!("{other:?}"),
    }
    let written = written.to_string();
    assert_eq!(Line::parse(kind, &written).as_ref(), Ok(line), "{written}");
}

/// Checks that what is compressed is read as it was.
fn compressed(bytes: &[u8]) {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("written to memory");
    let mut lines = Vec::new();
    match read(&encoder.finish().expect("written to memory"), |line| lines.extend([line, b"\n"].concat())) {
        Ok((hash, length)) => {
            assert_eq!(lines, bytes);
            let [a, b, c, d, ..] = Sha256::digest(bytes).0;
            assert_eq!((hash, length), (format!("{a:02x}{b:02x}{c:02x}{d:02x}"), bytes.len() as u64));
        }
        Err(error) => assert!(!bytes.ends_with(b"\n"), "{error}"),
    }
}

/// Reads the lines of an object. Returns their hash and their length.
fn read(compressed: &[u8], mut each: impl FnMut(&[u8])) -> io::Result<(String, u64)> {
    let mut text = Text::new(compressed);
    while let Some(line) = text.next_line()? {
        each(line);
    }
    let length = text.bytes();
    Ok((text.finish()?, length))
}
