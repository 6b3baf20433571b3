//! A record in the form that Lambda's events have, encoded once for all mappings and all attempts.

use std::fmt::Write as _;
use std::sync::Arc;

use base64_simd::STANDARD;
use chrono::{DateTime, Utc};

use crate::records::Record;

/// The size of a record's JSON without the record's own texts: the names and the longest timestamp.
const FRAME: usize = 240;

/// A record, and its JSON in an event.
#[derive(Debug, PartialEq, Eq)]
pub struct EncodedRecord {
    pub(crate) arrived_at: DateTime<Utc>,
    /// Shard, sequence number, partition key and JSON, one behind the other: memory that another thread frees is dear.
    text: String,
    /// The ends of the first three of them.
    ends: [usize; 3],
}

impl EncodedRecord {
    pub(crate) fn shard(&self) -> &str {
        self.part(0, self.ends[0])
    }

    pub(crate) fn sequence_number(&self) -> &str {
        self.part(self.ends[0], self.ends[1])
    }

    pub(crate) fn partition_key(&self) -> &str {
        self.part(self.ends[1], self.ends[2])
    }

    /// Returns the beginning of an object: all that does not depend on the mapping, which ends it.
    pub(super) fn json(&self) -> &str {
        self.part(self.ends[2], self.text.len())
    }

    fn part(&self, begin: usize, end: usize) -> &str {
        self.text.get(begin..end).unwrap_or_default()
    }

    /// Returns the producer's bytes.
    #[cfg(test)]
    pub(super) fn data(&self) -> Vec<u8> {
        let whole = format!(r#"{}"end":0}}"#, self.json());
        let value: serde_json::Value = serde_json::from_str(&whole).expect("an object");
        STANDARD.decode_to_vec(value["kinesis"]["data"].as_str().expect("text")).expect("base64")
    }

    /// Returns the length in an event, in bytes, without what the mapping adds.
    pub(crate) fn length(&self) -> usize {
        self.text.len() - self.ends[2]
    }
}

impl From<Record> for EncodedRecord {
    fn from(Record { shard, sequence_number, partition_key, arrived_at, data }: Record) -> Self {
        let texts = shard.len() + sequence_number.len() + partition_key.len();
        let in_json = texts + sequence_number.len() + STANDARD.encoded_length(data.len());
        let mut text = String::with_capacity(texts + FRAME + in_json);
        let ends = [&shard, &sequence_number, &partition_key].map(|part| {
            text.push_str(part);
            text.len()
        });
        text.push_str(r#"{"kinesis":{"kinesisSchemaVersion":"1.0","partitionKey":""#);
        push_escaped(&mut text, &partition_key);
        text.push_str(r#"","sequenceNumber":""#);
        push_escaped(&mut text, &sequence_number);
        text.push_str(r#"","data":""#);
        STANDARD.encode_append(&data, &mut text);
        text.push_str(r#"","approximateArrivalTimestamp":"#);
        push_seconds(&mut text, arrived_at.timestamp_micros());
        text.push_str(r#"},"eventSource":"aws:kinesis","eventVersion":"1.0","eventID":""#);
        for part in [&shard, ":", &sequence_number] {
            push_escaped(&mut text, part);
        }
        text.push_str(r#"","eventName":"aws:kinesis:record","#);
        Self { arrived_at, text, ends }
    }
}

impl From<Record> for Arc<EncodedRecord> {
    fn from(record: Record) -> Self {
        Self::new(record.into())
    }
}

/// Appends the inside of a JSON string.
fn push_escaped(json: &mut String, text: &str) {
    if text.bytes().all(|byte| byte >= b' ' && !matches!(byte, b'"' | b'\\')) {
        json.push_str(text);
    } else {
        let quoted = serde_json::Value::from(text).to_string();
        let inside = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        json.push_str(inside.unwrap_or_default());
    }
}

/// Appends seconds since the epoch with six decimals. Kinesis itself has three; the files have six, and fewer than the
/// file holds could change the result.
fn push_seconds(json: &mut String, microseconds: i64) {
    let sign = if microseconds < 0 { "-" } else { "" };
    let (whole, fraction) = (microseconds.unsigned_abs() / 1_000_000, microseconds.unsigned_abs() % 1_000_000);
    write!(json, "{sign}{whole}.{fraction:06}").expect("a string takes all");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_keep_all_digits() {
        let seconds = |microseconds| {
            let mut json = String::new();
            push_seconds(&mut json, microseconds);
            json
        };
        assert_eq!(seconds(1_545_084_650_000_001), "1545084650.000001");
        assert_eq!(seconds(-1), "-0.000001");
    }
}
