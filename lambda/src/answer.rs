//! What Lambda is told about a batch: that it is done, or from where on it must come again.

use std::error::Error;

use aws_lambda_events::event::streams::KinesisEventResponse;
use lambda_runtime::tracing::error;
use tokio::time::{Instant, timeout_at};

use crate::event::KinesisRecord;
use crate::logging::chain;

/// Why a batch has to come again.
#[derive(Debug)]
pub struct Again {
    stage: &'static str,
    why: String,
}

/// A stage's result, if it comes in time.
pub async fn within<T, E: Error>(
    stop_at: Instant,
    stage: &'static str,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, Again> {
    match timeout_at(stop_at, work).await {
        Ok(result) => result.map_err(|error| Again { stage, why: chain(&error) }),
        Err(_) => Err(Again { stage, why: "the invocation's time does not suffice".to_owned() }),
    }
}

/// Reports a batch by its first record, so that Lambda sends all of it again, and logs why.
pub fn again(Again { stage, why }: &Again, records: &[KinesisRecord]) -> KinesisEventResponse {
    let mut response = KinesisEventResponse::default();
    if let Some(first) = records.first() {
        error!(
            stage,
            why,
            shard = first.shard(),
            first_sequence_number = first.sequence_number(),
            records = records.len(),
            "the batch is reported and comes again"
        );
        response.add_failure(first.sequence_number());
    }
    response
}
