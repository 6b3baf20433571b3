//! Batches, and batches that are discarded.

use std::sync::Arc;
use std::time::Duration;

use super::encoded_record::EncodedRecord;

/// A record that was picked up and is not processed yet.
#[derive(Clone, Debug)]
pub(super) struct QueuedRecord {
    pub(super) record: Arc<EncodedRecord>,
    pub(super) picked_up: Duration,
    /// The record's size in an event, in bytes.
    pub(super) size: usize,
    /// The record's place in its shard, counted by this mapping.
    pub(super) position: u64,
    /// There once it was acknowledged: the position of the first record of its batch then. Such a record is delivered
    /// again.
    pub(super) acknowledged: Option<u64>,
}

impl QueuedRecord {
    pub(super) fn is_repeated(&self) -> bool {
        self.acknowledged.is_some()
    }
}

/// Records that are invoked together, in order.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) queued: Vec<QueuedRecord>,
    /// The number of retries, as it is or as part of a larger batch.
    pub(super) retries: u32,
    /// The number of invocations, as it is or as part of a larger batch.
    pub(super) invocations: u32,
}

/// A batch that is discarded.
#[derive(Clone, Debug)]
pub struct DiscardedBatch {
    /// Records of one shard, in order.
    pub records: Vec<Arc<EncodedRecord>>,
    /// The number of those that had been acknowledged before.
    pub repeated: usize,
    pub condition: Condition,
    /// The number of invocations with these records.
    pub invocations: u32,
}

/// The reason for discarding a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    RetryAttemptsExhausted,
    RecordAgeExceeded,
}

impl Condition {
    /// Returns Lambda's name of the condition.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RetryAttemptsExhausted => "RetryAttemptsExhausted",
            Self::RecordAgeExceeded => "RecordAgeExceeded",
        }
    }
}

impl Batch {
    pub(super) fn records(&self) -> Vec<Arc<EncodedRecord>> {
        self.queued.iter().map(|queued| Arc::clone(&queued.record)).collect()
    }

    /// Splits off the records from this position on, as a batch with the same counts.
    pub(super) fn split_off(&mut self, position: usize) -> Self {
        Self { queued: self.queued.split_off(position), retries: self.retries, invocations: self.invocations }
    }

    /// Removes the records that exceed the maximum age. A lane picks up in order, so they are the first ones.
    pub(super) fn take_expired(&mut self, now: Duration, maximum_age: Option<Duration>) -> Option<DiscardedBatch> {
        let maximum_age = maximum_age?;
        let expired = self.queued.partition_point(|queued| queued.picked_up + maximum_age <= now);
        if expired == 0 {
            return None;
        }
        let rest = self.split_off(expired);
        let expired = std::mem::replace(self, rest);
        Some(expired.discard(Condition::RecordAgeExceeded))
    }

    pub(super) fn discard(self, condition: Condition) -> DiscardedBatch {
        let repeated = self.queued.iter().filter(|record| record.is_repeated()).count();
        DiscardedBatch { records: self.records(), repeated, condition, invocations: self.invocations }
    }
}
