//! The event of Lambda's event source mapping for a Kinesis stream.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use base64_simd::STANDARD;
use chrono::{DateTime, Utc};
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// The records of one invocation, all of one shard, in the shard's order.
///
/// These types take the place of the `KinesisEvent` of `aws_lambda_events`, whose `SecondTimestamp` reads the digits
/// behind the point as a number of milliseconds (`.5` as 5 ms) and fails on more than three, and which allocates five
/// times for each record.
#[derive(Debug, Deserialize)]
pub struct KinesisBatch {
    #[serde(rename = "Records")]
    records: Records,
}

/// A record and its position in the stream.
#[derive(Clone, Copy, Debug)]
pub struct KinesisRecord<'a> {
    /// The shard's id (`shardId-000000000000`).
    pub shard: &'a str,
    /// The sequence number, in decimal digits; unique in its shard.
    pub sequence_number: &'a str,
    /// The partition key, by which the producer distributes records over shards.
    pub partition_key: &'a str,
    /// The time at which the stream received the record: the clock by which its events are judged.
    pub arrived_at: DateTime<Utc>,
    /// The producer's bytes.
    pub data: &'a [u8],
}

impl KinesisBatch {
    /// Returns the number of records.
    pub fn len(&self) -> usize {
        self.records.bounds.len()
    }

    /// Returns true if there are no records.
    pub fn is_empty(&self) -> bool {
        self.records.bounds.is_empty()
    }

    /// Returns the records, in order.
    pub fn records(&self) -> impl DoubleEndedIterator<Item = KinesisRecord<'_>> {
        self.records.bounds.iter().map(|bounds| self.records.record(bounds))
    }

    /// Returns the record with this index, which must be less than the number of records.
    pub fn record(&self, index: usize) -> KinesisRecord<'_> {
        self.records.record(&self.records.bounds[index])
    }
}

/// All records in two buffers, of which each has its parts.
#[derive(Debug, Default)]
struct Records {
    text: String,
    data: Vec<u8>,
    bounds: Vec<Bounds>,
}

/// The parts of the buffers that are one record's.
#[derive(Debug)]
struct Bounds {
    event_id: Range<usize>,
    sequence_number: Range<usize>,
    partition_key: Range<usize>,
    data: Range<usize>,
    arrived_at: DateTime<Utc>,
}

impl Records {
    fn record(&self, bounds: &Bounds) -> KinesisRecord<'_> {
        let text = |range: &Range<usize>| self.text.get(range.clone()).unwrap_or_default();
        // `{shard id}:{sequence number}`.
        let event_id = text(&bounds.event_id);
        KinesisRecord {
            shard: event_id.split_once(':').map_or(event_id, |(shard, _)| shard),
            sequence_number: text(&bounds.sequence_number),
            partition_key: text(&bounds.partition_key),
            arrived_at: bounds.arrived_at,
            data: &self.data[bounds.data.clone()],
        }
    }

    /// Adds a record, unless its data is not base64.
    fn push(&mut self, received: &Received<'_>) -> Result<(), base64_simd::Error> {
        let Payload { approximate_arrival_timestamp, data, partition_key, sequence_number } = &received.kinesis;
        let start = self.data.len();
        STANDARD.decode_append(data.as_bytes(), &mut self.data)?;
        let data = start..self.data.len();
        let bounds = Bounds {
            event_id: self.push_text(&received.event_id),
            sequence_number: self.push_text(sequence_number),
            partition_key: self.push_text(partition_key),
            data,
            arrived_at: *approximate_arrival_timestamp,
        };
        self.bounds.push(bounds);
        Ok(())
    }

    fn push_text(&mut self, text: &str) -> Range<usize> {
        let start = self.text.len();
        self.text.push_str(text);
        start..self.text.len()
    }
}

/// A record as it is received. Its text is the invocation's own where it has no escapes.
#[derive(Deserialize)]
struct Received<'a> {
    #[serde(rename = "eventID", borrow)]
    event_id: Cow<'a, str>,
    #[serde(borrow)]
    kinesis: Payload<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload<'a> {
    #[serde(deserialize_with = "seconds")]
    approximate_arrival_timestamp: DateTime<Utc>,
    #[serde(borrow)]
    data: Cow<'a, str>,
    #[serde(borrow)]
    partition_key: Cow<'a, str>,
    #[serde(borrow)]
    sequence_number: Cow<'a, str>,
}

