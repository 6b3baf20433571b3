//! The least that every read must show: the versions of what was acknowledged, unless an older one is excused.

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

/// The acknowledged versions, and the times at which the cache forgot.
pub(crate) struct Known {
    view_seconds: u32,
    /// By SKU, the versions that are acknowledged, and when the invocations began that did it.
    acknowledged: Mutex<BTreeMap<String, Vec<(i64, Duration)>>>,
    /// The times at which the cache forgot something.
    forgot: Mutex<Vec<Duration>>,
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
    /// Notes that the processor has acknowledged a batch, in an invocation that began then. Everything in it must be
    /// committed by now.
    pub(crate) fn acknowledged(&self, batch: &KinesisBatch, began: Duration) {
        let mut acknowledged = self.known.acknowledged.lock();
        for record in batch.records() {
            let record = self.stream.find(record.shard, record.sequence_number).expect("it is from the stream");
            for decoded in decode(&record) {
                let Decoded::Accepted(event) = decoded else { continue };
                let delivery: Delivery = (event.source, event.event_type, event.sku.clone(), event.id, event.time);
                match self.database.version_of(&delivery) {
                    None => self.schedule.broken(format!("P2: acknowledged, and not committed: {delivery:?}")),
                    Some(version) => acknowledged.entry(event.sku).or_default().push((version, began)),
                }
            }
        }
    }

    /// Returns the version that a read which begins now must show, or a later one. If the cache fails, older ones are
    /// excused where it could not be told; and for some time after it has forgotten, if it may have been told before.
    pub(crate) fn expected(&self, sku: &str) -> i64 {
        let cache_fails = !self.plan.cache_faults.is_empty();
        if cache_fails && self.database.pending().iter().any(|product| product.sku == sku) {
            return 0;
        }
        let now = self.schedule.elapsed();
        let forgot = self.known.forgot.lock();
        let is_excused = |began: Duration| forgot.iter().any(|at| began <= *at && now < *at + self.known.excused_for());
        let acknowledged = self.known.acknowledged.lock();
        let versions = acknowledged.get(sku).into_iter().flatten();
        versions.filter(|(_, began)| !is_excused(*began)).map(|(version, _)| *version).max().unwrap_or_default()
    }
}
