//! The work of a mapping as it goes on, for whoever looks at it meanwhile.

use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::mapping::Statistics;
use super::tally::Tally;

/// The work of a poller.
#[derive(Clone, Debug, Default)]
pub struct PollerReport {
    pub statistics: Statistics,
    /// The time from the first invocation to the last acknowledgement.
    pub elapsed: Duration,
    /// The counts of events in the acknowledged batches.
    pub tally: Tally,
}

/// A mapping's work so far.
#[derive(Clone, Debug, Default)]
pub struct MappingStatus {
    /// Records that were picked up.
    pub picked_up: u64,
    /// The time at which the oldest record was picked up that is neither acknowledged nor discarded.
    pub oldest: Option<Instant>,
    pub report: PollerReport,
}

impl MappingStatus {
    /// Returns the number of records that are picked up and not done.
    pub fn waiting(&self) -> u64 {
        let Statistics { delivered, discarded, .. } = self.report.statistics;
        self.picked_up.saturating_sub(delivered + discarded)
    }
}

/// The status that a poller writes, once for each chunk and each batch, and others read; and what they ask of it.
#[derive(Debug, Default)]
pub struct SharedStatus {
    status: Mutex<MappingStatus>,
    flush: Notify,
    redeliver: Notify,
}

impl SharedStatus {
    pub fn read(&self) -> MappingStatus {
        self.status.lock().clone()
    }

    /// Asks the poller not to wait for the windows of the batches that it has.
    pub fn flush(&self) {
        self.flush.notify_one();
    }

    /// Asks the poller to lose its checkpoints, and to deliver again what was acknowledged last.
    pub fn redeliver(&self) {
        self.redeliver.notify_one();
    }

    pub(super) fn update(&self, change: impl FnOnce(&mut MappingStatus)) {
        change(&mut self.status.lock());
    }

    /// Waits until somebody asks for a flush.
    pub(super) async fn asked_to_flush(&self) {
        self.flush.notified().await;
    }

    /// Waits until somebody asks for deliveries again.
    pub(super) async fn asked_to_redeliver(&self) {
        self.redeliver.notified().await;
    }
}
