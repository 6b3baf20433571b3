//! Times of reads.

use std::time::Duration;

use anyhow::Result;
use hdrhistogram::Histogram;

/// The cost of one read.
#[derive(Clone, Copy)]
pub(super) struct Cost {
    pub(super) time: Duration,
    /// CPU time of the reading thread.
    pub(super) cpu: Duration,
}

/// The times of many reads.
pub(super) struct Times {
    nanoseconds: Histogram<u64>,
    cpu: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self { nanoseconds: Histogram::new(3).expect("three digits are allowed"), cpu: Duration::ZERO }
    }
}

impl Times {
    pub(super) fn add(&mut self, cost: Cost) -> Result<()> {
        self.cpu += cost.cpu;
        Ok(self.nanoseconds.record(u64::try_from(cost.time.as_nanos())?)?)
    }

    /// Returns the time within which that many of a hundred reads were done, in microseconds.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52 nanoseconds")]
    pub(super) fn percentile(&self, percentile: f64) -> f64 {
        self.nanoseconds.value_at_percentile(percentile) as f64 / 1e3
    }

    /// Returns the mean CPU time, in microseconds.
    #[expect(clippy::cast_precision_loss, reason = "a number of reads")]
    pub(super) fn cpu(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.nanoseconds.len() as f64
    }
}
