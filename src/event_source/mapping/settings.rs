//! Settings of an event source mapping.

use std::sync::Arc;
use std::time::Duration;

use pipegen_contract::payload::LARGEST_PAYLOAD;

use super::event::Origin;
use crate::deployment::MappingConfiguration;

/// The settings of an event source mapping: those that the stack sets, and those that Lambda fixes.
#[derive(Clone, Debug)]
pub struct MappingSettings {
    /// The stream (`EventSourceArn`), and the role that reads it.
    pub origin: Arc<Origin>,
    /// The most records in a batch (`BatchSize`).
    pub batch_size: usize,
    /// The longest that a batch waits for more records (`MaximumBatchingWindowInSeconds`), from the pickup of its first
    /// one.
    pub window: Duration,
    /// The number of lanes of a shard (`ParallelizationFactor`). Records with one partition key share a lane.
    pub parallelization: usize,
    /// True if a batch is bisected after a function error, and cut at the record that a partial response names
    /// (`BisectBatchOnFunctionError`).
    pub bisect: bool,
    /// The retries of an unchanged batch (`MaximumRetryAttempts`); `None` is without end.
    pub maximum_retries: Option<u32>,
    /// The age, counted from its pickup, at which a record is discarded (`MaximumRecordAgeInSeconds`); `None` is never.
    /// Lambda counts from the arrival, but records of a file are historic: by their arrival times all of them would be
    /// too old.
    pub maximum_age: Option<Duration>,
    /// The largest event, in bytes.
    pub payload_limit: usize,
    /// The wait before the first retry. Each further one without progress waits twice as long.
    pub first_backoff: Duration,
    /// The longest wait before a retry.
    pub longest_backoff: Duration,
    /// The bytes of events that may wait in a shard before no more of its records are taken.
    pub lookahead: usize,
}

impl MappingSettings {
    /// Takes what the stack sets. The rest is Lambda's: 6 MB for a synchronous invocation, and waits between retries,
    /// which are not documented and shorter here, so that a run does not spend its time waiting.
    pub fn new(mapping: &MappingConfiguration, role_arn: &str) -> Self {
        Self {
            origin: Arc::new(Origin::new(&mapping.stream, role_arn)),
            batch_size: mapping.batch_size,
            window: mapping.window,
            parallelization: mapping.parallelization,
            bisect: mapping.bisect,
            maximum_retries: mapping.maximum_retries,
            maximum_age: mapping.maximum_age,
            payload_limit: LARGEST_PAYLOAD,
            first_backoff: Duration::from_millis(100),
            longest_backoff: Duration::from_secs(5),
            lookahead: 16 * 1024 * 1024,
        }
    }

    /// The wait before the next try, after this many failures (at least one) in a row.
    pub(super) fn backoff(&self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(20);
        self.first_backoff.saturating_mul(1 << doublings).min(self.longest_backoff)
    }
}

#[cfg(test)]
impl Default for MappingSettings {
    /// Settings for the tests of the rules, which depend on no stack.
    fn default() -> Self {
        let mapping = MappingConfiguration {
            id: "an id".to_owned(),
            function: "arn:function".to_owned(),
            stream: "arn:aws:kinesis:us-east-1:000000000000:stream/kinesis-inventory-test".to_owned(),
            shards: None,
            batch_size: 500,
            window: Duration::ZERO,
            parallelization: 2,
            bisect: true,
            maximum_retries: None,
            maximum_age: Some(Duration::from_hours(24)),
            on_failure_bucket: "quarantine".to_owned(),
        };
        Self::new(&mapping, "arn:aws:iam::000000000000:role/role-processor-test")
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
