//! `archiver`: keeps every record of the stream, byte for byte, in compressed objects by hour of arrival. It decodes
//! nothing, so it can refuse nothing.

use aws_lambda_events::event::streams::KinesisEventResponse;
use lambda_runtime::LambdaEvent;
use pipegen_contract::object_key::ARCHIVE;
use serde::Serialize;

use crate::batch_response::respond_to_failure;
use crate::deadline::stop_at;
use crate::failure::Failure;
use crate::kinesis::{KinesisBatch, KinesisRecord};
use crate::metrics::{MetricLine, lag_milliseconds};
use crate::objects::{ObjectLines, StoreObjectError, arrival_time, store, text_or_base64};
use crate::resources::ArchiverResources;
use crate::stage::run_stage;

/// A record in the archive, with the fields of [`pipegen_contract::archive_line`]. Readers take each (shard, sequence
/// number) once.
#[derive(Serialize)]
struct ArchiveLine<'a> {
    shard: &'a str,
    sequence_number: &'a str,
    arrived_at: String,
    partition_key: &'a str,
    event: Option<&'a str>,
    event_base64: Option<String>,
}

impl<'a> From<KinesisRecord<'a>> for ArchiveLine<'a> {
    fn from(record: KinesisRecord<'a>) -> Self {
        let (event, event_base64) = text_or_base64(record.data);
        Self {
            shard: record.shard,
            sequence_number: record.sequence_number,
            arrived_at: arrival_time(record),
            partition_key: record.partition_key,
            event,
            event_base64,
        }
    }
}

/// Archives one batch. A batch that could not be archived is reported by its first record, so that Lambda retries it.
///
/// # Errors
/// If the batch is too slow as a whole, so that Lambda bisects it. Any other failure is in the response.
pub async fn handle(
    event: LambdaEvent<KinesisBatch>,
    resources: &ArchiverResources,
) -> Result<KinesisEventResponse, Failure> {
    let batch = event.payload;
    let stop_at = stop_at(event.context.deadline());
    match run_stage(stop_at, "archive", Box::pin(archive(&batch, resources))).await {
        Ok(objects) => report(&event.context.request_id, &batch, objects),
        Err(failure) => return respond_to_failure(failure, &batch),
    }
    Ok(KinesisEventResponse::default())
}

/// Stores the objects, one after the other, and returns how many.
pub async fn archive(batch: &KinesisBatch, resources: &ArchiverResources) -> Result<usize, StoreObjectError> {
    let mut lines = ObjectLines::new(ARCHIVE);
    for record in batch.records() {
        lines.push(record, &ArchiveLine::from(record));
    }
    let objects = lines.finish();
    let count = objects.len();
    for object in objects {
        store(&resources.s3, &resources.settings.archive_bucket, object).await?;
    }
    Ok(count)
}

fn report(request_id: &str, batch: &KinesisBatch, objects: usize) {
    let mut line = MetricLine::of_batch("archived", request_id, batch);
    line.field("records", batch.len());
    line.field("objects", objects);
    line.field("lag_milliseconds", lag_milliseconds(batch));
    line.write();
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use pipegen_contract::archive_line::FIELDS;
    use serde_json::json;

    /// The table over the archive is declared with the contract's fields, so every line has exactly these, whatever its
    /// bytes.
    #[test]
    fn every_line_has_the_fields_of_the_contract() {
        let mut contract = FIELDS.map(|(name, _)| name);
        contract.sort_unstable();
        for (data, event, event_base64) in
            [(&b"Hello"[..], json!("Hello"), json!(null)), (b"\xff", json!(null), json!("/w=="))]
        {
            let record = KinesisRecord {
                shard: "shardId-000000000006",
                sequence_number: "4959",
                partition_key: "acme/85123A",
                arrived_at: DateTime::from_timestamp_millis(1_545_084_650_987).unwrap(),
                data,
            };
            let line = serde_json::to_value(ArchiveLine::from(record)).unwrap();
            let mut found: Vec<_> = line.as_object().unwrap().keys().collect();
            found.sort();
            assert_eq!(found, contract);
            assert_eq!((&line["event"], &line["event_base64"]), (&event, &event_base64));
            assert_eq!(line["arrived_at"], "2018-12-17T22:10:50.987000Z");
        }
    }
}
