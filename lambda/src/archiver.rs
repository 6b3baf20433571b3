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
use crate::objects::{ObjectLines, RawBytes, StoreObjectError, arrival_time, store};
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
    #[serde(flatten)]
    event: RawBytes<'a>,
}

impl<'a> From<&'a KinesisRecord> for ArchiveLine<'a> {
    fn from(record: &'a KinesisRecord) -> Self {
        Self {
            shard: record.shard(),
            sequence_number: record.sequence_number(),
            arrived_at: arrival_time(record),
            partition_key: record.partition_key(),
            event: record.data().into(),
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
    let KinesisBatch { records } = event.payload;
    let stop_at = stop_at(event.context.deadline());
    match run_stage(stop_at, "archive", Box::pin(archive(&records, resources))).await {
        Ok(objects) => report(&event.context.request_id, &records, objects),
        Err(failure) => return respond_to_failure(failure, &records),
    }
    Ok(KinesisEventResponse::default())
}

/// Stores the objects, one after the other, and returns how many.
async fn archive(records: &[KinesisRecord], resources: &ArchiverResources) -> Result<usize, StoreObjectError> {
    let mut lines = ObjectLines::new(ARCHIVE);
    for record in records {
        lines.push(record, &ArchiveLine::from(record));
    }
    let objects = lines.finish();
    let count = objects.len();
    for object in objects {
        store(&resources.s3, &resources.settings.archive_bucket, object).await?;
    }
    Ok(count)
}

fn report(request_id: &str, records: &[KinesisRecord], objects: usize) {
    let mut line = MetricLine::of_batch("archived", request_id, records);
    line.field("records", records.len());
    line.field("objects", objects);
    line.field("lag_milliseconds", lag_milliseconds(records));
    line.write();
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipegen_contract::archive_line::FIELDS;
    use serde_json::json;

    /// The table over the archive is declared with the contract's fields, so every line has exactly these, whatever its
    /// bytes.
    #[test]
    fn every_line_has_the_fields_of_the_contract() {
        let mut contract = FIELDS.map(|(name, _)| name);
        contract.sort_unstable();
        for (data, event, event_base64) in
            [("SGVsbG8=", json!("Hello"), json!(null)), ("/w==", json!(null), json!("/w=="))]
        {
            let record: KinesisRecord = serde_json::from_str(&format!(
                r#"{{"eventID": "shardId-000000000006:4959", "kinesis": {{"approximateArrivalTimestamp": 1545084650.987,
                    "data": "{data}", "partitionKey": "acme/85123A", "sequenceNumber": "4959"}}}}"#
            ))
            .unwrap();
            let line = serde_json::to_value(ArchiveLine::from(&record)).unwrap();
            let mut found: Vec<_> = line.as_object().unwrap().keys().collect();
            found.sort();
            assert_eq!(found, contract);
            assert_eq!((&line["event"], &line["event_base64"]), (&event, &event_base64));
        }
    }
}
