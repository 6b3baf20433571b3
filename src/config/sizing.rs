//! Shards, parallelization, batch size and connections for a peak number of updates. No other file computes them.

/// Updates a second that one shard is planned for: half of the 1000 that Kinesis takes, so that neither a burst nor
/// events of 2 KB (a shard also takes only 1 MB/s) throttle the suppliers.
const UPDATES_PER_SHARD: u32 = 500;

/// Updates a second that one parallel batch of a shard is planned for. A batch of 500 takes tens of milliseconds on a
/// machine of two cores; a tenth of that speed is planned, for the smallest database class.
const UPDATES_PER_PARALLEL_BATCH: u32 = 500;

/// The processor's speed as a multiple of the peak, so that it catches up after an outage while the peak lasts.
const CATCH_UP: u32 = 2;

/// Seconds of the peak that one batch may hold.
const BATCH_SECONDS: u32 = 10;

/// Seconds for which the archiver's batches are collected, the most that Lambda takes: few, large objects cost least.
pub const ARCHIVE_WINDOW_SECONDS: u32 = 300;

/// Records in such a batch, the most that Lambda takes. It also cuts a batch at 6 MB.
pub const ARCHIVE_BATCH: u32 = 10_000;

/// Sizes that follow from the peak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizing {
    pub shards: u32,
    /// Batches of one shard that are processed at the same time, 1–10.
    pub parallelization: u32,
    /// Records in a batch at most. Lambda also cuts a batch at 6 MB, so large events make it smaller by themselves.
    pub batch_size: u32,
    /// Connections that the processor's logins may hold together: twice the number of execution environments, because
    /// environments of the old and the new code overlap during a deployment.
    pub writer_connections: u32,
}

impl Sizing {
    /// Returns the sizes for a peak.
    pub fn for_peak(updates_per_minute: u32) -> Self {
        let per_second = updates_per_minute.div_ceil(60).max(1);
        let shards = per_second.div_ceil(UPDATES_PER_SHARD);
        let per_shard = per_second.div_ceil(shards);
        let parallelization = (per_shard * CATCH_UP).div_ceil(UPDATES_PER_PARALLEL_BATCH).clamp(1, 10);
        let per_parallel_batch = per_shard.div_ceil(parallelization);
        // Fewer, larger transactions drain a backlog sooner, hence 500 at least; one that is to be repeated should stay
        // within a second, hence 1000 at most.
        let batch_size = (per_parallel_batch * BATCH_SECONDS).clamp(500, 1000);
        Self { shards, parallelization, batch_size, writer_connections: shards * parallelization * 2 }
    }

    /// Returns the largest peak that this many shards are planned for.
    pub fn largest_peak(shards: u32) -> u32 {
        shards.saturating_mul(UPDATES_PER_SHARD * 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_follow_the_peak() {
        let of = |peak| {
            let sizing = Sizing::for_peak(peak);
            (sizing.shards, sizing.parallelization, sizing.batch_size, sizing.writer_connections)
        };
        assert_eq!(of(1), (1, 1, 500, 2));
        assert_eq!(of(1000), (1, 1, 500, 2));
        assert_eq!(of(30_000), (1, 2, 1000, 4));
        assert_eq!(of(30_001), (2, 2, 1000, 8));
        assert_eq!(of(1_000_000), (34, 2, 1000, 136));
        for shards in 1..34 {
            let largest = Sizing::largest_peak(shards);
            assert_eq!((Sizing::for_peak(largest).shards, Sizing::for_peak(largest + 1).shards), (shards, shards + 1));
        }
    }

    /// At every peak the stream takes what comes, the processor catches up while it lasts, and Lambda takes the
    /// batches.
    #[test]
    fn every_peak_is_served() {
        for peak in (1..=1_000_000).step_by(997) {
            let Sizing { shards, parallelization, batch_size, writer_connections } = Sizing::for_peak(peak);
            assert!(shards * 1000 * 60 >= peak * 2, "{peak}");
            assert!(shards * parallelization * UPDATES_PER_PARALLEL_BATCH * 60 >= peak * CATCH_UP, "{peak}");
            assert!((1..=10).contains(&parallelization) && (500..=1000).contains(&batch_size), "{peak}");
            assert_eq!(writer_connections, 2 * shards * parallelization, "{peak}");
        }
    }
}
