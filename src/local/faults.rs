//! Faults on purpose: a server that is stopped for a while, S3 that fails, functions that are killed.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::emulators::s3::Trouble;
use crate::servers::{ServerProcess, Servers};
use crate::session::Session;
use crate::session::console::Console;
use crate::session::process::{ProcessKind, Supervisor};

/// The longest fault.
pub const LONGEST: Duration = Duration::from_hours(1);
/// The time between two kills of the functions: longer than all attempts of one start together.
const KILL_PERIOD: Duration = Duration::from_secs(2);

/// A part of the run that can be made to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultTarget {
    Redis,
    Postgresql,
    /// The buckets that the functions write to.
    S3,
    Functions,
}

impl FaultTarget {
    pub const ALL: [Self; 4] = [Self::Redis, Self::Postgresql, Self::S3, Self::Functions];

    /// Returns the name in arguments and URLs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Redis => "redis",
            Self::Postgresql => "postgresql",
            Self::S3 => "s3",
            Self::Functions => "functions",
        }
    }
}

impl FromStr for FaultTarget {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|target| target.name() == name);
        found.ok_or_else(|| format!("`{name}` cannot be made to fail: redis, postgresql, s3 or functions can"))
    }
}

/// A fault that begins by itself: `redis@10s+5s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannedFault {
    pub target: FaultTarget,
    /// The time from the first record.
    pub after: Duration,
    pub lasts: Duration,
}

impl FromStr for PlannedFault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = "must be TARGET@AFTER+DURATION, such as redis@10s+5s";
        let (target, times) = text.split_once('@').ok_or(form)?;
        let (after, lasts) = times.split_once('+').ok_or(form)?;
        let fault = Self { target: target.parse()?, after: duration(after)?, lasts: duration(lasts)? };
        if fault.lasts.is_zero() || fault.lasts > LONGEST {
            return Err(format!("a fault lasts at least 1ms and at most an hour, not {lasts}"));
        }
        Ok(fault)
    }
}

/// Parses a duration: digits, and `ms`, `s` or `m`.
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits).unwrap_or_default();
    let milliseconds = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        _ => return Err(format!("`{text}` must be a number with `ms`, `s` or `m`, such as 10s")),
    };
    let number: u32 = number.parse().map_err(|_| format!("`{text}` must begin with a number"))?;
    Ok(Duration::from_millis(u64::from(number) * milliseconds))
}

/// The reason why a fault cannot begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    #[error("the server was given by its URL, and is not this run's to stop")]
    Given,
    #[error("it is failing already")]
    Failing,
}

/// The parts of a run that can be made to fail, and those that fail now.
#[derive(Debug)]
pub struct Faults {
    cache: Option<Arc<ServerProcess>>,
    database: Option<Arc<ServerProcess>>,
    s3: Arc<Trouble>,
    supervisor: Arc<Supervisor>,
    console: Arc<Console>,
    /// The ends of the present faults.
    ends: Mutex<BTreeMap<FaultTarget, Instant>>,
    healed: Notify,
}

impl Faults {
    pub fn new(servers: &Servers, s3: Arc<Trouble>, session: &Session) -> Self {
        Self {
            cache: servers.cache_process.clone(),
            database: servers.database_process.clone(),
            s3,
            supervisor: Arc::clone(&session.supervisor),
            console: Arc::clone(&session.console),
            ends: Mutex::default(),
            healed: Notify::new(),
        }
    }

    /// Returns whether a fault of this part is possible.
    pub fn is_possible(&self, target: FaultTarget) -> bool {
        match target {
            FaultTarget::Redis | FaultTarget::Postgresql => self.server(target).is_some(),
            FaultTarget::S3 | FaultTarget::Functions => true,
        }
    }

    /// Returns how long this part goes on failing, if it fails.
    pub fn remaining(&self, target: FaultTarget) -> Option<Duration> {
        let end = self.ends.lock().get(&target).copied()?;
        Some(end.saturating_duration_since(Instant::now()))
    }

