//! What every read must show: the versions of what was acknowledged, unless an older one is excused.

use std::collections::BTreeMap;
use std::time::Duration;

use parking_lot::Mutex;
use pipegen_lambda::kinesis::KinesisBatch;

use crate::database::Delivery;
use crate::model::decode::{Decoded, decode};
use crate::world::World;

/// The time after the cache has forgotten something in which a reader's fill or flight may still rely on it: the age of a
/// fill, and what two servers' clocks differ by at most.
const FILL: Duration = Duration::from_secs(5 + 4 + 1);

/// What is known.
pub(crate) struct Known {
    view_seconds: u32,
    /// By SKU, the version that is acknowledged.
    acknowledged: Mutex<BTreeMap<String, i64>>,
    /// The times at which the cache forgot something.
    forgot: Mutex<Vec<Duration>>,
}

/// What a read that begins now must show of a SKU.
#[derive(Clone, Debug)]
pub(crate) struct Expectation {
    pub(crate) version: i64,
    /// An older version is excused: the cache could not be told, or has forgotten.
    pub(crate) is_excused: bool,
}

impl Known {
    pub(crate) fn new(view_seconds: u32) -> Self {
        Self { view_seconds, acknowledged: Mutex::default(), forgot: Mutex::default() }
    }

    /// Notes that the cache has forgotten something now.
    pub(crate) fn cache_forgot(&self, now: Duration) {
        self.forgot.lock().push(now);
    }

    /// Returns the time from which no read is excused because the cache has forgotten something.
    pub(crate) fn remembered_from(&self) -> Duration {
        let last = self.forgot.lock().iter().max().copied();
        last.map_or(Duration::ZERO, |last| last + self.excused_for())
    }

    fn excused_for(&self) -> Duration {
        FILL + Duration::from_secs(self.view_seconds.into())
    }
}

impl World {
    /// Notes that the processor has acknowledged a batch. Everything in it must be committed by now.
    pub(crate) fn acknowledged(&self, batch: &KinesisBatch) {
        let mut acknowledged = self.known.acknowledged.lock();
        for record in batch.records() {
            let record = self.stream.find(record.shard, record.sequence_number).expect("it is from the stream");
            for decoded in decode(&record) {
                let Decoded::Accepted(event) = decoded else { continue };
                let delivery: Delivery = (event.source, event.event_type, event.sku.clone(), event.id, event.time);
                match self.database.version_of(&delivery) {
                    None => self.schedule.broken(format!("P2: acknowledged, and not committed: {delivery:?}")),
                    Some(version) => {
                        let known = acknowledged.entry(event.sku).or_default();
                        *known = version.max(*known);
                    }
                }
            }
        }
    }

    /// Returns what a read that begins now must show.
    pub(crate) fn expectation(&self, sku: &str) -> Expectation {
        let now = self.schedule.elapsed();
        let forgot = self.known.forgot.lock().iter().any(|at| now < *at + self.known.excused_for());
        let is_pending = self.database.pending().iter().any(|product| product.sku == sku);
        let version = self.known.acknowledged.lock().get(sku).copied().unwrap_or_default();
        Expectation { version, is_excused: forgot || is_pending }
    }
}
