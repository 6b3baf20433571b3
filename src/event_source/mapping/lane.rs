//! One lane of a shard: batches one after the other, never two at once.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::answer::{Verdict, verdict};
use super::batch::{Batch, Condition, DiscardedBatch, Held};
use super::{MappingSettings, event};
use crate::lambda_host::Outcome;
use crate::records::Record;

/// The records of some partition keys of one shard.
#[derive(Debug, Default)]
pub(super) struct Lane {
    /// Picked up, in no batch yet.
    waiting: VecDeque<Held>,
    /// What is left of the current batch, in order. The next batch is cut when nothing is.
    pieces: VecDeque<Batch>,
    in_flight: Option<Batch>,
    /// When the next piece may be tried.
    resting_until: Option<Duration>,
    /// Failures since the last progress.
    failures: u32,
}

/// What a lane wants.
pub(super) enum Step {
    /// Invoke these records and tell the lane what came of it.
    Invoke(Vec<Arc<Record>>),
    /// These are given up; ask again.
    Discard(DiscardedBatch),
    /// Ask again at this time, or when something happened.
    Wait(Option<Duration>),
}

/// What an outcome did.
#[derive(Debug, Default)]
pub(super) struct Settled {
    /// How many records are done.
    pub(super) delivered: usize,
    /// Whether those were all of the batch.
    pub(super) complete: bool,
    /// Whether the batch, unchanged, is tried again.
    pub(super) retried: bool,
    /// Whether the batch was cut.
    pub(super) split: bool,
    /// What is given up.
    pub(super) discarded: Option<DiscardedBatch>,
}

impl Lane {
    pub(super) fn offer(&mut self, held: Held) {
        self.waiting.push_back(held);
    }

    /// Whether every record that was offered has come to its end.
    pub(super) fn is_done(&self) -> bool {
        self.waiting.is_empty() && self.pieces.is_empty() && self.in_flight.is_none()
    }

    /// The lane's next step. `waiting` is the shard's bytes in no batch yet; what is cut is taken off.
    pub(super) fn next(&mut self, now: Duration, ended: bool, settings: &MappingSettings, waiting: &mut usize) -> Step {
        if self.in_flight.is_some() {
            return Step::Wait(None);
        }
        if let Some(until) = self.resting_until.filter(|&until| until > now) {
            return Step::Wait(Some(until));
        }
        self.resting_until = None;
        let mut batch = match self.pieces.pop_front() {
            Some(piece) => piece,
            None => match self.cut(now, ended, settings, waiting) {
                Ok(batch) => batch,
                Err(until) => return Step::Wait(until),
            },
        };
        let expired = batch.take_expired(now, settings.maximum_age);
        if let Some(expired) = expired {
            if !batch.held.is_empty() {
                self.pieces.push_front(batch);
            }
            return Step::Discard(expired);
        }
        let records = batch.records();
        self.in_flight = Some(batch);
        Step::Invoke(records)
    }

    /// Cuts the next batch: when it is full, when its window is over, or when nothing more can come. Otherwise the time
    /// at which to look again.
    fn cut(
        &mut self,
        now: Duration,
        ended: bool,
        settings: &MappingSettings,
        waiting: &mut usize,
    ) -> Result<Batch, Option<Duration>> {
        let window_ends = self.waiting.front().ok_or(None)?.picked_up + settings.window;
        let mut size = event::FRAME;
        let fitting = self
            .waiting
            .iter()
            .take(settings.batch_size)
            .take_while(|held| {
                size += held.size;
                size <= settings.payload_limit
            })
            .count();
        let full = fitting == settings.batch_size || fitting < self.waiting.len();
        if !full && !ended && window_ends > now {
            return Err(Some(window_ends));
        }
        // A record that would be too large by itself goes alone: the function's answer is what decides about it.
        let held: Vec<_> = self.waiting.drain(..fitting.max(1)).collect();
        *waiting -= held.iter().map(|held| held.size).sum::<usize>();
        Ok(Batch { held, ..Batch::default() })
    }

    /// Takes in what came of the invocation.
    ///
    /// # Panics
    ///
    /// If nothing was invoked.
    pub(super) fn finished(&mut self, outcome: &Outcome, now: Duration, settings: &MappingSettings) -> Settled {
        let mut batch = self.in_flight.take().expect("only an invoked lane is told of an outcome");
        batch.invocations += 1;
        match verdict(outcome, &batch.records()) {
            Verdict::Done => {
                self.failures = 0;
                Settled { delivered: batch.held.len(), complete: true, ..Settled::default() }
            }
            Verdict::DoneBefore(delivered) => {
                let rest = batch.split_off(delivered);
                if delivered == 0 {
                    return self.retry(rest, now, settings);
                }
                self.failures = 0;
                if settings.bisect {
                    self.pieces.push_front(rest);
                    return Settled { delivered, split: true, ..Settled::default() };
                }
                Settled { delivered, ..self.retry(rest, now, settings) }
            }
            Verdict::Failed if settings.bisect && batch.held.len() > 1 => {
                let second = batch.split_off(batch.held.len().div_ceil(2));
                self.pieces.push_front(second);
                self.pieces.push_front(batch);
                Settled { split: true, ..Settled::default() }
            }
            Verdict::Failed => self.retry(batch, now, settings),
        }
    }

    /// Puts the batch first in line again after a wait, or gives it up if it was tried as often as allowed.
    fn retry(&mut self, mut batch: Batch, now: Duration, settings: &MappingSettings) -> Settled {
        if settings.maximum_retries.is_some_and(|maximum| batch.retries >= maximum) {
            self.failures = 0;
            let discarded = Some(batch.discard(Condition::RetryAttemptsExhausted));
            return Settled { discarded, ..Settled::default() };
        }
        batch.retries = batch.retries.saturating_add(1);
        self.failures = self.failures.saturating_add(1);
        self.resting_until = Some(now + settings.backoff(self.failures));
        self.pieces.push_front(batch);
        Settled { retried: true, ..Settled::default() }
    }
}
