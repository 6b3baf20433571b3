//! A server of this run, which can be stopped and started again.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::process::Command;

use crate::session::process::{LineHandler, Process, ProcessKind, StopPolicy, Supervisor};

/// The time after which a server that was started again counts as running.
const SETTLED: Duration = Duration::from_secs(1);
/// The wait before another start: something else may have the port for a moment.
const START_PAUSE: Duration = Duration::from_millis(250);

/// The recipe for a server's process.
pub(super) struct ServerRecipe {
    pub(super) name: &'static str,
    /// The way in which the process is stopped at the end of the run.
    pub(super) stop: StopPolicy,
    /// The way in which it is stopped for a while, with nothing lost that it has promised to keep.
    pub(super) pause: StopPolicy,
    pub(super) command: Box<dyn Fn() -> Command + Send + Sync>,
    pub(super) lines: LineHandler,
}

/// A server's process, or the next one in its place.
pub struct ServerProcess {
    supervisor: Arc<Supervisor>,
    recipe: ServerRecipe,
    process: Mutex<Arc<Process>>,
}

impl ServerProcess {
    /// Starts the server.
    pub(super) fn start(supervisor: &Arc<Supervisor>, recipe: ServerRecipe) -> io::Result<Self> {
        let process = Mutex::new(spawn(supervisor, &recipe)?);
        Ok(Self { supervisor: Arc::clone(supervisor), recipe, process })
    }

    /// Returns the present process.
    pub(super) fn process(&self) -> Arc<Process> {
        Arc::clone(&self.process.lock())
    }

    pub fn name(&self) -> &'static str {
        self.recipe.name
    }

    /// Stops the server until [`Self::start_again`].
    pub async fn pause(&self) {
        self.process().stop_by(self.recipe.pause).await;
    }

    /// Starts the server on the same port, with its data, until it stays. Fails once the run is ending.
    pub async fn start_again(&self) -> io::Result<()> {
        loop {
            let process = spawn(&self.supervisor, &self.recipe)?;
            *self.process.lock() = Arc::clone(&process);
            if tokio::time::timeout(SETTLED, process.exited()).await.is_err() {
                return Ok(());
            }
            tokio::time::sleep(START_PAUSE).await;
        }
    }
}

fn spawn(supervisor: &Supervisor, recipe: &ServerRecipe) -> io::Result<Arc<Process>> {
    let ServerRecipe { name, stop, command, lines, .. } = recipe;
    supervisor.spawn(name, ProcessKind::Server, *stop, command(), Arc::clone(lines))
}

impl fmt::Debug for ServerProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