    /// Makes a part fail for a while.
    pub fn begin(self: &Arc<Self>, target: FaultTarget, lasts: Duration) -> Result<(), FaultError> {
        if !self.is_possible(target) {
            return Err(FaultError::Given);
        }
        let end = Instant::now() + lasts;
        {
            let mut ends = self.ends.lock();
            if ends.contains_key(&target) {
                return Err(FaultError::Failing);
            }
            ends.insert(target, end);
        }
        let faults = Arc::clone(self);
        tokio::spawn(async move {
            faults.console.say(&format!("fault: {} for {lasts:?}", target.name()));
            match (target, faults.server(target)) {
                (_, Some(server)) => faults.stop(server, end).await,
                (FaultTarget::S3, None) => faults.trouble_s3(end).await,
                (_, None) => faults.kill_functions(end).await,
            }
            faults.ends.lock().remove(&target);
            faults.console.say(&format!("fault: {} is over", target.name()));
            faults.healed.notify_waiters();
        });
        Ok(())
    }

    /// Waits until nothing fails.
    pub async fn healed(&self) {
        loop {
            let healed = self.healed.notified();
            if self.ends.lock().is_empty() {
                return;
            }
            healed.await;
        }
    }

    /// Returns the server that fails in this fault.
    fn server(&self, target: FaultTarget) -> Option<&Arc<ServerProcess>> {
        match target {
            FaultTarget::Redis => self.cache.as_ref(),
            FaultTarget::Postgresql => self.database.as_ref(),
            FaultTarget::S3 | FaultTarget::Functions => None,
        }
    }

    async fn stop(&self, server: &ServerProcess, end: Instant) {
        server.pause().await;
        tokio::time::sleep_until(end).await;
        if let Err(error) = server.start_again().await {
            self.console.warn(&format!("{} does not start again: {error}", server.name()));
        }
    }

    async fn trouble_s3(&self, end: Instant) {
        self.s3.set(true);
        tokio::time::sleep_until(end).await;
        self.s3.set(false);
    }

    /// Kills every function process again and again. Each is started anew when it is needed, as on Lambda.
    async fn kill_functions(&self, end: Instant) {
        while Instant::now() < end {
            self.supervisor.kill_all(ProcessKind::Function);
            tokio::time::sleep_until(end.min(Instant::now() + KILL_PERIOD)).await;
        }
    }
}

/// Faults that begin by themselves. Dropping it cancels those that have not begun.
#[derive(Debug)]
pub struct FaultSchedule {
    _tasks: JoinSet<()>,
    waiting: Arc<AtomicUsize>,
}

impl FaultSchedule {
    /// Starts to count the time of each.
    pub fn start(faults: &Arc<Faults>, planned: &[PlannedFault]) -> Self {
        let waiting = Arc::new(AtomicUsize::new(planned.len()));
        let mut tasks = JoinSet::new();
        for &PlannedFault { target, after, lasts } in planned {
            let (faults, waiting) = (Arc::clone(faults), Arc::clone(&waiting));
            tasks.spawn(async move {
                tokio::time::sleep(after).await;
                waiting.fetch_sub(1, Ordering::Relaxed);
                if let Err(error) = faults.begin(target, lasts) {
                    faults.console.warn(&format!("--fault {}: {error}", target.name()));
                }
            });
        }
        Self { _tasks: tasks, waiting }
    }

    /// Returns how many have not begun.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_planned_fault_is_read() {
        let read = |text: &str| text.parse::<PlannedFault>();
        let seconds = Duration::from_secs;
        let fault = PlannedFault { target: FaultTarget::Redis, after: seconds(10), lasts: seconds(5) };
        assert_eq!(read("redis@10s+5s"), Ok(fault));
        let fault = PlannedFault { target: FaultTarget::Functions, after: seconds(0), lasts: seconds(60) };
        assert_eq!(read("functions@0ms+1m"), Ok(fault));
        for (text, words) in [
            ("redis", "TARGET@AFTER+DURATION"),
            ("redis@10s", "TARGET@AFTER+DURATION"),
            ("cache@1s+1s", "redis, postgresql, s3 or functions"),
            ("redis@1+1s", "`1` must be a number with"),
            ("redis@s+1s", "must begin with a number"),
            ("redis@1s+-1s", "`-1s` must be"),
            ("redis@1s+0s", "at least 1ms"),
            ("redis@1s+61m", "at most an hour"),
            ("redis@99999999999s+1s", "must begin with a number"),
            ("redis@1é+1s", "`1é` must be"),
        ] {
            let error = read(text).expect_err(text);
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
