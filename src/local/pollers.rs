//! The pollers of a deployment's event source mappings.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::Arc;

use anyhow::Context as _;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::event_source::poller::{Poller, PollerInput};
use crate::event_source::status::{PollerReport, SharedStatus};

/// The report of each mapping, by the function's handler.
pub type PollerReports = BTreeMap<String, PollerReport>;

/// Pollers that run. They end when this is dropped.
pub struct Pollers {
    tasks: JoinSet<anyhow::Result<()>>,
    /// Tasks that fill the pollers' channels.
    readers: JoinSet<anyhow::Result<()>>,
    /// Hears of each poller when it has processed the records that end, by the function's handler.
    played: Vec<(String, oneshot::Receiver<PollerReport>)>,
    status: BTreeMap<String, Arc<SharedStatus>>,
}

impl Pollers {
    /// The first error of any of the readers ends the run.
    pub(super) fn new(readers: JoinSet<anyhow::Result<()>>) -> Self {
        Self { tasks: JoinSet::new(), readers, played: Vec::new(), status: BTreeMap::new() }
    }

    pub(super) fn start(&mut self, handler: String, poller: Poller, mut input: PollerInput) {
        let (played, hears) = oneshot::channel();
        input.played = Some(played);
        self.played.push((handler.clone(), hears));
        self.status.insert(handler, Arc::clone(&poller.status));
        self.tasks.spawn(async move { poller.consume(input).await.map(drop) });
    }

    /// Waits until every record is processed that does not come live.
    pub async fn played(&mut self) -> anyhow::Result<PollerReports> {
        let Self { tasks, readers, played, .. } = self;
        let all = async {
            let mut reports = PollerReports::new();
            for (handler, report) in played.drain(..) {
                match report.await {
                    Ok(report) => reports.insert(handler, report),
                    // The poller's own error says more.
                    Err(_) => pending().await,
                };
            }
            Ok(reports)
        };
        tokio::select! {
            biased;
            error = first_error(readers) => Err(error),
            error = first_error(tasks) => Err(error),
            reports = all => reports,
        }
    }

    /// Waits until every record is processed.
    pub async fn ended(&mut self) -> anyhow::Result<PollerReports> {
        let Self { tasks, readers, status, .. } = self;
        let all = async {
            while let Some(ended) = tasks.join_next().await {
                ended.context("a poller panicked")??;
            }
            Ok(status.iter().map(|(handler, status)| (handler.clone(), status.read().report)).collect())
        };
        tokio::select! {
            biased;
            error = first_error(readers) => Err(error),
            reports = all => reports,
        }
    }
}

/// Waits for the first error of any task; without one, for ever.
async fn first_error(tasks: &mut JoinSet<anyhow::Result<()>>) -> anyhow::Error {
    while let Some(ended) = tasks.join_next().await {
        if let Err(error) = ended.context("a task panicked").flatten() {
            return error;
        }
    }
    pending().await
}
