//! The course of a history, sampled for its picture.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use parking_lot::Mutex;

use crate::pipeline::Pipeline;
use crate::suppliers::Journal;

/// The time between two samples.
pub(crate) const EVERY: Duration = Duration::from_millis(250);

/// The state at a moment, and what has happened since the sample before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// From the beginning of the load.
    pub(crate) at: Duration,
    /// Records that were put and are neither acknowledged nor discarded.
    pub(crate) waiting: u64,
    pub(crate) reads: u64,
    pub(crate) failed: u64,
    pub(crate) excused: u64,
}

/// Counts of reads, which the readers keep, and the samples so far.
pub(crate) struct Timeline {
    begun: Instant,
    reads: AtomicU64,
    failed: AtomicU64,
    excused: AtomicU64,
    samples: Mutex<Vec<Sample>>,
}

impl Timeline {
    pub(crate) fn begin() -> Self {
        let count = AtomicU64::default;
        Self { begun: Instant::now(), reads: count(), failed: count(), excused: count(), samples: Mutex::default() }
    }

    /// Returns the time since the load began.
    pub(crate) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Notes a read that was answered.
    pub(crate) fn read(&self) {
        self.reads.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes a read that was answered with an error, or not at all.
    pub(crate) fn failed(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes a stale read that a fault of the cache allowed.
    pub(crate) fn excused(&self) {
        self.excused.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes samples until told to stop.
    pub(crate) fn watch(&self, pipeline: &Pipeline<'_>, journal: &Journal, stop: &AtomicBool) -> Result<()> {
        while !stop.load(Ordering::Relaxed) {
            thread::sleep(EVERY);
            // The number first: what is put meanwhile is not said to wait.
            let put = journal.totals.lock().records;
            let waiting = put.saturating_sub(pipeline.done()?);
            let since = |count: &AtomicU64| count.swap(0, Ordering::Relaxed);
            let (reads, failed, excused) = (since(&self.reads), since(&self.failed), since(&self.excused));
            self.samples.lock().push(Sample { at: self.elapsed(), waiting, reads, failed, excused });
        }
        Ok(())
    }

    /// Returns the samples.
    pub(crate) fn into_samples(self) -> Vec<Sample> {
        self.samples.into_inner()
    }
}