impl<'de> Deserialize<'de> for Records {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Records;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("records")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Records, A::Error> {
                let mut records = Records::default();
                while let Some(received) = sequence.next_element()? {
                    records.push(&received).map_err(|_| A::Error::custom("the data is not base64"))?;
                }
                Ok(records)
            }
        }

        deserializer.deserialize_seq(Collect)
    }
}

/// Reads seconds since the epoch with a fraction, to the microsecond: as precise as a 64-bit float is for the next two
/// centuries.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
    let seconds = f64::deserialize(deserializer)?;
    #[expect(clippy::cast_possible_truncation, reason = "a cast saturates, and what is out of range is refused below")]
    let micros = (seconds * 1e6).round() as i64;
    DateTime::from_timestamp_micros(micros).ok_or_else(|| D::Error::custom("the arrival time is out of range"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(arrival: &str) -> Result<KinesisBatch, serde_json::Error> {
        serde_json::from_str(&format!(
            r#"{{"Records": [{{"eventID": "shardId-000000000006:4959", "eventName": "aws:kinesis:record", "kinesis": {{
                "approximateArrivalTimestamp": {arrival}, "data": "SGVsbG8=", "kinesisSchemaVersion": "1.0",
                "partitionKey": "acme/85123A", "sequenceNumber": "4959"}}}}]}}"#
        ))
    }

    #[test]
    fn a_record_has_its_position() {
        let batch = batch("1545084650.987").unwrap();
        let record = batch.record(0);
        assert_eq!((record.shard, record.sequence_number), ("shardId-000000000006", "4959"));
        assert_eq!((record.partition_key, record.data), ("acme/85123A", &b"Hello"[..]));
    }

    #[test]
    fn arrival_is_exact_to_the_microsecond() {
        for (text, micros) in [
            ("1545084650", 1_545_084_650_000_000),
            ("1545084650.5", 1_545_084_650_500_000),
            ("1545084650.05", 1_545_084_650_050_000),
            ("1291190400.123456", 1_291_190_400_123_456),
        ] {
            assert_eq!(batch(text).unwrap().record(0).arrived_at.timestamp_micros(), micros, "{text}");
        }
    }

    #[test]
    fn an_invalid_time_is_refused() {
        assert!(batch("1e300").is_err());
        assert!(batch("\"soon\"").is_err());
    }

    /// Each is cut out of what all records have in common.
    #[test]
    fn records_keep_their_own_parts() {
        let record = |number: u32, key: &str, data: &str| {
            format!(
                r#"{{"eventID": "shardId-000000000001:{number}", "kinesis": {{"approximateArrivalTimestamp": {number},
                    "data": "{data}", "partitionKey": "{key}", "sequenceNumber": "{number}"}}}}"#
            )
        };
        let escaped = record(10, r#"\u00fc\"/"#, r"\/w==");
        let records = [record(9, "a", ""), escaped, record(11, "ü", "SGVsbG8=")].join(",");
        let batch: KinesisBatch = serde_json::from_str(&format!(r#"{{"Records": [{records}]}}"#)).unwrap();
        let parts: Vec<_> = batch
            .records()
            .map(|record| (record.sequence_number, record.partition_key, record.data, record.arrived_at.timestamp()))
            .collect();
        assert_eq!(
            parts,
            [("9", "a", &b""[..], 9), ("10", r#"ü"/"#, &b"\xff"[..], 10), ("11", "ü", &b"Hello"[..], 11)]
        );
        assert_eq!((batch.len(), batch.is_empty()), (3, false));
        // Neither whole nor in part.
        for data in ["SGVsbG8", "SGVs*G8=", "SGVsbG8=SGVsbG8="] {
            let records = [record(1, "a", "SGVsbG8="), record(2, "a", data)].join(",");
            assert!(serde_json::from_str::<KinesisBatch>(&format!(r#"{{"Records": [{records}]}}"#)).is_err(), "{data}");
        }
    }
}
