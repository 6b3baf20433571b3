//! The response to Lambda for a batch that failed.

use aws_lambda_events::event::streams::KinesisEventResponse;
use lambda_runtime::tracing::error;

use crate::failure::{Failure, FailureKind};
use crate::kinesis::{KinesisBatch, KinesisRecord};
use crate::stage::StageFailure;

/// Logs the failure and makes Lambda retry the batch: unchanged, if its first record is reported, or bisected, if the
/// invocation fails.
///
/// # Errors
/// If the batch is too slow, or somebody has to see to the database.
pub fn respond_to_failure(failure: StageFailure, batch: &KinesisBatch) -> Result<KinesisEventResponse, Failure> {
    let mut response = KinesisEventResponse::default();
    let Some(KinesisRecord { shard, sequence_number: first_sequence_number, .. }) = batch.records().next() else {
        return Ok(response);
    };
    let records = batch.len();
    match failure {
        StageFailure::Transient { stage, message } => {
            error!(
                stage,
                why = message,
                shard,
                first_sequence_number,
                records,
                "the batch failed and is retried from its first record"
            );
            response.add_failure(first_sequence_number);
            Ok(response)
        }
        StageFailure::NotPrepared { stage, message } => {
            error!(
                stage,
                why = message,
                shard,
                first_sequence_number,
                records,
                "the batch cannot be processed before the database is prepared"
            );
            Err(Failure::new(FailureKind::DatabaseNotPrepared, message))
        }
        StageFailure::TooSlow { stage } => {
            error!(stage, shard, first_sequence_number, records, "the batch is too slow and is retried bisected");
            let message = format!("the stage `{stage}` ran out of time, in a batch of {records} records");
            Err(Failure::new(FailureKind::BatchTooSlow, message))
        }
    }
}
