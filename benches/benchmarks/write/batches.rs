//! The stream as batches: Lambda's events, made before anything is measured.

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use pipegen::records::Record;
use serde_json::json;

/// The batches of each shard, in order: the events that Lambda hands over.
pub(super) type Shards = Vec<Vec<Bytes>>;

/// Distributes the records to shards by their partition keys, as Kinesis does, and cuts each shard into batches.
pub(super) fn split(records: &[Record], shards: usize, size: usize) -> Result<Shards> {
    let mut by_shard: Vec<Vec<&Record>> = (0..shards).map(|_| Vec::new()).collect();
    for record in records {
        let hash = usize::from(other_md5::compute(&record.partition_key).0[0]);
        by_shard[hash * shards / 256].push(record);
    }
    by_shard.iter().map(|records| records.chunks(size).map(event).collect()).collect()
}

fn event(records: &[&Record]) -> Result<Bytes> {
    let records: Vec<_> = records.iter().map(|record| {
        let arrived_at = record.arrived_at.timestamp_micros();
        let seconds = format!("{}.{:03}", arrived_at.div_euclid(1_000_000), arrived_at.rem_euclid(1_000_000) / 1000);
        let seconds: f64 = seconds.parse().context("an arrival before 1970")?;
        Ok(json!({
            "kinesis": {
                "kinesisSchemaVersion": "1.0", "partitionKey": record.partition_key,
                "sequenceNumber": record.sequence_number, "data": STANDARD.encode(&record.data),
                "approximateArrivalTimestamp": seconds,
            },
            "eventSource": "aws:kinesis", "eventVersion": "1.0",
            "eventID": format!("shardId-000000000000:{}", record.sequence_number), "eventName": "aws:kinesis:record",
            "invokeIdentityArn": "arn:aws:iam::111122223333:role/measured", "awsRegion": "us-east-1",
            "eventSourceARN": "arn:aws:kinesis:us-east-1:111122223333:stream/measured",
        }))
    }).collect::<Result<_>>()?;
    Ok(serde_json::to_vec(&json!({"Records": records}))?.into())
}
