//! A batch on its way through a lane.

use std::sync::Arc;
use std::time::Duration;

use crate::records::Record;

/// A record and when it was picked up.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) record: Arc<Record>,
    pub(super) picked_up: Duration,
    /// What it takes in an event, in bytes.
    pub(super) size: usize,
}

/// Records that are invoked together, in order.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) held: Vec<Held>,
    /// How often it was tried again as it is, or as part of a larger one.
    pub(super) retries: u32,
    /// How often it was invoked, as it is or as part of a larger one.
    pub(super) invocations: u32,
}

/// A batch that is given up.
#[derive(Clone, Debug)]
pub struct DiscardedBatch {
    /// The records, of one shard, in order.
    pub records: Vec<Arc<Record>>,
    /// Why.
    pub condition: Condition,
    /// How often they were invoked.
    pub invocations: u32,
}

/// Why a batch is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It was tried as often as allowed.
    RetryAttemptsExhausted,
    /// It is older than allowed.
    RecordAgeExceeded,
}

impl Condition {
    /// Lambda's name for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RetryAttemptsExhausted => "RetryAttemptsExhausted",
            Self::RecordAgeExceeded => "RecordAgeExceeded",
        }
    }
}

impl Batch {
    pub(super) fn records(&self) -> Vec<Arc<Record>> {
        self.held.iter().map(|held| Arc::clone(&held.record)).collect()
    }

    /// Takes the records from this position on into a batch of their own, with the same history.
    pub(super) fn split_off(&mut self, position: usize) -> Self {
        Self { held: self.held.split_off(position), retries: self.retries, invocations: self.invocations }
    }

    /// Takes out the records that are too old by now. A lane picks up in order, so they are the first ones.
    pub(super) fn take_expired(&mut self, now: Duration, maximum_age: Option<Duration>) -> Option<DiscardedBatch> {
        let maximum_age = maximum_age?;
        let expired = self.held.partition_point(|held| held.picked_up + maximum_age <= now);
        if expired == 0 {
            return None;
        }
        let rest = self.split_off(expired);
        let expired = std::mem::replace(self, rest);
        Some(expired.discard(Condition::RecordAgeExceeded))
    }

    pub(super) fn discard(self, condition: Condition) -> DiscardedBatch {
        DiscardedBatch { records: self.records(), condition, invocations: self.invocations }
    }
}
