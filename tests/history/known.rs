//! Counts that have been acknowledged: every read must show them by now.
//!
//! Each supplier counts a product of its own up, one by one. Once nothing that was put is unacknowledged any more, a read
//! that begins later may show no smaller count (P3).

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// The time for which a read may be stale once everything is processed: the longest time to live of a view, and of a
/// reader's fill on its way.
const STALE: Duration = Duration::from_secs(10 + 5 + 2);

/// The acknowledged counts.
#[derive(Default)]
pub(crate) struct Known {
    /// By SKU, the count, and since when it is known to be acknowledged.
    counts: Mutex<BTreeMap<String, (i64, Instant)>>,
    excuse: Mutex<Excuse>,
}

/// The time in which P3 allows stale reads.
#[derive(Clone, Copy, Debug, Default)]
enum Excuse {
    #[default]
    Never,
    /// The cache has failed. Each process notices when it next uses its connection, and that may be much later.
    UntilProcessed,
    Until(Instant),
}

/// The count that a read must show, as of its beginning.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Duty {
    pub(crate) count: i64,
    /// The time for which the count has been acknowledged already, at least.
    pub(crate) acknowledged_for: Duration,
    /// True if a fault of the cache allows less.
    pub(crate) is_excused: bool,
}

impl Known {
    /// Notes that these counts are acknowledged.
    pub(crate) fn acknowledge(&self, counts: &BTreeMap<String, i64>) {
        let (mut known, now) = (self.counts.lock(), Instant::now());
        for (sku, count) in counts {
            if known.get(sku).is_none_or(|(known, _)| known < count) {
                known.insert(sku.clone(), (*count, now));
            }
        }
    }

    /// Notes that the cache fails.
    pub(crate) fn excuse(&self) {
        *self.excuse.lock() = Excuse::UntilProcessed;
    }

    /// Waits until P3 allows no stale reads any more, now that everything is processed.
    pub(crate) fn wait_for_the_end_of_excuses(&self) {
        if matches!(*self.excuse.lock(), Excuse::Never) {
            return;
        }
        *self.excuse.lock() = Excuse::Until(Instant::now() + STALE);
        thread::sleep(STALE);
    }

    /// Returns what a read of this product must show if it begins now.
    pub(crate) fn duty(&self, sku: &str) -> Duty {
        let is_excused = match *self.excuse.lock() {
            Excuse::Never => false,
            Excuse::UntilProcessed => true,
            Excuse::Until(until) => Instant::now() < until,
        };
        let (count, since) = self.counts.lock().get(sku).copied().unwrap_or((0, Instant::now()));
        Duty { count, acknowledged_for: since.elapsed(), is_excused }
    }
}
