//! The event of Lambda's event source mapping for a Kinesis stream.

use aws_lambda_events::encodings::Base64Data;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, de};

/// The records of one invocation, all of one shard.
///
/// These types take the place of the `KinesisEvent` of `aws_lambda_events`, whose `SecondTimestamp` reads the digits
/// behind the point as a number of milliseconds (`.5` as 5 ms) and fails on more than three.
#[derive(Debug, Deserialize)]
pub struct KinesisBatch {
    /// In the shard's order.
    #[serde(rename = "Records")]
    pub records: Vec<KinesisRecord>,
}

/// A record and its position in the stream.
#[derive(Debug, Deserialize)]
pub struct KinesisRecord {
    /// `{shard id}:{sequence number}`.
    #[serde(rename = "eventID")]
    event_id: String,
    kinesis: Payload,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    #[serde(deserialize_with = "seconds")]
    approximate_arrival_timestamp: DateTime<Utc>,
    data: Base64Data,
    partition_key: String,
    sequence_number: String,
}

impl KinesisRecord {
    /// Returns the shard's id (`shardId-000000000000`).
    pub fn shard(&self) -> &str {
        self.event_id.split_once(':').map_or(&*self.event_id, |(shard, _)| shard)
    }

    /// Returns the sequence number, in decimal digits; unique in its shard.
    pub fn sequence_number(&self) -> &str {
        &self.kinesis.sequence_number
    }

    /// Returns the partition key, by which the producer distributes records over shards.
    pub fn partition_key(&self) -> &str {
        &self.kinesis.partition_key
    }

    /// Returns the time at which the stream received the record: the clock by which its events are judged.
    pub fn arrived_at(&self) -> DateTime<Utc> {
        self.kinesis.approximate_arrival_timestamp
    }

    /// Returns the producer's bytes.
    pub fn data(&self) -> &[u8] {
        &self.kinesis.data
    }
}

/// Reads seconds since the epoch with a fraction, to the microsecond: as precise as a 64-bit float is for the next two
/// centuries.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
    let seconds = f64::deserialize(deserializer)?;
    #[expect(clippy::cast_possible_truncation, reason = "a cast saturates, and what is out of range is refused below")]
    let micros = (seconds * 1e6).round() as i64;
    DateTime::from_timestamp_micros(micros).ok_or_else(|| de::Error::custom("the arrival time is out of range"))
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
        let record = &batch.records[0];
        assert_eq!((record.shard(), record.sequence_number()), ("shardId-000000000006", "4959"));
        assert_eq!((record.partition_key(), record.data()), ("acme/85123A", &b"Hello"[..]));
    }

    #[test]
    fn arrival_is_exact_to_the_microsecond() {
        for (text, micros) in [
            ("1545084650", 1_545_084_650_000_000),
            ("1545084650.5", 1_545_084_650_500_000),
            ("1545084650.05", 1_545_084_650_050_000),
            ("1291190400.123456", 1_291_190_400_123_456),
        ] {
            assert_eq!(batch(text).unwrap().records[0].arrived_at().timestamp_micros(), micros, "{text}");
        }
    }

    #[test]
    fn an_invalid_time_is_refused() {
        assert!(batch("1e300").is_err());
        assert!(batch("\"soon\"").is_err());
    }
}
