//! The event that Lambda makes of a batch of records.

use base64_simd::STANDARD;
use pipegen_event::{check_sender, decode};
use pipegen_lambda::kinesis::{KinesisBatch, KinesisRecord};
use serde_json::{Value, json};

use super::bounded::bounded;
use super::events::{HORIZON, decoding};

/// The microseconds of an arrival that a 64-bit float tells apart from the next ones, as Lambda's seconds.
const EXACT: i64 = 1 << 51;

pub(super) fn check(bytes: &[u8]) {
    let read = bounded(16 * bytes.len() + 64 * 1024, || serde_json::from_slice::<KinesisBatch>(bytes));
    let Ok(batch) = read else { return };
    assert_eq!((batch.len(), batch.is_empty()), (batch.records().count(), batch.records().next().is_none()));
    for (index, record) in batch.records().enumerate() {
        assert_eq!(parts(&batch.record(index)), parts(&record));
        let decoded = bounded(decoding(record.data), || decode(record.data, record.arrived_at, HORIZON));
        for event in decoded {
            if let Ok(event) = event.outcome {
                check_sender(&event, None).ok();
            }
        }
    }
    as_json_says(bytes, &batch);
    again(&batch);
}

/// Checks the records' parts by a reader of any JSON, unless that is at odds with a number.
fn as_json_says(bytes: &[u8], batch: &KinesisBatch) {
    let Ok(event) = serde_json::from_slice::<Value>(bytes) else { return };
    // An array of the fields' values is taken for the object, as serde does; Lambda sends none.
    let Some(records) = event["Records"].as_array().filter(|all| all.iter().all(|one| one["kinesis"].is_object()))
    else {
        return;
    };
    assert_eq!(records.len(), batch.len());
    for (json, record) in records.iter().zip(batch.records()) {
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let (event_id, kinesis) = (text(&json["eventID"]), &json["kinesis"]);
        assert_eq!(event_id.split(':').next(), Some(record.shard));
        assert_eq!(text(&kinesis["sequenceNumber"]), record.sequence_number);
        assert_eq!(text(&kinesis["partitionKey"]), record.partition_key);
        assert_eq!(text(&kinesis["data"]), STANDARD.encode_to_string(record.data));
    }
}

/// Checks that the records, written again by other code, are the same.
fn again(batch: &KinesisBatch) {
    let text = json!({ "Records": batch.records().map(|record| written(&record)).collect::<Vec<_>>() }).to_string();
    let again: KinesisBatch = serde_json::from_str(&text).expect("what was read can be read again");
    assert_eq!(again.len(), batch.len());
    for (again, record) in again.records().zip(batch.records()) {
        assert_eq!(parts(&again), parts(&record));
        if record.arrived_at.timestamp_micros().abs() < EXACT {
            assert_eq!(again.arrived_at, record.arrived_at);
        }
    }
}

fn parts<'a>(record: &KinesisRecord<'a>) -> (&'a str, &'a str, &'a str, &'a [u8]) {
    (record.shard, record.sequence_number, record.partition_key, record.data)
}

fn written(record: &KinesisRecord<'_>) -> Value {
    #[expect(clippy::cast_precision_loss, reason = "Lambda writes floats, too")]
    let seconds = record.arrived_at.timestamp_micros() as f64 / 1e6;
    json!({
        "eventSource": "aws:kinesis",
        "eventID": format!("{}:{}", record.shard, record.sequence_number),
        "kinesis": {
            "partitionKey": record.partition_key,
            "sequenceNumber": record.sequence_number,
            "approximateArrivalTimestamp": seconds,
            "data": STANDARD.encode_to_string(record.data),
        },
    })
}
