//! A seed's plan: how much happens, and what goes wrong.

use std::time::Duration;

use crate::random::{Random, mix};

/// The plan of a seed. A number of times says that something happens once in so many, by chance; 0 says never.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) shards: usize,
    pub(crate) suppliers: usize,
    pub(crate) products: usize,
    pub(crate) records: usize,
    /// The time in which the suppliers send.
    pub(crate) load: Duration,
    /// The catalog's processes.
    pub(crate) catalogs: usize,
    /// The readers of each of them.
    pub(crate) readers: usize,
    /// The longest pause between two reads of a reader.
    pub(crate) between_reads: Duration,
    /// Reads that stand still between the database and the cache.
    pub(crate) freezes: usize,
    pub(crate) longest_freeze: Duration,
    /// The time to live of a view, in seconds.
    pub(crate) view_seconds: u32,
    /// The archiver runs, too.
    pub(crate) archives: bool,
    /// The most records in a batch, and how long it waits for them.
    pub(crate) batch_size: usize,
    pub(crate) window: Duration,
    /// The lanes of a shard at first.
    pub(crate) parallelization: usize,
    /// The mappings are updated at these times, to another parallelization.
    pub(crate) updates: Vec<Duration>,
    /// Updates just before the mapping hears an answer, so that what is done comes again: one for so many answers.
    pub(crate) updates_before_answers: usize,
    /// Processes that end in the middle of an invocation.
    pub(crate) crashes: usize,
    /// Transactions that fail, before or after their commit.
    pub(crate) database_faults: usize,
    /// Puts that fail.
    pub(crate) objects_faults: usize,
    pub(crate) cache_faults: Vec<CacheFault>,
    /// Calls of the cache during which the process stands still, until the time for an answer is over.
    pub(crate) standstills: usize,
}

/// A fault of the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CacheFault {
    pub(crate) at: Duration,
    pub(crate) kind: CacheFaultKind,
    pub(crate) lasts: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CacheFaultKind {
    /// Every call fails at once.
    Refusing,
    /// Connections break, before or after a call is carried out.
    Reset,
    /// No call arrives.
    Silent,
    /// Calls are carried out, and not answered.
    Unanswered,
    /// Calls arrive late.
    Late,
    /// Every entry is gone.
    Flush,
    /// One entry is gone.
    Eviction,
    /// A replica without the last entries takes over. The old primary becomes a replica, and goes on to answer.
    Failover,
}

impl CacheFaultKind {
    const ALL: [Self; 8] = [
        Self::Refusing,
        Self::Reset,
        Self::Silent,
        Self::Unanswered,
        Self::Late,
        Self::Flush,
        Self::Eviction,
        Self::Failover,
    ];
}

impl Plan {
    /// Makes the plan of a seed. Half of the seeds leave the cache alone, so that no stale read is excused.
    pub(crate) fn of(seed: u64) -> Self {
        let random = &mut Random(mix(seed ^ 0x0070_6c61_6e00));
        // Some runs are long and quiet: what expires has expired, and what was frozen comes back.
        let long = random.below(4) == 0;
        let load = if long { 90 + random.below(60) } else { 3 + random.below(12) };
        let load = Duration::from_secs(load as u64);
        let mut plan = Self {
            seed,
            shards: 1 + random.below(2),
            suppliers: 1 + random.below(3),
            products: [1, 2, 4, 12][random.below(4)],
            records: 8 + random.below(25),
            load,
            catalogs: 1 + random.below(3),
            readers: 1 + random.below(3),
            between_reads: if long { load / 8 } else { load / 12 },
            freezes: [2, 3, 6][random.below(3)],
            longest_freeze: Duration::from_secs(if long { 100 } else { 8 }),
            view_seconds: [6, 10, 20][random.below(3)],
            archives: random.below(3) == 0,
            batch_size: [1, 3, 10][random.below(3)],
            window: Duration::from_millis([0, 100, 1000][random.below(3)]),
            parallelization: 1 + random.below(2),
            updates: Vec::new(),
            updates_before_answers: [0, 0, 20][random.below(3)],
            crashes: [0, 3, 6][random.below(3)],
            database_faults: [0, 3, 6][random.below(3)],
            objects_faults: [0, 3][random.below(2)],
            cache_faults: Vec::new(),
            standstills: 0,
        };
        if plan.archives {
            // Batches of one lane that two lanes cut otherwise, with the same first and last record.
            (plan.batch_size, plan.window, plan.parallelization) = (10, Duration::from_secs(1), 2);
            (plan.crashes, plan.updates_before_answers) = (2, 5);
        }
        for _ in 0..if plan.archives { 2 + random.below(4) } else { [0, 0, 1, 2][random.below(4)] } {
            plan.updates.push(within(load, random));
        }
        plan.updates.sort();
        if seed % 2 == 1 {
            for _ in 0..=random.below(3) {
                let kind = CacheFaultKind::ALL[random.below(CacheFaultKind::ALL.len())];
                let lasts = Duration::from_millis(200 + random.below(4000) as u64);
                plan.cache_faults.push(CacheFault { at: within(load, random), kind, lasts });
            }
            plan.cache_faults.sort_by_key(|fault| fault.at);
        }
        plan.standstills = [0, 6, 12][random.below(3)];
        plan
    }
}

fn within(time: Duration, random: &mut Random) -> Duration {
    let milliseconds = usize::try_from(time.as_millis()).expect("a short time");
    Duration::from_millis(random.below(milliseconds) as u64)
}
