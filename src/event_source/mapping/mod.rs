//! The rules by which Lambda reads a Kinesis stream for a function (an event source mapping), as a state machine: no
//! clock, no network. Time is passed in, as the duration since some start; what is to be done comes out as a [`Step`].
//!
//! - Records of a shard are spread over lanes by partition key. A lane has one invocation in flight at most, so the
//!   order within a key is kept.
//! - A batch is invoked when it is full (records or bytes), when its window is over, or at the end of the input.
//! - A partial response checkpoints at the lowest reported record ([`partial_response`]): the records before it are
//!   acknowledged, and it and all after it are delivered again.
//! - With bisect on, those records are a smaller batch; with bisect off, or if they are the whole batch, they are a
//!   retry.
//! - A function error bisects the batch, with bisect on, down to single records; a complete failure in the response
//!   counts as one. Bisecting uses up no retry and no wait: each part is smaller than the batch before.
//! - An unchanged batch is retried after an exponential backoff. When its retries are used up, or when a record exceeds
//!   the maximum age, it is discarded to the on-failure destination, and the lane goes on.
//! - A shard that came of others by a split or a merge waits until they are processed to their ends ([`Lineage`]).
//! - Delivery is at least once: when a shard's checkpoint is lost ([`EventSourceMapping::redeliver`]), what was
//!   acknowledged comes again from an older one on, in the shard's order, and in other batches. A shard that was
//!   processed to its end does not: that is its last checkpoint.
//!
//! Documented in Lambda's developer guide ("Using Lambda to process records from Amazon Kinesis Data Streams", "partial
//! batch response", "Retain discarded batch records"). Not documented, and chosen here: how long the waits are, that
//! both parts of a batch keep the retries used so far, and that a report of the first record does not bisect the batch.
//!
//! - [`batch`]: batches, and batches that are discarded
//! - [`encoded_record`]: a record in the form that events have
//! - [`mod@event`]: the event of an invocation
//! - [`lane`]: the batches of some partition keys
//! - [`partial_response`]: the function's response about a batch
//! - [`shard`]: the lanes of a shard, and what it would deliver again
//! - [`settings`]: an event source mapping's settings

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::lambda_host::InvocationOutcome;
use crate::stream::Lineage;

mod batch;
mod encoded_record;
mod event;
mod lane;
mod partial_response;
mod settings;
mod shard;

pub use batch::{Condition, DiscardedBatch};
pub use encoded_record::EncodedRecord;
pub use event::{Origin, event};
pub use settings::MappingSettings;

use lane::{Lane, LaneStep};
use shard::Shard;

/// An event source mapping: a stream's shards, read for one function.
#[derive(Debug)]
pub struct EventSourceMapping {
    settings: MappingSettings,
    lineage: Arc<Lineage>,
    /// The version of the lineage when it was last asked.
    lineage_version: usize,
    shards: Vec<Shard>,
    discarded: VecDeque<(LaneId, DiscardedBatch)>,
    /// True once no more records come.
    ended: bool,
    /// The lane that is asked first next time, so that none waits for ever behind busy ones.
    turn: usize,
    statistics: Statistics,
}

/// The id of a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LaneId {
    shard: usize,
    lane: usize,
}

/// The next action of a mapping.
#[derive(Debug)]
pub enum Step {
    /// Invoke the function with these records and call [`EventSourceMapping::finished`] with the outcome.
    Invoke {
        lane: LaneId,
        /// The batch, in order.
        records: Vec<Arc<EncodedRecord>>,
    },
    /// Send these records to the on-failure destination.
    Discard { lane: LaneId, discarded: DiscardedBatch },
    /// Nothing until an invocation finishes, records are offered, or this time has come.
    Wait(Option<Duration>),
    /// The input has ended, and every record was processed or discarded.
    Done,
}

/// Counts of a mapping's work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Records that were acknowledged.
    pub delivered: u64,
    /// Records that were discarded.
    pub discarded: u64,
    /// Deliveries, again, of records that were acknowledged before. `delivered` does not count them.
    pub redelivered: u64,
    /// Finished invocations.
    pub invocations: u64,
    /// Retries of unchanged batches.
    pub retries: u64,
    /// Batches that were bisected, or split at a checkpoint.
    pub bisections: u64,
}

impl EventSourceMapping {
    /// Makes a mapping. It learns of a shard by the shard's first record.
    ///
    /// # Panics
    ///
    /// If the settings have no lanes or no records in a batch.
    pub fn new(settings: MappingSettings) -> Self {
        assert!(settings.parallelization > 0 && settings.batch_size > 0, "at least one lane and one record");
        Self {
            settings,
            lineage: Arc::default(),
            lineage_version: 0,
            shards: Vec::new(),
            discarded: VecDeque::new(),
            ended: false,
            turn: 0,
            statistics: Statistics::default(),
        }
    }

    /// Learns here of the parents of shards.
    #[must_use]
    pub fn with_lineage(self, lineage: Arc<Lineage>) -> Self {
        Self { lineage, ..self }
    }

    /// Picks up the next record of its shard, or returns it if too many bytes of the shard are waiting. Every record of
    /// a shard's parents comes before its own.
    pub fn offer(&mut self, record: impl Into<Arc<EncodedRecord>>, now: Duration) -> Result<(), Arc<EncodedRecord>> {
        let record = record.into();
        let size = event::size(&record, &self.settings.origin);
        let shard = self.shard(record.shard());
        let lookahead = self.settings.lookahead;
        let shard = &mut self.shards[shard];
        let waiting = shard.lanes.iter().map(Lane::waiting_bytes).sum::<usize>();
        if waiting > 0 && waiting + size > lookahead {
            return Err(record);
        }
        shard.offer(record, size, now);
        Ok(())
    }

