//! The rules by which Lambda reads a Kinesis stream for a function (an event source mapping), as a state machine: no
//! clock, no network. Time is passed in, as the duration since some start; what is to be done comes out as a [`Step`].
//!
//! - Records of a shard are spread over lanes by partition key. A lane has one invocation in flight at most, so the order
//!   within a key is kept.
//! - A batch is cut when it is full (records or bytes), when its window is over, or at the end of the input.
//! - A partial response checkpoints at the lowest reported record ([`answer`]): everything from there on comes again.
//!   With bisect on that cuts the batch; otherwise, and if the lowest is the batch's first record, it is a retry.
//! - A function error halves the batch, with bisect on, down to single records; a complete failure in the response counts
//!   as one. Cutting uses up no retry and no wait: each piece is smaller than what it was cut from.
//! - An unchanged batch is retried after an exponential wait. When its retries are used up, or a record's age is, it is
//!   discarded to the on-failure destination, and the lane moves on.
//!
//! Documented in Lambda's developer guide ("Using Lambda to process records from Amazon Kinesis Data Streams", "partial
//! batch response", "Retain discarded batch records"). Not documented, and chosen here: how long the waits are, that both
//! pieces of a batch keep the retries used so far, and that a report of the first record does not halve the batch.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::lambda_host::Outcome;
use crate::records::Record;

mod answer;
mod batch;
mod event;
mod lane;
mod settings;

pub use batch::{Condition, DiscardedBatch};
pub use event::{Origin, event};
pub use settings::MappingSettings;

use batch::Held;
use lane::Lane;

/// One mapping: a stream's shards, read for one function.
#[derive(Debug)]
pub struct EventSourceMapping {
    settings: MappingSettings,
    shards: Vec<Shard>,
    discarded: VecDeque<(LaneId, DiscardedBatch)>,
    /// Whether no more records come.
    ended: bool,
    /// The lane that is asked first next time, so that none waits for ever behind busy ones.
    turn: usize,
    statistics: Statistics,
}

#[derive(Debug)]
struct Shard {
    name: String,
    lanes: Vec<Lane>,
    /// Bytes of its records that are in no batch yet.
    waiting: usize,
}

/// Names a lane of a mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LaneId {
    shard: usize,
    lane: usize,
}

/// What is to be done next.
#[derive(Debug)]
pub enum Step {
    /// Invoke the function with these records and call [`EventSourceMapping::finished`] with what came of it.
    Invoke {
        /// Whose records they are.
        lane: LaneId,
        /// The batch, in order.
        records: Vec<Arc<Record>>,
    },
    /// Send these records to the on-failure destination.
    Discard {
        /// Whose records they are.
        lane: LaneId,
        /// What is given up, and why.
        discarded: DiscardedBatch,
    },
    /// Nothing until an invocation finishes, records are offered, or this time has come.
    Wait(Option<Duration>),
    /// The input has ended and every record has come to its end.
    Done,
}

/// What happened so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Records that were acknowledged.
    pub delivered: u64,
    /// Records that were given up.
    pub discarded: u64,
    /// Invocations that were finished.
    pub invocations: u64,
    /// Unchanged batches that were tried again.
    pub retries: u64,
    /// Batches that were cut.
    pub bisections: u64,
}

impl EventSourceMapping {
    /// A mapping over shards that show up with their first record.
    ///
    /// # Panics
    ///
    /// If the settings ask for no lanes or for batches of nothing.
    pub fn new(settings: MappingSettings) -> Self {
        assert!(settings.parallelization > 0 && settings.batch_size > 0, "at least one lane and one record");
        Self {
            settings,
            shards: Vec::new(),
            discarded: VecDeque::new(),
            ended: false,
            turn: 0,
            statistics: Statistics::default(),
        }
    }

    /// Picks up the next record of its shard, or hands it back if the shard has as many waiting as it may.
    pub fn offer(&mut self, record: impl Into<Arc<Record>>, now: Duration) -> Result<(), Arc<Record>> {
        let record = record.into();
        let size = event::size(&record, &self.settings.origin);
        let shard = self.shard(&record.shard);
        let lookahead = self.settings.lookahead;
        let shard = &mut self.shards[shard];
        if shard.waiting > 0 && shard.waiting + size > lookahead {
            return Err(record);
        }
        shard.waiting += size;
        let lane = lane_of(&record.partition_key, shard.lanes.len());
        shard.lanes[lane].offer(Held { record, picked_up: now, size });
        Ok(())
    }

    /// Says that no more records come: nothing waits for its window any more.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// What is to be done now.
    pub fn next(&mut self, now: Duration) -> Step {
        if let Some((lane, discarded)) = self.discarded.pop_front() {
            return self.discard(lane, discarded);
        }
        let per_shard = self.settings.parallelization;
        let lanes = self.shards.len() * per_shard;
        let mut until: Option<Duration> = None;
        let mut done = self.ended;
        for step in 0..lanes {
            let turn = (self.turn + step) % lanes;
            let id = LaneId { shard: turn / per_shard, lane: turn % per_shard };
            let shard = &mut self.shards[id.shard];
            let lane = &mut shard.lanes[id.lane];
            match lane.next(now, self.ended, &self.settings, &mut shard.waiting) {
                lane::Step::Invoke(records) => {
                    self.turn = (turn + 1) % lanes;
                    return Step::Invoke { lane: id, records };
                }
                lane::Step::Discard(discarded) => return self.discard(id, discarded),
                lane::Step::Wait(at) => {
                    done &= lane.is_done();
                    until = [until, at].into_iter().flatten().min();
                }
            }
        }
        if done { Step::Done } else { Step::Wait(until) }
    }

    /// Takes in what came of a lane's invocation; whether that was a complete success.
    ///
    /// # Panics
    ///
    /// If the lane has none in flight.
    pub fn finished(&mut self, lane: LaneId, outcome: &Outcome, now: Duration) -> bool {
        let settled = self.shards[lane.shard].lanes[lane.lane].finished(outcome, now, &self.settings);
        self.statistics.invocations += 1;
        self.statistics.delivered += settled.delivered as u64;
        self.statistics.retries += u64::from(settled.retried);
        self.statistics.bisections += u64::from(settled.split);
        self.discarded.extend(settled.discarded.map(|discarded| (lane, discarded)));
        settled.complete
    }

    /// What happened so far.
    pub fn statistics(&self) -> Statistics {
        self.statistics
    }

    fn discard(&mut self, lane: LaneId, discarded: DiscardedBatch) -> Step {
        self.statistics.discarded += discarded.records.len() as u64;
        Step::Discard { lane, discarded }
    }

    /// The shard's place; a new one is opened.
    fn shard(&mut self, name: &str) -> usize {
        if let Some(place) = self.shards.iter().position(|shard| shard.name == name) {
            return place;
        }
        let lanes = (0..self.settings.parallelization).map(|_| Lane::default()).collect();
        self.shards.push(Shard { name: name.to_owned(), lanes, waiting: 0 });
        self.shards.len() - 1
    }
}

/// The lane of a partition key: always the same, and evenly spread. (Lambda's own hash is not documented.)
fn lane_of(partition_key: &str, lanes: usize) -> usize {
    if lanes == 1 {
        return 0;
    }
    let digest = Sha256::digest(partition_key.as_bytes());
    let number = digest.iter().take(4).fold(0_usize, |number, &byte| (number << 8) | usize::from(byte));
    number % lanes
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
