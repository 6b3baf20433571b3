//! Faults on purpose: a server that is stopped for a while, S3 that fails, functions that are killed or idle, records that
//! are delivered again, a stream whose shards are split and merged.
//!
//! - [`planned`]: the targets, and faults that begin by themselves

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::emulators::s3::Trouble;
use crate::event_source::status::SharedStatus;
use crate::lambda_host::FunctionPool;
use crate::local::runner::Runner;
use crate::servers::{ServerProcess, Servers};
use crate::session::Session;
use crate::session::console::Console;
use crate::session::process::{ProcessKind, Supervisor};
use crate::stream::OpenStream;

mod planned;

pub use planned::{FaultTarget, LONGEST, PlannedFault};

/// The time between two kills of the functions: longer than all attempts of one start together.
const KILL_PERIOD: Duration = Duration::from_secs(2);

/// The reason why a fault cannot begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    #[error("the server was given by its URL, and is not this run's to stop")]
    Given,
    #[error("it is failing already")]
    Failing,
    #[error("only an open stream (--serve) has shards of its own to split and merge")]
    NoStream,
}

/// The parts of a run that can be made to fail, and those that fail now.
#[derive(Debug)]
pub struct Faults {
    cache: Option<Arc<ServerProcess>>,
    database: Option<Arc<ServerProcess>>,
    s3: Arc<Trouble>,
    supervisor: Arc<Supervisor>,
    pools: Vec<Arc<FunctionPool>>,
    mappings: Vec<Arc<SharedStatus>>,
    stream: OnceLock<Arc<OpenStream>>,
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
            pools: Vec::new(),
            mappings: Vec::new(),
            stream: OnceLock::new(),
            console: Arc::clone(&session.console),
            ends: Mutex::default(),
            healed: Notify::new(),
        }
    }

    /// Adds the functions and the mappings.
    #[must_use]
    pub fn of(self, runner: &Runner) -> Self {
        Self { pools: runner.pools(), mappings: runner.mappings(), ..self }
    }

    /// Adds the open stream, which can be resharded.
    pub fn add_stream(&self, stream: Arc<OpenStream>) {
        // There is one at most.
        self.stream.set(stream).ok();
    }

    /// Returns whether a fault of this part is possible.
    pub fn is_possible(&self, target: FaultTarget) -> bool {
        self.check(target).is_ok()
    }

    fn check(&self, target: FaultTarget) -> Result<(), FaultError> {
        match target {
            FaultTarget::Redis | FaultTarget::Postgresql if self.server(target).is_none() => Err(FaultError::Given),
            FaultTarget::Reshard if self.stream.get().is_none() => Err(FaultError::NoStream),
            _ => Ok(()),
        }
    }

    /// Returns how long this part goes on failing, if it fails.
    pub fn remaining(&self, target: FaultTarget) -> Option<Duration> {
        let end = self.ends.lock().get(&target).copied()?;
        Some(end.saturating_duration_since(Instant::now()))
    }

    /// Makes a part fail for a while, or at once.
    pub fn begin(self: &Arc<Self>, target: FaultTarget, lasts: Duration) -> Result<(), FaultError> {
        self.check(target)?;
        if target.is_momentary() {
            self.happen(target);
            return Ok(());
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
                (FaultTarget::Idle, None) => faults.hold_functions_back(end).await,
                (_, None) => faults.kill_functions(end).await,
            }
            faults.ends.lock().remove(&target);
            faults.console.say(&format!("fault: {} is over", target.name()));
            faults.healed.notify_waiters();
        });
        Ok(())
    }

    /// Lets something happen that has no duration.
    fn happen(&self, target: FaultTarget) {
        self.console.say(&format!("fault: {}", target.name()));
        match (target, self.stream.get()) {
            (FaultTarget::Redeliver, _) => self.mappings.iter().for_each(|mapping| mapping.redeliver()),
            (FaultTarget::Reshard, Some(stream)) => {
                if let Err(error) = stream.reshard() {
                    self.console.warn(&format!("the stream was not resharded: {error}"));
                }
            }
            _ => {}
        }
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
            _ => None,
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

    /// Begins no invocation. Lambda freezes a function between two, and so does this host: time passes, and connections
    /// may die, without the functions noticing.
    async fn hold_functions_back(&self, end: Instant) {
        for pool in &self.pools {
            pool.hold_back(true);
        }
        tokio::time::sleep_until(end).await;
        for pool in &self.pools {
            pool.hold_back(false);
        }
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
