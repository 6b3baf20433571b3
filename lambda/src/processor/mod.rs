//! `processor`: applies a batch of the stream. Decode (pure) → apply (one transaction) → refresh the cache and, beside
//! that, quarantine → report (pure). Calls go forward, never back up, and every step may be repeated: a batch that fails
//! anywhere is retried as a whole.
//!
//! - `decode`: decoding of records to events and rejections
//! - `rejections`: the objects for the quarantine
//! - `refresh`: refreshing the cache, or adding to the table of pending refreshes
//! - `report`: the log line about a batch

mod decode;
mod refresh;
mod rejections;
mod report;

use std::time::Duration;

use aws_lambda_events::event::streams::KinesisEventResponse;
use lambda_runtime::LambdaEvent;
use pipegen_contract::batch_line::Stage;
use pipegen_event::Event;
use pipegen_store::EventOutcome;
use tokio::time::Instant;

use crate::batch_response::respond_to_failure;
use crate::cache::Server;
use crate::database::Tables;
use crate::deadline::stop_at;
use crate::failure::Failure;
use crate::kinesis::KinesisBatch;
use crate::objects::{self, StoreObjectError};
use crate::resources::ProcessorResources;
use crate::stage::{StageFailure, run_stage};

use decode::decode;
use refresh::{RefreshOutcome, refresh};
use rejections::Rejections;
pub use report::BatchReport;

/// Processes one batch. A batch that could not be processed is reported by its first record, so that Lambda retries it.
///
/// # Errors
/// If the batch is too slow as a whole, so that Lambda bisects it, or somebody has to see to the database. Any other
/// failure is in the response.
pub async fn handle(
    event: LambdaEvent<KinesisBatch>,
    resources: &ProcessorResources,
) -> Result<KinesisEventResponse, Failure> {
    let batch = event.payload;
    let stop_at = stop_at(event.context.deadline());
    let mut report = BatchReport::default();
    if let Err(failure) = Box::pin(process(&batch, resources, stop_at, &mut report)).await {
        return respond_to_failure(failure, &batch);
    }
    report.write(&event.context.request_id, &batch);
    Ok(KinesisEventResponse::default())
}

/// Processes a batch, until `stop_at` at the latest, and reports on it.
///
/// # Errors
/// If a stage failed. What those before it did stays done.
pub async fn process(
    batch: &KinesisBatch,
    resources: &ProcessorResources<impl Tables, impl Server>,
    stop_at: Instant,
    report: &mut BatchReport,
) -> Result<(), StageFailure> {
    let mut rejections = Rejections::default();
    let started = Instant::now();
    let accepted = decode(batch, &resources.settings, &mut rejections);
    report.took(Stage::Decode, started.elapsed());

    let started = Instant::now();
    let events: Vec<&Event> = accepted.iter().map(|accepted| &accepted.event).collect();
    let applied =
        run_stage(stop_at, Stage::Apply.name(), resources.database.run(async |store| store.apply(&events).await))
            .await?;
    report.took(Stage::Apply, started.elapsed());
    report.count(&applied.outcomes);
    for (accepted, outcome) in accepted.iter().zip(applied.outcomes) {
        if let EventOutcome::Rejected(rejection) = outcome {
            rejections.push(batch.record(accepted.record), accepted.index, accepted.text, &rejection);
        }
    }

    report.count_rejected(&rejections);
    // Both need the commit, and neither the other one.
    let ((refreshed, refresh_time), (quarantined, quarantine_time)) = tokio::join!(
        timed(run_stage(stop_at, Stage::Refresh.name(), refresh(resources, &applied.products))),
        timed(run_stage(stop_at, Stage::Quarantine.name(), Box::pin(quarantine(resources, rejections)))),
    );
    report.took(Stage::Refresh, refresh_time);
    report.took(Stage::Quarantine, quarantine_time);
    match refreshed? {
        RefreshOutcome::Refreshed(refreshed) => report.refreshed = refreshed,
        RefreshOutcome::Pending(pending) => report.pending = pending,
    }
    quarantined
}

/// Returns the time that the work took, too.
async fn timed<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let started = Instant::now();
    let done = work.await;
    (done, started.elapsed())
}

async fn quarantine(
    resources: &ProcessorResources<impl Tables, impl Server>,
    rejections: Rejections,
) -> Result<(), StoreObjectError> {
    for object in rejections.into_objects() {
        let bucket = &resources.settings.quarantine_bucket;
        objects::store(&resources.s3, bucket, object).await?;
    }
    Ok(())
}
