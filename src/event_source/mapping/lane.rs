//! One lane of a shard: one batch after the other, never two at once. Lambda's `ParallelizationFactor` is the number of
//! lanes.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::batch::{Batch, Condition, DiscardedBatch, QueuedRecord};
use super::encoded_record::EncodedRecord;
use super::event;
use super::partial_response::{BatchResult, batch_result};
use super::settings::MappingSettings;
use crate::lambda_host::InvocationOutcome;

/// The records of some partition keys of one shard.
#[derive(Debug, Default)]
pub(super) struct Lane {
    /// Records that are in no batch yet.
    waiting: VecDeque<QueuedRecord>,
    /// The bytes of those.
    waiting_bytes: usize,
    /// The rest of the current batch, in order. The next batch is formed when nothing is left.
    parts: VecDeque<Batch>,
    in_flight: Option<Batch>,
    /// The time of the next retry.
    retry_at: Option<Duration>,
    /// Consecutive failures without progress.
    failures: u32,
    cut: Cut,
}

/// The ends of the batches of records that are delivered again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Cut {
    /// As full as others.
    #[default]
    Anew,
    /// None crosses an end of the batches with which they were acknowledged.
    AsBefore,
}

/// The next action of a lane.
pub(super) enum LaneStep {
    /// Invoke the function with these records, and call [`Lane::finished`] with the outcome.
    Invoke(Vec<Arc<EncodedRecord>>),
    /// Discard this batch, and ask again.
    Discard(DiscardedBatch),
    /// Ask again at this time, or when something has happened.
    Wait(Option<Duration>),
}

/// The effect of an outcome.
#[derive(Debug, Default)]
pub(super) struct LaneProgress {
    /// The records that were processed.
    pub(super) delivered: Vec<QueuedRecord>,
    /// True if those were all records of the batch, for the first time.
    pub(super) complete: bool,
    /// True if the batch is retried unchanged.
    pub(super) retried: bool,
    /// True if the batch was bisected, or split at a checkpoint.
    pub(super) bisected: bool,
    pub(super) discarded: Option<DiscardedBatch>,
}

impl Lane {
    pub(super) fn cut(cut: Cut) -> Self {
        Self { cut, ..Self::default() }
    }

    /// Returns all records that are neither processed nor discarded, in order. Nothing may be in flight.
    pub(super) fn into_records(self) -> impl Iterator<Item = QueuedRecord> {
        self.parts.into_iter().flat_map(|part| part.queued).chain(self.waiting)
    }

    pub(super) fn is_in_flight(&self) -> bool {
        self.in_flight.is_some()
    }

    pub(super) fn offer(&mut self, record: QueuedRecord) {
        self.waiting_bytes += record.size;
        self.waiting.push_back(record);
    }

    /// Returns the bytes of records that are in no batch yet.
    pub(super) fn waiting_bytes(&self) -> usize {
        self.waiting_bytes
    }

    /// Returns when the oldest record that is not done was picked up.
    pub(super) fn oldest(&self) -> Option<Duration> {
        let batches = self.in_flight.iter().chain(&self.parts).filter_map(|batch| batch.queued.first());
        batches.chain(self.waiting.front()).map(|queued| queued.picked_up).min()
    }

    /// Returns true if every record that was offered was processed or discarded.
    pub(super) fn is_done(&self) -> bool {
        self.waiting.is_empty() && self.parts.is_empty() && self.in_flight.is_none()
    }

    /// Returns the lane's next step.
    pub(super) fn next(&mut self, now: Duration, ended: bool, settings: &MappingSettings) -> LaneStep {
        if self.in_flight.is_some() {
            return LaneStep::Wait(None);
        }
        if let Some(until) = self.retry_at.filter(|&until| until > now) {
            return LaneStep::Wait(Some(until));
        }
        self.retry_at = None;
        let mut batch = match self.parts.pop_front() {
            Some(part) => part,
            None => match self.form_batch(now, ended, settings) {
                Ok(batch) => batch,
                Err(until) => return LaneStep::Wait(until),
            },
        };
        let expired = batch.take_expired(now, settings.maximum_age);
        if let Some(expired) = expired {
            if !batch.queued.is_empty() {
                self.parts.push_front(batch);
            }
            return LaneStep::Discard(expired);
        }
        let records = batch.records();
        self.in_flight = Some(batch);
        LaneStep::Invoke(records)
    }

