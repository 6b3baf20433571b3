//! What every read must show by now: the counts that have been acknowledged.
//!
//! Each supplier counts a product of its own up, one by one. Once nothing that was put is unacknowledged any more, a read
//! that begins later may show no smaller count (P3).

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// The time for which a read may be stale after a fault of the cache is over: the longest time to live of a view, and of
/// a reader's fill on its way.
const STALE: Duration = Duration::from_secs(10 + 5 + 2);

/// The acknowledged counts, by SKU.
#[derive(Default)]
pub(crate) struct Known {
    counts: Mutex<BTreeMap<String, i64>>,
    /// The end of the time in which P3 allows stale reads.
    stale_until: Mutex<Option<Instant>>,
}

/// What a read must show, as of its beginning.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Duty {
    pub(crate) count: i64,
    /// True if a fault of the cache allows less.
    pub(crate) is_excused: bool,
}

impl Known {
    /// Notes that these counts are acknowledged.
    pub(crate) fn acknowledge(&self, counts: &BTreeMap<String, i64>) {
        self.counts.lock().extend(counts.iter().map(|(sku, count)| (sku.clone(), *count)));
    }

    /// Notes a fault of the cache that lasts for a while.
    pub(crate) fn excuse(&self, lasts: Duration) {
        let until = Instant::now() + lasts + STALE;
        let mut stale_until = self.stale_until.lock();
        *stale_until = Some(stale_until.map_or(until, |known| known.max(until)));
    }

    /// Waits until P3 allows no stale reads any more.
    pub(crate) fn wait_for_the_end_of_excuses(&self) {
        let until = *self.stale_until.lock();
        std::thread::sleep(until.map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now())));
    }

    /// Returns what a read of this product must show if it begins now.
    pub(crate) fn duty(&self, sku: &str) -> Duty {
        let is_excused = self.stale_until.lock().is_some_and(|until| Instant::now() < until);
        Duty { count: self.counts.lock().get(sku).copied().unwrap_or(0), is_excused }
    }
}
