//! A run on this machine, and how it ends: whatever was started is stopped and removed, at the end, on an error and on a signal.
//!
//! - [`working_folder`]: where servers, objects and logs lie
//! - [`process`]: child processes, supervised, stopped and reaped
//! - [`guard`]: cleans up when pipegen itself is killed
//! - [`signals`]: the signals that end a run
//! - [`console`]: messages and progress on standard error
//! - [`listener`]: HTTP on loopback

pub mod console;
pub mod guard;
pub mod listener;
pub mod process;
pub mod signals;
pub mod working_folder;

use std::sync::Arc;

use anyhow::Context as _;
use tokio::runtime::Runtime;

use console::Console;
use guard::Guard;
use process::Supervisor;
use signals::Signals;
use working_folder::WorkingFolder;

/// What every part of a run shares.
pub struct Session {
    /// Where servers, objects and logs lie.
    pub folder: WorkingFolder,
    /// Starts child processes, and stops them.
    pub supervisor: Arc<Supervisor>,
    /// Messages and progress on standard error.
    pub console: Arc<Console>,
    guard: Arc<Guard>,
}

/// How a run ended.
pub enum Ended<T> {
    /// By itself.
    Done(T),
    /// By the signal with this number.
    Interrupted(i32),
}

/// Runs `work` in a session in this folder, or in a scratch folder that is removed at the end.
pub fn run<T>(
    folder: Option<WorkingFolder>,
    work: impl AsyncFnOnce(&Session, &mut Signals) -> anyhow::Result<Ended<T>>,
) -> anyhow::Result<Ended<T>> {
    let runtime = Runtime::new().context("cannot start the runtime")?;
    runtime.block_on(async {
        // From here on a signal ends the run and not the process.
        let mut signals = Signals::catch().context("cannot catch signals")?;
        let session = Session::open(folder)?;
        let ended = work(&session, &mut signals).await;
        let closed = session.close().await;
        let ended = ended?;
        closed?;
        Ok(ended)
    })
}

impl Session {
    /// Opens a session in this folder, or in a scratch folder.
    pub fn open(folder: Option<WorkingFolder>) -> anyhow::Result<Self> {
        let folder = match folder {
            Some(folder) => folder,
            None => WorkingFolder::scratch()?,
        };
        let guard = Arc::new(Guard::start(folder.to_remove()).context("cannot start /bin/sh")?);
        let supervisor = Arc::new(Supervisor::new(Arc::clone(&guard)));
        Ok(Self { folder, supervisor, console: Arc::new(Console::new()), guard })
    }

    /// Stops every child process, and removes the folder unless it is kept.
    pub async fn close(self) -> anyhow::Result<()> {
        self.console.close();
        self.supervisor.stop_all().await;
        let removed = self.folder.remove();
        self.guard.finish();
        removed.context("cannot remove the scratch folder")
    }
}
