//! The objects for the quarantine: each rejected event with its reason, in one object for each hour of arrival.

use std::collections::BTreeMap;

use pipegen_contract::object_key::REJECTED;
use pipegen_event::{Reason, Rejection};
use serde::Serialize;

use crate::kinesis::KinesisRecord;
use crate::objects::{Object, ObjectLines, arrival_time, text_or_base64};

/// The rejections of one batch, compressed as they come.
pub(super) struct Rejections {
    lines: ObjectLines,
    counts: BTreeMap<Reason, u64>,
}

#[derive(Serialize)]
struct RejectionLine<'a> {
    reason: &'a str,
    detail: &'a str,
    shard: &'a str,
    sequence_number: &'a str,
    index: usize,
    arrived_at: String,
    event: Option<&'a str>,
    event_base64: Option<String>,
}

impl Default for Rejections {
    fn default() -> Self {
        Self { lines: ObjectLines::new(REJECTED), counts: BTreeMap::new() }
    }
}

impl Rejections {
    /// Adds an event: its index in the record, and its bytes.
    pub(super) fn push(&mut self, record: KinesisRecord<'_>, index: usize, text: &[u8], rejection: &Rejection) {
        *self.counts.entry(rejection.reason).or_default() += 1;
        let (event, event_base64) = text_or_base64(text);
        let line = RejectionLine {
            reason: rejection.reason.as_str(),
            detail: &rejection.detail,
            shard: record.shard,
            sequence_number: record.sequence_number,
            index,
            arrived_at: arrival_time(record),
            event,
            event_base64,
        };
        self.lines.push(record, &line);
    }

    /// Returns the number of rejections by reason.
    pub(super) fn counts(&self) -> &BTreeMap<Reason, u64> {
        &self.counts
    }

    /// Returns the objects to store.
    pub(super) fn into_objects(self) -> Vec<Object> {
        self.lines.finish()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use chrono::DateTime;
    use flate2::read::GzDecoder;
    use serde_json::Value;

    use super::*;

    /// Readers take the first lines' fields for all.
    #[test]
    fn every_line_has_the_same_fields() {
        let record = KinesisRecord {
            shard: "shardId-000000000006",
            sequence_number: "4959",
            partition_key: "acme/85123A",
            arrived_at: DateTime::from_timestamp_millis(1_545_084_650_987).unwrap(),
            data: b"",
        };
        let mut rejections = Rejections::default();
        let rejection = Rejection { reason: Reason::InvalidJson, detail: "not JSON".to_owned() };
        rejections.push(record, 0, b"{", &rejection);
        rejections.push(record, 1, b"\xff", &rejection);
        let mut text = String::new();
        let objects = rejections.into_objects();
        GzDecoder::new(&objects[0].body[..]).read_to_string(&mut text).unwrap();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let fields = |line: &Value| line.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(fields(&lines[0]), fields(&lines[1]));
        assert_eq!((&lines[0]["event"], &lines[0]["event_base64"]), (&"{".into(), &Value::Null));
        assert_eq!((&lines[1]["event"], &lines[1]["event_base64"]), (&Value::Null, &"/w==".into()));
    }
}
