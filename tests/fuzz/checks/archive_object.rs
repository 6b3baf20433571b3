//! Objects of the archive and of the quarantine: a line with the key, then the object's lines.

use chrono::SecondsFormat;
use pipegen::archive::line::{Kind, Line};
use pipegen::archive::object_key::ObjectKey;
use serde_json::json;

use super::bounded::bounded;

pub(super) fn check(bytes: &[u8]) {
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
                Ok(parsed) => same_line(kind, &parsed),
                Err(detail) => assert!(!detail.is_empty() && !detail.contains('\n'), "{detail}"),
            }
        }
    }
}

fn same_key(kind: Kind, ObjectKey { hour, shard, first, last, hash }: &ObjectKey, key: &str) {
    let prefix = kind.prefix();
    assert_eq!(format!("{prefix}{hour}/{shard}/{first}-{last}-{hash}.jsonl.gz"), key);
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