    /// Loses the checkpoints: every shard goes back, as soon as nothing of it is in flight, and delivers again what was
    /// acknowledged last, up to 1000 records of a shard. What was discarded does not come again.
    pub fn redeliver(&mut self) {
        let is_parent = |shard| self.shards.iter().any(|child| child.after.contains(&shard));
        let open: Vec<bool> =
            (0..self.shards.len()).map(|shard| !(self.shards[shard].is_done() && is_parent(shard))).collect();
        for (shard, open) in self.shards.iter_mut().zip(open) {
            if open {
                shard.lose_checkpoint();
            }
        }
    }

    /// Ends the input: no batch waits for its window any more.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// Opens the input again. Called after [`Step::Done`], so no batch has lost its window.
    pub fn resume(&mut self) {
        self.ended = false;
    }

    /// Returns when the oldest record was picked up that is neither acknowledged nor discarded.
    pub fn oldest(&self) -> Option<Duration> {
        self.shards.iter().flat_map(|shard| &shard.lanes).filter_map(Lane::oldest).min()
    }

    /// Returns the next step.
    pub fn next(&mut self, now: Duration) -> Step {
        if let Some((lane, discarded)) = self.discarded.pop_front() {
            return self.discard(lane, discarded);
        }
        for shard in &mut self.shards {
            shard.go_back_if_asked(now);
        }
        let lanes = self.shards.iter().map(|shard| shard.lanes.len()).sum();
        let mut until: Option<Duration> = None;
        let mut done = self.ended;
        for step in 0..lanes {
            let turn = (self.turn + step) % lanes;
            let id = self.lane(turn);
            if self.is_held_back(id.shard) {
                done = false;
                continue;
            }
            let lane = &mut self.shards[id.shard].lanes[id.lane];
            match lane.next(now, self.ended, &self.settings) {
                LaneStep::Invoke(records) => {
                    self.turn = (turn + 1) % lanes;
                    return Step::Invoke { lane: id, records };
                }
                LaneStep::Discard(discarded) => return self.discard(id, discarded),
                LaneStep::Wait(at) => {
                    done &= lane.is_done();
                    until = [until, at].into_iter().flatten().min();
                }
            }
        }
        if done { Step::Done } else { Step::Wait(until) }
    }

    /// Returns the id of a lane by its number among those of all shards.
    fn lane(&self, mut number: usize) -> LaneId {
        for (shard, lanes) in self.shards.iter().map(|shard| shard.lanes.len()).enumerate() {
            if number < lanes {
                return LaneId { shard, lane: number };
            }
            number -= lanes;
        }
        unreachable!("there are as many lanes")
    }

    /// Returns true if nothing of a shard may be invoked now: it goes back once nothing is in flight, or a shard that
    /// it came of is not processed to its end.
    fn is_held_back(&self, shard: usize) -> bool {
        let shard = &self.shards[shard];
        shard.goes_back || shard.after.iter().any(|&parent| !self.shards[parent].is_done())
    }

    /// Applies the outcome of a lane's invocation. Returns true if every record of the batch was processed, for
    /// the first time.
    ///
    /// # Panics
    ///
    /// If the lane has no invocation in flight.
    pub fn finished(&mut self, lane: LaneId, outcome: &InvocationOutcome, now: Duration) -> bool {
        let shard = &mut self.shards[lane.shard];
        let progress = shard.lanes[lane.lane].finished(outcome, now, &self.settings);
        self.statistics.invocations += 1;
        let repeated = progress.delivered.iter().filter(|record| record.is_repeated()).count();
        self.statistics.redelivered += repeated as u64;
        self.statistics.delivered += (progress.delivered.len() - repeated) as u64;
        shard.keep(progress.delivered);
        self.statistics.retries += u64::from(progress.retried);
        self.statistics.bisections += u64::from(progress.bisected);
        self.discarded.extend(progress.discarded.map(|discarded| (lane, discarded)));
        progress.complete
    }

    pub fn statistics(&self) -> Statistics {
        self.statistics
    }

    fn discard(&mut self, lane: LaneId, discarded: DiscardedBatch) -> Step {
        self.statistics.discarded += (discarded.records.len() - discarded.repeated) as u64;
        Step::Discard { lane, discarded }
    }

    /// Returns the index of the shard, which is added if it is new.
    fn shard(&mut self, name: &str) -> usize {
        let known = self.shards.iter().position(|shard| shard.name == name);
        let version = self.lineage.version();
        if let Some(index) = known
            && version == self.lineage_version
        {
            return index;
        }
        if known.is_none() {
            self.shards.push(Shard::new(name, self.settings.parallelization));
        }
        self.lineage_version = version;
        self.learn_ancestors();
        known.unwrap_or(self.shards.len() - 1)
    }

    fn learn_ancestors(&mut self) {
        let names: Vec<String> = self.shards.iter().map(|shard| shard.name.clone()).collect();
        for shard in &mut self.shards {
            let ancestors = self.lineage.ancestors(&shard.name);
            let known = names.iter().enumerate().filter(|(_, name)| ancestors.contains(name));
            shard.after = known.map(|(index, _)| index).collect();
        }
    }
}

/// Returns the lane of a partition key. Keys are spread evenly by a hash. (Lambda's own hash is not documented.)
fn lane_of(partition_key: &str, lanes: usize) -> usize {
    if lanes == 1 {
        return 0;
    }
    let digest = Sha256::digest(partition_key.as_bytes());
    let number = digest.iter().take(4).fold(0_usize, |number, &byte| (number << 8) | usize::from(byte));
    number % lanes
}

#[cfg(test)]
mod lost_checkpoints;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
