//! The schedule of a run: chance, the clock, and the trace, all from the seed. Time stands still while a task can run;
//! when all wait, it jumps to the next one that is due.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt as _;
use parking_lot::Mutex;
use tokio::task::{spawn_local, yield_now};
use tokio::time::{Instant, sleep};

use crate::random::Random;

/// The time at which every run begins, in seconds since the epoch.
const BEGINNING: i64 = 1_795_784_161;

/// The schedule.
pub(crate) struct Schedule {
    random: Mutex<Random>,
    began: Instant,
    trace: Mutex<Vec<(Duration, String)>>,
    findings: Mutex<Vec<Finding>>,
    steps: AtomicU64,
}

/// Something that ends a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    /// A promise was broken.
    Broken(String),
    /// The harness itself, or the runtime, panicked.
    Panicked(String),
}

impl Schedule {
    pub(crate) fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self {
            random: Mutex::new(Random(seed)),
            began: Instant::now(),
            trace: Mutex::default(),
            findings: Mutex::default(),
            steps: AtomicU64::default(),
        })
    }

    /// Returns a number below `limit`.
    pub(crate) fn below(&self, limit: usize) -> usize {
        self.random.lock().below(limit)
    }

    /// Returns true once in so many times; never, if that is 0.
    pub(crate) fn one_in(&self, times: usize) -> bool {
        times > 0 && self.below(times) == 0
    }

    /// Returns a time up to this one, in whole milliseconds.
    pub(crate) fn up_to(&self, longest: Duration) -> Duration {
        let milliseconds = usize::try_from(longest.as_millis()).expect("a short time");
        Duration::from_millis(self.below(milliseconds + 1) as u64)
    }

    /// Lets other tasks run: for nothing, a moment, or some milliseconds.
    pub(crate) async fn pause(&self) {
        self.steps.fetch_add(1, Ordering::Relaxed);
        match self.below(8) {
            0 => {}
            1..=3 => {
                for _ in 0..self.below(4) {
                    yield_now().await;
                }
            }
            4..=6 => sleep(self.up_to(Duration::from_millis(3))).await,
            _ => sleep(self.up_to(Duration::from_millis(9))).await,
        }
    }

    /// The number of pauses so far: places at which another task may have come first.
    pub(crate) fn steps(&self) -> u64 {
        self.steps.load(Ordering::Relaxed)
    }

    /// Returns the time since the beginning.
    pub(crate) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Returns the time by the clock of the database and of the stream.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        let beginning = DateTime::from_timestamp(BEGINNING, 0).expect("in range");
        beginning + TimeDelta::from_std(self.elapsed()).expect("short")
    }

    /// Notes what has happened.
    pub(crate) fn note(&self, what: impl Into<String>) {
        self.trace.lock().push((self.elapsed(), what.into()));
    }

    /// Notes that a promise is broken.
    pub(crate) fn broken(&self, what: impl Into<String>) {
        let what = what.into();
        self.note(format!("BROKEN: {what}"));
        self.findings.lock().push(Finding::Broken(what));
    }

    pub(crate) fn findings(&self) -> Vec<Finding> {
        self.findings.lock().clone()
    }

    /// Returns what has happened, a line each.
    pub(crate) fn trace(&self) -> Vec<String> {
        let line = |(at, what): &(Duration, String)| format!("{:>9.3} {what}", at.as_secs_f64());
        self.trace.lock().iter().map(line).collect()
    }

    /// Runs a task beside the others. Its panic is a finding.
    pub(crate) fn spawn(self: &Arc<Self>, task: impl Future<Output = ()> + 'static) {
        let schedule = Arc::clone(self);
        spawn_local(async move {
            if let Err(panic) = AssertUnwindSafe(task).catch_unwind().await {
                let text = panic.downcast_ref::<String>().cloned();
                let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
                schedule.findings.lock().push(Finding::Panicked(text.unwrap_or_default()));
            }
        });
    }
}
