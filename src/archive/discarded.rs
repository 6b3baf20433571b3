//! Batches that Lambda discarded, as its on-failure destination keeps them: a JSON document with the whole event of the
//! invocation as a string in `payload`.

use std::collections::HashMap;

use anyhow::Context as _;
use base64_simd::STANDARD;
use chrono::{DateTime, Utc};
use pipegen_contract::object_key::ON_FAILURE;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::source::{ObjectEntry, Source};
use super::time_range::HourRange;
use crate::records::Record;

/// A discarded batch.
#[derive(Debug, PartialEq, Eq)]
pub struct DiscardedBatch {
    /// The name of the function that was not to be had or failed.
    pub function: String,
    /// Lambda's reason, such as `RetryAttemptsExhausted`.
    pub condition: String,
    pub records: Vec<Record>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    request_context: RequestContext,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext {
    function_arn: String,
    condition: String,
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "Records")]
    records: Vec<EventRecord>,
}

#[derive(Deserialize)]
struct EventRecord {
    /// `{shard}:{sequence number}`.
    #[serde(rename = "eventID")]
    event_id: String,
    kinesis: KinesisRecord,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct KinesisRecord {
    /// Seconds since the epoch, with a fraction.
    approximate_arrival_timestamp: f64,
    data: String,
    partition_key: String,
    sequence_number: String,
}

impl DiscardedBatch {
    /// Reads an object under `aws/lambda/`.
    pub fn parse(object: &[u8]) -> anyhow::Result<Self> {
        let document: Document<'_> =
            serde_json::from_slice(object).context("it is not what Lambda writes to an on-failure destination")?;
        let payload = document.payload.context("it has no `payload`: only in S3 does Lambda keep the records")?;
        let text: String = if payload.get().starts_with('"') {
            serde_json::from_str(payload.get()).context("`payload` is not text")?
        } else {
            payload.get().to_owned()
        };
        let event: Event = serde_json::from_str(&text).context("`payload` is not an event of a Kinesis stream")?;
        let RequestContext { function_arn, condition } = document.request_context;
        Ok(Self {
            // The last part may be a version or an alias.
            function: function_arn.split(':').nth(6).unwrap_or(&function_arn).to_owned(),
            condition,
            records: event.records.into_iter().map(record).collect::<Result<_, _>>()?,
        })
    }

    /// Returns true if the function is the archiver: what it could not archive is kept here instead.
    pub fn is_of_archiver(&self) -> bool {
        self.function.starts_with("lambda-archiver-")
    }
}

fn record(EventRecord { event_id, kinesis }: EventRecord) -> anyhow::Result<Record> {
    let shard = event_id.split_once(':').with_context(|| format!("`eventID` {event_id} names no shard"))?.0;
    let data = STANDARD.decode_to_vec(&kinesis.data);
    Ok(Record {
        shard: shard.to_owned(),
        data: data.ok().with_context(|| format!("the data of {event_id} is not base64"))?,
        arrived_at: time(kinesis.approximate_arrival_timestamp)
            .with_context(|| format!("the arrival time of {event_id} is out of range"))?,
        partition_key: kinesis.partition_key,
        sequence_number: kinesis.sequence_number,
    })
}

/// Reads seconds since the epoch, to the microsecond.
fn time(seconds: f64) -> Option<DateTime<Utc>> {
    #[expect(clippy::cast_possible_truncation, reason = "a cast saturates, and what is out of range is refused")]
    let micros = (seconds * 1e6).round() as i64;
    DateTime::from_timestamp_micros(micros)
}

/// Passes on every discarded batch with its key, in the order of the keys (mapping, shard, day of the discard), one in
/// memory at a time.
pub async fn each_batch(
    source: &Source,
    mut pass_on: impl AsyncFnMut(&str, DiscardedBatch) -> anyhow::Result<bool>,
) -> anyhow::Result<()> {
    let mut listing = source.list(ON_FAILURE, HourRange::default());
    while let Some(object) = listing.next().await? {
        let batch = read(source, &object).await?;
        if !pass_on(&object.key, batch).await? {
            break;
        }
    }
    Ok(())
}

async fn read(source: &Source, object: &ObjectEntry) -> anyhow::Result<DiscardedBatch> {
    let body = source.get(object).await?;
    DiscardedBatch::parse(&body.bytes).with_context(|| object.key.clone())
}

/// Returns the sequence numbers of the records that the archiver's discarded batches hold, by shard.
pub async fn not_archived(source: &Source) -> anyhow::Result<HashMap<String, Vec<String>>> {
    let mut records: HashMap<String, Vec<String>> = HashMap::new();
    each_batch(source, async |_, batch| {
        if batch.is_of_archiver() {
            for record in batch.records {
                records.entry(record.shard).or_default().push(record.sequence_number);
            }
        }
        Ok(true)
    })
    .await?;
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn document(payload: &Value) -> Vec<u8> {
        let document = json!({
            "requestContext": {"requestId": "an id", "functionArn": "arn:aws:lambda:us-east-1:111122223333:function:lambda-processor-staging:$LATEST",
                "condition": "RetryAttemptsExhausted", "approximateInvokeCount": 3},
            "version": "1.0", "KinesisBatchInfo": {"shardId": "shardId-000000000006"}, "payload": payload});
        document.to_string().into_bytes()
    }

    fn event() -> Value {
        json!({"Records": [{"kinesis": {"kinesisSchemaVersion": "1.0", "partitionKey": "acme/1", "sequenceNumber": "4959",
            "data": "SGVsbG8=", "approximateArrivalTimestamp": 1_545_084_650.987}, "eventSource": "aws:kinesis",
            "eventID": "shardId-000000000006:4959"}]})
    }

    #[test]
    fn a_batch_is_unpacked() {
        for payload in [json!(event().to_string()), event()] {
            let batch = DiscardedBatch::parse(&document(&payload)).unwrap();
            assert_eq!((&*batch.function, &*batch.condition), ("lambda-processor-staging", "RetryAttemptsExhausted"));
            assert_eq!(
                batch.records,
                [Record {
                    shard: "shardId-000000000006".to_owned(),
                    sequence_number: "4959".to_owned(),
                    partition_key: "acme/1".to_owned(),
                    arrived_at: "2018-12-17T22:10:50.987Z".parse().unwrap(),
                    data: b"Hello".to_vec(),
                }]
            );
        }
    }

    #[test]
    fn what_is_something_else_is_named() {
        let mut bad_data = event();
        bad_data["Records"][0]["kinesis"]["data"] = json!("*");
        for (object, expected) in [
            (b"{}".to_vec(), "not what Lambda writes"),
            (document(&json!("{}")), "not an event"),
            (document(&Value::Null), "no `payload`"),
            (document(&json!(bad_data.to_string())), "shardId-000000000006:4959 is not base64"),
        ] {
            let error = format!("{:#}", DiscardedBatch::parse(&object).unwrap_err());
            assert!(error.contains(expected), "{error}");
        }
    }
}
