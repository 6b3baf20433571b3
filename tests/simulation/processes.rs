//! Processes of the functions: an invocation runs the runtime's own code, and may end in the middle of it.

use std::sync::Arc;
use std::time::Duration;

use pipegen::lambda_host::InvocationOutcome;
use pipegen_lambda::archiver::archive;
use pipegen_lambda::batch_response::respond_to_failure;
use pipegen_lambda::kinesis::KinesisBatch;
use pipegen_lambda::pending::drain;
use pipegen_lambda::processor::{BatchReport, process};
use pipegen_lambda::resources::ArchiverResources;
use pipegen_lambda::stage::{StageFailure, run_stage};
use tokio::time::{Instant, sleep, timeout};

use crate::world::{Processor, World};

/// The time of an invocation, less what is kept to report.
const TIME: Duration = Duration::from_secs(59);

/// The longest time after which a process crashes.
const CRASH: Duration = Duration::from_millis(60);

/// The pause between two runs of maintenance.
const BETWEEN_RUNS: Duration = Duration::from_secs(1);

/// A process of a function, with what it keeps between invocations.
pub(crate) enum Process {
    Processor(Arc<Processor>),
    Archiver(Arc<ArchiverResources>),
}

impl Process {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Processor(_) => "processor",
            Self::Archiver(_) => "archiver",
        }
    }

    /// Runs an invocation. Returns its outcome, and the process if it is still there.
    pub(crate) async fn invoke(self, world: &World, event: &[u8]) -> (InvocationOutcome, Option<Self>) {
        world.busy.notify_waiters();
        world.schedule.pause().await;
        let crashes = if world.is_healed() { 0 } else { world.plan.crashes };
        let outcome = if world.schedule.one_in(crashes) {
            // What it was about to do is dropped where it waits.
            timeout(world.schedule.up_to(CRASH), self.handle(world, event)).await.ok()
        } else {
            Some(self.handle(world, event).await)
        };
        // It may also end when everything is done and only the answer is not sent.
        match outcome {
            Some(_) if world.schedule.one_in(2 * crashes) => (InvocationOutcome::Failed, None),
            Some(outcome) => (outcome, Some(self)),
            None => (InvocationOutcome::Failed, None),
        }
    }

    async fn handle(&self, world: &World, event: &[u8]) -> InvocationOutcome {
        let began = world.schedule.elapsed();
        let batch: KinesisBatch = serde_json::from_slice(event).expect("Lambda's event");
        let stop_at = Instant::now() + TIME;
        let result: Result<(), StageFailure> = match self {
            Self::Processor(resources) => {
                Box::pin(process(&batch, resources, stop_at, &mut BatchReport::default())).await
            }
            Self::Archiver(resources) => {
                run_stage(stop_at, "archive", Box::pin(archive(&batch, resources))).await.map(|_| ())
            }
        };
        let response = match result {
            Ok(()) => {
                if matches!(self, Self::Processor(_)) {
                    world.acknowledged(&batch, began);
                }
                return InvocationOutcome::Answered(br#"{"batchItemFailures":[]}"#.to_vec());
            }
            Err(failure) => respond_to_failure(failure, &batch),
        };
        match response {
            Ok(response) => InvocationOutcome::Answered(serde_json::to_vec(&response).expect("JSON")),
            Err(_) => InvocationOutcome::Failed,
        }
    }
}

/// Drains pending refreshes again and again, as maintenance does.
pub(crate) async fn maintain(world: Arc<World>) {
    let (database, cache) = (world.client((0, Duration::ZERO)), world.cache());
    while !world.is_stopped() {
        sleep(world.schedule.up_to(2 * BETWEEN_RUNS)).await;
        if world.is_healed() {
            // The processors must catch up by themselves first.
            return;
        }
        let drained = drain(&database, &cache).await.map_err(|error| error.to_string());
        world.schedule.note(format!("maintain drained {drained:?}"));
    }
}
