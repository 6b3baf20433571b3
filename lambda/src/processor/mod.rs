//! A batch of the stream: decode (pure) → apply (one transaction) → refresh the cache → quarantine → report (pure). Calls go
//! forward, never back up, and every step may be repeated: a batch that dies anywhere comes again as a whole.
//!
//! - `decode`: records to events and rejections
//! - `rejections`: what goes to the quarantine
//! - `refresh`: the cache is told, or what it has yet to be told is remembered
//! - `report`: the log line, and the answer to Lambda

mod decode;
mod refresh;
mod rejections;
mod report;

use aws_lambda_events::event::streams::KinesisEventResponse;
use lambda_runtime::LambdaEvent;
use pipegen_contract::batch_line::Stage;
use pipegen_event::Event;
use pipegen_store::Outcome;
use tokio::time::Instant;

use crate::answer::{Again, again, within};
use crate::deadline::stop_at;
use crate::event::{KinesisBatch, KinesisRecord};
use crate::failure::Failure;
use crate::objects::{self, StoreObjectError};
use crate::resources::ProcessorResources;

use decode::decode;
use refresh::{Told, refresh};
use rejections::Rejections;
use report::BatchReport;

/// Processes one batch. A batch that could not be processed is reported by its first record, so that Lambda sends it again.
///
/// # Errors
/// If the batch is too slow as a whole, so that Lambda halves it, or somebody has to see to the database. Everything else that can go wrong is in the response.
pub async fn handle(
    event: LambdaEvent<KinesisBatch>,
    resources: &ProcessorResources,
) -> Result<KinesisEventResponse, Failure> {
    let KinesisBatch { records } = event.payload;
    let stop_at = stop_at(event.context.deadline());
    let mut report = BatchReport::default();
    if let Err(why) = Box::pin(process(&records, resources, stop_at, &mut report)).await {
        return again(why, &records);
    }
    report.write(&event.context.request_id, &records);
    Ok(KinesisEventResponse::default())
}

async fn process(
    records: &[KinesisRecord],
    resources: &ProcessorResources,
    stop_at: Instant,
    report: &mut BatchReport,
) -> Result<(), Again> {
    let mut rejections = Rejections::default();
    let started = Instant::now();
    let accepted = decode(records, &resources.settings, &mut rejections);
    report.took(Stage::Decode, started);

    let started = Instant::now();
    let events: Vec<&Event> = accepted.iter().map(|accepted| &accepted.event).collect();
    let applied =
        within(stop_at, Stage::Apply.name(), resources.database.run(async |store| store.apply(&events).await)).await?;
    report.took(Stage::Apply, started);
    report.count(&applied.outcomes);
    for (accepted, outcome) in accepted.iter().zip(applied.outcomes) {
        if let Outcome::Rejected(rejection) = outcome {
            rejections.push(&records[accepted.record], accepted.index, accepted.text, &rejection);
        }
    }

    let started = Instant::now();
    let told = within(stop_at, Stage::Refresh.name(), refresh(resources, &applied.views)).await?;
    report.took(Stage::Refresh, started);
    match told {
        Told::Cache(refreshed) => report.refreshed = refreshed,
        Told::Pending(pending) => report.pending = pending,
    }

    let started = Instant::now();
    report.count_rejected(&rejections);
    within(stop_at, Stage::Quarantine.name(), Box::pin(quarantine(resources, rejections))).await?;
    report.took(Stage::Quarantine, started);
    Ok(())
}

async fn quarantine(resources: &ProcessorResources, rejections: Rejections) -> Result<(), StoreObjectError> {
    for object in rejections.into_objects() {
        let bucket = &resources.settings.quarantine_bucket;
        objects::store(&resources.s3, bucket, object).await?;
    }
    Ok(())
}
