//! What can be set on an event source mapping.

use std::sync::Arc;
use std::time::Duration;

use super::event::Origin;

/// An event source mapping's settings, in the meaning that Lambda gives them.
#[derive(Clone, Debug)]
pub struct MappingSettings {
    /// What is read (`EventSourceArn`), and with which role.
    pub origin: Arc<Origin>,
    /// How many records a batch holds at most (`BatchSize`).
    pub batch_size: usize,
    /// How long a batch waits for more records (`MaximumBatchingWindowInSeconds`), from the pickup of its first one.
    pub window: Duration,
    /// How many lanes each shard has (`ParallelizationFactor`). Records with one partition key share a lane.
    pub parallelization: usize,
    /// Whether a batch is halved after a function error, and cut at the record that a partial response names
    /// (`BisectBatchOnFunctionError`).
    pub bisect: bool,
    /// How often an unchanged batch is tried again (`MaximumRetryAttempts`); none is without end.
    pub maximum_retries: Option<u32>,
    /// How long after its pickup a record is still tried (`MaximumRecordAgeInSeconds`); none is without end. Lambda
    /// counts from the arrival, but played data is historic: by its arrival times all of it would be too old.
    pub maximum_age: Option<Duration>,
    /// The largest event, in bytes (Lambda's limit for a synchronous invocation).
    pub payload_limit: usize,
    /// The wait before the first retry. Each further one without progress waits twice as long.
    pub first_backoff: Duration,
    /// The longest wait before a retry.
    pub longest_backoff: Duration,
    /// How many bytes of events may lie waiting in a shard before no more of its records are taken.
    pub lookahead: usize,
}

impl MappingSettings {
    /// The archiver's mapping as it is rendered: few, large batches. As a rule it is the payload's limit that cuts them.
    pub fn archiver() -> Self {
        Self {
            origin: Arc::new(Origin::local("archiver")),
            batch_size: 10_000,
            window: Duration::from_mins(5),
            parallelization: 1,
            ..Self::default()
        }
    }

    /// The wait before the next try, after this many failures (at least one) in a row.
    pub(super) fn backoff(&self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(20);
        self.first_backoff.saturating_mul(1 << doublings).min(self.longest_backoff)
    }
}

impl Default for MappingSettings {
    /// The processor's mapping as it is rendered; the waits between retries are Lambda's own affair and shorter here.
    fn default() -> Self {
        Self {
            origin: Arc::new(Origin::local("processor")),
            batch_size: 500,
            window: Duration::ZERO,
            parallelization: 2,
            bisect: true,
            maximum_retries: None,
            maximum_age: Some(Duration::from_mins(24 * 60 - 15)),
            payload_limit: 6 * 1024 * 1024,
            first_backoff: Duration::from_millis(100),
            longest_backoff: Duration::from_secs(5),
            lookahead: 16 * 1024 * 1024,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let settings = MappingSettings::default();
        let waits: Vec<_> = (1..=8).map(|failures| settings.backoff(failures).as_millis()).collect();
        assert_eq!(waits, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        assert_eq!(settings.backoff(u32::MAX), settings.longest_backoff);
    }
}
