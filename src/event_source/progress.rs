//! The progress of a run, as the progress bar shows it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::event_source::mapping::Statistics;
use crate::records::RecordSource;
use crate::session::console::Console;

/// The progress bar of a source, and the number of records read from it.
pub struct Progress {
    console: Arc<Console>,
    bytes_read: Arc<AtomicU64>,
    records_read: u64,
}

impl Progress {
    /// Shows the bar of a source that is about to be read.
    pub fn begin(source: &RecordSource, console: Arc<Console>) -> Self {
        console.begin(source.length());
        Self { console, bytes_read: source.bytes_read(), records_read: 0 }
    }

    /// Counts records that were read.
    pub fn read(&mut self, records: usize) {
        self.records_read += records as u64;
    }

    /// Updates the bar.
    pub fn show(&self, statistics: Statistics, elapsed: Duration) {
        let ended = statistics.delivered + statistics.discarded;
        // The file is read ahead: the bar shows the share of the bytes read whose records were delivered or discarded.
        let bytes = self.bytes_read.load(Ordering::Relaxed);
        let position = u128::from(bytes) * u128::from(ended) / u128::from(self.records_read.max(1));
        let message = format!("{ended} records, {:.0}/s", per_second(statistics.delivered, elapsed));
        self.console.show(u64::try_from(position).unwrap_or(u64::MAX), message);
    }
}

/// Returns the rate of so many records in this time.
#[expect(clippy::cast_precision_loss, reason = "no run has 2^52 records")]
pub fn per_second(records: u64, elapsed: Duration) -> f64 {
    if elapsed.is_zero() { 0.0 } else { records as f64 / elapsed.as_secs_f64() }
}
