//! The event of an invocation: a batch of records as Lambda writes it.

use std::sync::Arc;

use serde_json::Value;

use super::encoded_record::EncodedRecord;

/// The stream of a mapping, and the role that reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The stream's ARN, which also names the region.
    pub stream_arn: String,
    /// The end of each record in an event: what depends on the mapping.
    json: String,
}

impl Origin {
    /// Makes the origin of a stream that Lambda reads with this role: the function's own.
    pub fn new(stream_arn: &str, role_arn: &str) -> Self {
        let region = stream_arn.split(':').nth(3).unwrap_or_default();
        let [role, region, stream] = [role_arn, region, stream_arn].map(Value::from);
        let json = format!(r#""invokeIdentityArn":{role},"awsRegion":{region},"eventSourceARN":{stream}}}"#);
        Self { stream_arn: stream_arn.to_owned(), json }
    }
}

/// The size of an event without records: `{"Records":[]}`.
pub(super) const FRAME: usize = 14;

/// Writes the event of a batch as JSON.
pub fn event(records: &[Arc<EncodedRecord>], origin: &Origin) -> Vec<u8> {
    let length = FRAME + records.iter().map(|record| size(record, origin)).sum::<usize>();
    let mut event = Vec::with_capacity(length);
    event.extend_from_slice(br#"{"Records":["#);
    for (position, record) in records.iter().enumerate() {
        if position > 0 {
            event.push(b',');
        }
        event.extend_from_slice(record.json().as_bytes());
        event.extend_from_slice(origin.json.as_bytes());
    }
    event.extend_from_slice(b"]}");
    event
}

/// Returns the size of a record in an event, in bytes, with the comma behind it.
pub(super) fn size(record: &EncodedRecord, origin: &Origin) -> usize {
    record.length() + origin.json.len() + 1
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
        let event: Value =
            serde_json::from_slice(&event(&[record.into()], &MappingSettings::default().origin)).expect("JSON");
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
    fn texts_of_any_kind_are_kept() {
        let text = "acme/\u{1}\"\\é";
        let origin = MappingSettings::default().origin;
        let event = event(&[record("a \"shard\"", text, "\\1").into()], &origin);
        let event: Value = serde_json::from_slice(&event).expect("JSON");
        assert_eq!(event["Records"][0]["kinesis"]["partitionKey"], text);
        assert_eq!(event["Records"][0]["kinesis"]["sequenceNumber"], "\\1");
        assert_eq!(event["Records"][0]["eventID"], "a \"shard\":\\1");
    }

    #[test]
    fn the_size_is_right() {
        for (key, data) in [("k", 0), ("acme/\u{1}\"\\é", 1), ("acme/85123A", 500), ("k", 1024 * 1024)] {
            let mut record =
                record("shardId-000000000003", key, "49600000000000000000000000000000000000000000000000000000");
            record.data = vec![0xff; data];
            let origin = MappingSettings::default().origin;
            let record = Arc::<EncodedRecord>::from(record);
            let with_a_comma_at_the_end = FRAME + 3 * size(&record, &origin);
            let event = event(&[Arc::clone(&record), Arc::clone(&record), record], &origin);
            assert_eq!(event.len() + 1, with_a_comma_at_the_end, "{key}");
        }
    }
}
