//! A load as it goes on: how far behind the processor is, and what the processes take.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use procfs::{Current as _, LoadAverage};

use super::pipeline::Pipeline;
use crate::cpu::Usage;
use crate::memory::Memory;
use crate::processes::cpu_of_this_process;
use crate::progress::Bar;

/// The observations, in the order of time.
#[derive(Default)]
pub(super) struct Observed {
    pub(super) moments: Vec<Moment>,
    pub(super) memory: Vec<(Duration, Memory)>,
    /// CPU time by kind of process, from the first moment that counts to the last one.
    pub(super) cpu: Usage,
    /// That of this process, the load generator.
    pub(super) own_cpu: Duration,
    /// The time for which it was counted.
    pub(super) cpu_time: Duration,
    /// The machine's load average of one minute, whoever causes it, at the beginning and at the end.
    pub(super) load_average: [f64; 2],
}

/// The state of the stream at a moment.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    pub(super) at: Duration,
    /// Records that were on the stream before the others were counted.
    pub(super) put: u64,
    /// Records that were acknowledged.
    pub(super) done: u64,
    /// The age of the oldest one that was picked up and is not acknowledged.
    pub(super) lag: Duration,
}

impl Moment {
    /// Returns the number of records that wait.
    pub(super) fn waiting(&self) -> u64 {
        self.put.saturating_sub(self.done)
    }
}

/// The observer of a load.
pub(super) struct Observer<'a> {
    pub(super) pipeline: &'a Pipeline,
    pub(super) begin: Instant,
    /// The time between two looks at the stream.
    pub(super) every: Duration,
    /// The time between two looks at the memory.
    pub(super) memory_every: Duration,
    /// The time before CPU time counts.
    pub(super) warm_up: Duration,
    pub(super) put: &'a AtomicU64,
    pub(super) done: &'a AtomicU64,
    pub(super) stop: &'a AtomicBool,
    pub(super) bar: Bar,
}

impl Observer<'_> {
    /// Looks until told to stop. An error stops the load.
    pub(super) fn run(self) -> Result<Observed> {
        let observed = self.observe();
        if observed.is_err() {
            self.stop.store(true, Ordering::Relaxed);
        }
        observed
    }

    fn observe(&self) -> Result<Observed> {
        let pid = self.pipeline.pid()?;
        let mut observed = Observed { load_average: [load_average()?; 2], ..Observed::default() };
        let mut first = None;
        let mut next = Duration::ZERO;
        while !self.stop.load(Ordering::Relaxed) {
            let put = self.put.load(Ordering::Relaxed);
            let status = self.pipeline.status()?;
            let at = self.begin.elapsed();
            self.done.store(status.done, Ordering::Relaxed);
            self.bar.reach(status.done);
            observed.moments.push(Moment { at, put, done: status.done, lag: status.lag });
            if first.is_none() && at >= self.warm_up {
                first = Some((at, Usage::now(pid), cpu_of_this_process()?));
            }
            if at >= next {
                observed.memory.push((at, Memory::now(pid)));
                next = at + self.memory_every;
            }
            thread::sleep(self.every);
        }
        let (began, usage, own) = first.unwrap_or_default();
        observed.cpu = Usage::now(pid).since(&usage);
        observed.own_cpu = cpu_of_this_process()?.saturating_sub(own);
        observed.cpu_time = self.begin.elapsed().saturating_sub(began);
        observed.load_average[1] = load_average()?;
        Ok(observed)
    }
}

fn load_average() -> Result<f64> {
    Ok(LoadAverage::current()?.one.into())
}