    /// Forms the next batch when it is full, when its window is over, or when no more records can come. Otherwise
    /// returns the time at which to ask again.
    fn form_batch(
        &mut self,
        now: Duration,
        ended: bool,
        settings: &MappingSettings,
    ) -> Result<Batch, Option<Duration>> {
        let first = self.waiting.front().ok_or(None)?;
        let window_ends = first.picked_up + settings.window;
        let mut size = event::FRAME;
        let fitting = self
            .waiting
            .iter()
            .take(settings.batch_size)
            .take_while(|record| {
                // What is counted and what is not are never in one batch.
                let goes_with_first = match self.cut {
                    Cut::Anew => record.is_repeated() == first.is_repeated(),
                    Cut::AsBefore => record.acknowledged == first.acknowledged,
                };
                size += record.size;
                goes_with_first && size <= settings.payload_limit
            })
            .count();
        let full = fitting == settings.batch_size || fitting < self.waiting.len();
        if !full && !ended && window_ends > now {
            return Err(Some(window_ends));
        }
        // A record that is too large by itself goes alone: the function's response decides about it.
        let queued: Vec<_> = self.waiting.drain(..fitting.max(1)).collect();
        self.waiting_bytes -= queued.iter().map(|record| record.size).sum::<usize>();
        Ok(Batch { queued, ..Batch::default() })
    }

    /// Applies the outcome of the invocation.
    ///
    /// # Panics
    ///
    /// If nothing was invoked.
    pub(super) fn finished(
        &mut self,
        outcome: &InvocationOutcome,
        now: Duration,
        settings: &MappingSettings,
    ) -> LaneProgress {
        let mut batch = self.in_flight.take().expect("only an invoked lane has an outcome");
        batch.invocations += 1;
        match batch_result(outcome, &batch.queued) {
            BatchResult::Complete => {
                self.failures = 0;
                // The counts of a batch that comes again are known.
                let complete = batch.queued.iter().all(|record| !record.is_repeated());
                LaneProgress { delivered: batch.queued, complete, ..LaneProgress::default() }
            }
            BatchResult::Checkpoint(position) => {
                let rest = batch.split_off(position);
                if position == 0 {
                    return self.retry(rest, now, settings);
                }
                let delivered = batch.queued;
                self.failures = 0;
                if settings.bisect {
                    self.parts.push_front(rest);
                    return LaneProgress { delivered, bisected: true, ..LaneProgress::default() };
                }
                LaneProgress { delivered, ..self.retry(rest, now, settings) }
            }
            BatchResult::Failed if settings.bisect && batch.queued.len() > 1 => {
                let second = batch.split_off(batch.queued.len().div_ceil(2));
                self.parts.push_front(second);
                self.parts.push_front(batch);
                LaneProgress { bisected: true, ..LaneProgress::default() }
            }
            BatchResult::Failed => self.retry(batch, now, settings),
        }
    }

    /// Retries the batch after a wait, before any other; discards it if its retries are used up.
    fn retry(&mut self, mut batch: Batch, now: Duration, settings: &MappingSettings) -> LaneProgress {
        if settings.maximum_retries.is_some_and(|maximum| batch.retries >= maximum) {
            self.failures = 0;
            let discarded = Some(batch.discard(Condition::RetryAttemptsExhausted));
            return LaneProgress { discarded, ..LaneProgress::default() };
        }
        batch.retries = batch.retries.saturating_add(1);
        self.failures = self.failures.saturating_add(1);
        self.retry_at = Some(now + settings.backoff(self.failures));
        self.parts.push_front(batch);
        LaneProgress { retried: true, ..LaneProgress::default() }
    }
}
