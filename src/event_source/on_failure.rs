//! The object that Lambda writes to an on-failure destination in S3 about a discarded batch.
//!
//! Documented in Lambda's developer guide ("Retain discarded batch records for a Kinesis Data Streams event source"):
//! key `aws/lambda/{mapping}/{shard}/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-{random UUID}`, and the whole event as a string in
//! `payload`.

use std::sync::Arc;

use aws_sdk_s3::error::DisplayErrorContext;
use chrono::{DateTime, SecondsFormat, Utc};
use pipegen_contract::object_key;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::emulators::s3::Buckets;
use crate::event_source::mapping::{DiscardedBatch, Origin, event};

/// The last invocation of a batch.
#[derive(Clone, Debug, Default)]
pub struct LastInvocation {
    pub request_id: String,
    /// True if it ended in a function error, rather than in a partial response.
    pub failed: bool,
}

/// An on-failure destination: a bucket.
#[derive(Clone, Debug)]
pub struct OnFailureDestination {
    pub storage: Storage,
    pub bucket: String,
    /// The event source mapping's id.
    pub mapping: String,
}

/// The service that holds a bucket.
#[derive(Clone, Debug)]
pub enum Storage {
    /// Buckets in a folder on this machine.
    Local(Arc<Buckets>),
    /// S3 in an account.
    Account(aws_sdk_s3::Client),
}

impl OnFailureDestination {
    /// Writes the object about a batch of this origin.
    pub async fn write(
        &self,
        function_arn: &str,
        origin: &Origin,
        discarded: &DiscardedBatch,
        last: Option<&LastInvocation>,
        now: DateTime<Utc>,
    ) -> anyhow::Result<()> {
        let Some(first) = discarded.records.first() else { return Ok(()) };
        let key = format!(
            "{}{}/{}/{}-{}",
            object_key::ON_FAILURE,
            self.mapping,
            first.shard(),
            now.format("%Y/%m/%d/%Y-%m-%dT%H.%M.%S"),
            Uuid::new_v4()
        );
        let content = invocation_record(function_arn, origin, discarded, last, now).to_string();
        match &self.storage {
            Storage::Local(buckets) => buckets.put(&self.bucket, &key, content.as_bytes(), true)?,
            Storage::Account(client) => {
                let put = client.put_object().bucket(&self.bucket).key(key).body(content.into_bytes().into());
                put.send().await.map_err(|error| anyhow::anyhow!("{}", DisplayErrorContext(error)))?;
            }
        }
        Ok(())
    }
}

fn invocation_record(
    function_arn: &str,
    origin: &Origin,
    discarded: &DiscardedBatch,
    last: Option<&LastInvocation>,
    now: DateTime<Utc>,
) -> Value {
    let time = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Millis, true);
    let records = &discarded.records;
    let (first, last_record) = (records.first(), records.last());
    let mut response = json!({"statusCode": 200, "executedVersion": "$LATEST"});
    if last.is_some_and(|last| last.failed) {
        response["functionError"] = json!("Unhandled");
    }
    json!({
        "requestContext": {
            "requestId": last.map(|last| &last.request_id),
            "functionArn": function_arn,
            "condition": discarded.condition.name(),
            "approximateInvokeCount": discarded.invocations,
        },
        "responseContext": response,
        "version": "1.0",
        "timestamp": time(now),
        "KinesisBatchInfo": {
            "shardId": first.map(|record| record.shard()),
            "startSequenceNumber": first.map(|record| record.sequence_number()),
            "endSequenceNumber": last_record.map(|record| record.sequence_number()),
            "approximateArrivalOfFirstRecord": first.map(|record| time(record.arrived_at)),
            "approximateArrivalOfLastRecord": last_record.map(|record| time(record.arrived_at)),
            "batchSize": records.len(),
            "streamArn": origin.stream_arn,
        },
        "payload": String::from_utf8_lossy(&event(records, origin)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event_source::mapping::{Condition, EncodedRecord};
    use crate::records::Record;

    fn record(number: &str) -> Arc<EncodedRecord> {
        Arc::from(Record {
            shard: "shardId-000000000001".to_owned(),
            sequence_number: number.to_owned(),
            partition_key: "acme/1".to_owned(),
            arrived_at: "2019-11-14T00:38:04.835Z".parse().expect("a time"),
            data: b"Hello".to_vec(),
        })
    }

    #[tokio::test]
    async fn the_object_has_lambdas_key_and_form() {
        let folder = tempfile::tempdir().expect("a folder");
        let buckets = Arc::new(Buckets::open(folder.path().to_owned(), &["bucket"]).expect("a folder"));
        let storage = Storage::Local(buckets);
        let destination = OnFailureDestination { storage, bucket: "bucket".to_owned(), mapping: "an id".to_owned() };
        let discarded = DiscardedBatch {
            records: vec![record("1"), record("2")],
            repeated: 0,
            condition: Condition::RetryAttemptsExhausted,
            invocations: 3,
        };
        let last = LastInvocation { request_id: "an id".to_owned(), failed: true };
        let now = "2019-11-14T00:38:06.021Z".parse().expect("a time");
        let origin = Origin::new("arn:stream", "arn:role");
        destination.write("arn:function", &origin, &discarded, Some(&last), now).await.expect("written");

        let day = folder.path().join("bucket/aws/lambda/an id/shardId-000000000001/2019/11/14");
        let entry = std::fs::read_dir(day).expect("the day").next().expect("one object").expect("readable");
        let name = entry.file_name().into_string().expect("text");
        assert!(name.starts_with("2019-11-14T00.38.06-") && name.len() == 20 + 36, "{name}");
        let mut object: Value = serde_json::from_slice(&std::fs::read(entry.path()).expect("read")).expect("JSON");
        let payload = object["payload"].take();
        let event: Value = serde_json::from_str(payload.as_str().expect("a string")).expect("the event");
        assert_eq!(event["Records"][1]["kinesis"]["data"], "SGVsbG8=");
        assert_eq!(
            object,
            json!({
                "requestContext": {"requestId": "an id", "functionArn": "arn:function", "condition": "RetryAttemptsExhausted", "approximateInvokeCount": 3},
                "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
                "version": "1.0",
                "timestamp": "2019-11-14T00:38:06.021Z",
                "KinesisBatchInfo": {
                    "shardId": "shardId-000000000001",
                    "startSequenceNumber": "1",
                    "endSequenceNumber": "2",
                    "approximateArrivalOfFirstRecord": "2019-11-14T00:38:04.835Z",
                    "approximateArrivalOfLastRecord": "2019-11-14T00:38:04.835Z",
                    "batchSize": 2,
                    "streamArn": "arn:stream",
                },
                "payload": null,
            })
        );
    }
}
