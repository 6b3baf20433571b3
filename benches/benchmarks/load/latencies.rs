//! Latencies of a load, each with the time at which it began to count.

use std::time::Duration;

use anyhow::Result;
use hdrhistogram::Histogram;

/// The most intervals of a line over time.
const INTERVALS: u64 = 60;
/// The shares that are late, of which a distribution shows the latency: from half to one of ten thousand.
const SHARES: [f64; 14] = [0.9, 0.75, 0.5, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.000_5, 0.000_1];

/// Latencies, in the order in which they were measured.
#[derive(Default)]
pub(super) struct Latencies(Vec<(Duration, Duration)>);

impl Latencies {
    pub(super) fn add(&mut self, due: Duration, latency: Duration) {
        self.0.push((due, latency));
    }

    pub(super) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Returns those that began to count from then on.
    pub(super) fn since(self, begin: Duration) -> Self {
        Self(self.0.into_iter().filter(|(due, _)| *due >= begin).collect())
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// Returns the longest of those that began to count at this moment.
    pub(super) fn longest_of(&self, due: Duration) -> Option<Duration> {
        self.0.iter().filter(|(at, _)| *at == due).map(|(_, latency)| *latency).max()
    }

    pub(super) fn histogram(&self) -> Result<Histogram<u64>> {
        histogram(self.0.iter().map(|(_, latency)| *latency))
    }

    /// Returns points of a percentile over time: seconds, and milliseconds.
    pub(super) fn over_time(&self, percentile: f64) -> Result<Vec<(f64, f64)>> {
        let (Some(first), Some(last)) =
            (self.0.iter().map(|(due, _)| *due).min(), self.0.iter().map(|(due, _)| *due).max())
        else {
            return Ok(Vec::new());
        };
        let width = last.saturating_sub(first).as_secs().div_ceil(INTERVALS).max(1);
        let mut points = Vec::new();
        for interval in 0..=last.saturating_sub(first).as_secs() / width {
            let inside = |due: Duration| due.saturating_sub(first).as_secs() / width == interval;
            let histogram = histogram(self.0.iter().filter(|(due, _)| inside(*due)).map(|(_, latency)| *latency))?;
            if !histogram.is_empty() {
                let middle = first + Duration::from_secs(interval * width) + Duration::from_secs(width) / 2;
                points.push((middle.as_secs_f64(), milliseconds(&histogram, percentile)));
            }
        }
        Ok(points)
    }

    /// Returns how many percent took longer than so many milliseconds.
    #[expect(clippy::cast_precision_loss, reason = "no load has 2^52 latencies")]
    pub(super) fn distribution(&self) -> Result<Vec<(f64, f64)>> {
        let histogram = self.histogram()?;
        // Fewer than one of them are late at a smaller share.
        let shares = SHARES.into_iter().filter(|share| share * self.0.len() as f64 >= 1.0);
        Ok(shares.map(|share| (milliseconds(&histogram, 100.0 * (1.0 - share)), share * 100.0)).collect())
    }
}

/// Returns the latency within which that many of a hundred were, in milliseconds.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52 microseconds")]
pub(super) fn milliseconds(histogram: &Histogram<u64>, percentile: f64) -> f64 {
    histogram.value_at_percentile(percentile) as f64 / 1e3
}

/// In microseconds.
fn histogram(latencies: impl Iterator<Item = Duration>) -> Result<Histogram<u64>> {
    let mut histogram = Histogram::new(3)?;
    for latency in latencies {
        histogram.record(u64::try_from(latency.as_micros())?)?;
    }
    Ok(histogram)
}
