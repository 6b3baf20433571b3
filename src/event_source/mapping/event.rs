//! The event of an invocation: a batch of records as Lambda writes it.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::records::Record;

/// The stream of a mapping, and the role that reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The stream's ARN, which also names the region.
    pub stream_arn: String,
    /// The role that Lambda reads the stream with: the function's own.
    pub role_arn: String,
}

impl Origin {
    fn region(&self) -> &str {
        self.stream_arn.split(':').nth(3).unwrap_or_default()
    }
}

/// The size of an event without records: `{"Records":[]}`.
pub(super) const FRAME: usize = 14;

/// The size of a record without its own texts and its origin's: the names, the longest timestamp and a comma.
const RECORD_FRAME: usize = 310;

#[derive(Serialize)]
struct LambdaEvent<'a> {
    #[serde(rename = "Records")]
    records: Vec<EventRecord<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventRecord<'a> {
    kinesis: Kinesis<'a>,
    event_source: &'static str,
    event_version: &'static str,
    #[serde(rename = "eventID")]
    event_id: String,
    event_name: &'static str,
    invoke_identity_arn: &'a str,
    aws_region: &'a str,
    #[serde(rename = "eventSourceARN")]
    event_source_arn: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "Lambda's names")]
struct Kinesis<'a> {
    kinesis_schema_version: &'static str,
    partition_key: &'a str,
    sequence_number: &'a str,
    data: String,
    approximate_arrival_timestamp: Box<RawValue>,
}

/// Writes the event of a batch as JSON.
///
/// # Panics
///
/// Never: strings and numbers are JSON.
pub fn event(records: &[Arc<Record>], origin: &Origin) -> Vec<u8> {
    let event = LambdaEvent { records: records.iter().map(|record| event_record(record, origin)).collect() };
    serde_json::to_vec(&event).expect("strings and numbers are JSON")
}

fn event_record<'a>(record: &'a Record, origin: &'a Origin) -> EventRecord<'a> {
    EventRecord {
        kinesis: Kinesis {
            kinesis_schema_version: "1.0",
            partition_key: &record.partition_key,
            sequence_number: &record.sequence_number,
            data: STANDARD.encode(&record.data),
            approximate_arrival_timestamp: seconds(record.arrived_at.timestamp_micros()),
        },
        event_source: "aws:kinesis",
        event_version: "1.0",
        event_id: format!("{}:{}", record.shard, record.sequence_number),
        event_name: "aws:kinesis:record",
        invoke_identity_arn: &origin.role_arn,
        aws_region: origin.region(),
        event_source_arn: &origin.stream_arn,
    }
}

/// Writes seconds since the epoch with six decimals. Kinesis itself has three; the files have six, and fewer than the
/// file holds could change the result.
fn seconds(microseconds: i64) -> Box<RawValue> {
    let sign = if microseconds < 0 { "-" } else { "" };
    let (whole, fraction) = (microseconds.unsigned_abs() / 1_000_000, microseconds.unsigned_abs() % 1_000_000);
    RawValue::from_string(format!("{sign}{whole}.{fraction:06}")).expect("a number is JSON")
}

/// Returns the size of a record in an event, in bytes: at most a few dozen too large, and never too small.
pub(super) fn size(record: &Record, origin: &Origin) -> usize {
    // Control characters take six bytes (`\u0000`), quotes and backslashes two.
    let escaped = |text: &str| {
        text.chars()
            .map(|c| {
                if c < ' ' {
                    6
                } else if matches!(c, '"' | '\\') {
                    2
                } else {
                    c.len_utf8()
                }
            })
            .sum::<usize>()
    };
    RECORD_FRAME
        + origin.stream_arn.len()
        + origin.role_arn.len()
        + origin.region().len()
        + escaped(&record.partition_key)
        + 2 * record.sequence_number.len()
        + record.shard.len()
        + record.data.len().div_ceil(3) * 4
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event_source::mapping::MappingSettings;
    use crate::event_source::mapping::tests::record;

    #[test]
    fn the_event_has_lambdas_form() {
        let mut record = record("shardId-000000000003", "acme/1", "4960");
        record.data = b"Hello".to_vec();
        let event: serde_json::Value =
            serde_json::from_slice(&event(&[Arc::new(record)], &MappingSettings::default().origin)).expect("JSON");
        assert_eq!(
            event,
            serde_json::json!({"Records": [{
                "kinesis": {
                    "kinesisSchemaVersion": "1.0",
                    "partitionKey": "acme/1",
                    "sequenceNumber": "4960",
                    "data": "SGVsbG8=",
                    "approximateArrivalTimestamp": 1_545_084_650.987_001,
                },
                "eventSource": "aws:kinesis",
                "eventVersion": "1.0",
                "eventID": "shardId-000000000003:4960",
                "eventName": "aws:kinesis:record",
                "invokeIdentityArn": "arn:aws:iam::000000000000:role/role-processor-test",
                "awsRegion": "us-east-1",
                "eventSourceARN": "arn:aws:kinesis:us-east-1:000000000000:stream/kinesis-inventory-test",
            }]})
        );
    }

    #[test]
    fn seconds_keep_all_digits() {
        assert_eq!(seconds(1_545_084_650_000_001).get(), "1545084650.000001");
        assert_eq!(seconds(-1).get(), "-0.000001");
    }

    #[test]
    fn the_size_is_never_too_small_and_nearly_right() {
        for (key, data) in [("k", 0), ("acme/\u{1}\"\\é", 1), ("acme/85123A", 500), ("k", 1024 * 1024)] {
            let mut record =
                record("shardId-000000000003", key, "49600000000000000000000000000000000000000000000000000000");
            record.data = vec![0xff; data];
            let origin = MappingSettings::default().origin;
            let counted = FRAME + 3 * size(&record, &origin);
            let record = Arc::new(record);
            let real = event(&[Arc::clone(&record), Arc::clone(&record), record], &origin).len();
            assert!(counted >= real && counted - real < 3 * 40, "{key}: {counted} for {real}");
        }
    }
}
