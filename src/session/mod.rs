//! A run on this machine. Whatever it starts is stopped and removed: at the end, on an error, on a signal, and if
//! pipegen is killed.
//!
//! - [`working_folder`]: the folder of servers, objects and logs
//! - [`process`]: child processes, supervised, stopped and reaped
//! - `guard`: the shell that cleans up when pipegen itself is killed
//! - [`signals`]: the signals that end a run
//! - [`console`]: messages and progress on standard error
//! - [`listener`]: HTTP on loopback

pub mod console;
mod guard;
pub mod listener;
pub mod process;
pub mod signals;
pub mod working_folder;

use std::sync::Arc;

use anyhow::Context as _;
use tokio::runtime::Builder;

use console::Console;
use guard::Guard;
use process::Supervisor;
use signals::Signals;
use working_folder::WorkingFolder;

/// Folder, processes and messages of a run. [`Self::close`] stops and removes all of it; the guard does so if the
/// process ends without closing it.
pub struct Session {
    pub folder: WorkingFolder,
    pub supervisor: Arc<Supervisor>,
    pub console: Arc<Console>,
    guard: Arc<Guard>,
}

/// End of a run.
pub enum Ended<T> {
    /// By itself.
    Done(T),
    /// By the signal with this number.
    Interrupted(i32),
}

/// Runs `work` in a session in this folder, or in a scratch folder, and closes the session.
pub fn run<T>(
    folder: Option<WorkingFolder>,
    work: impl AsyncFnOnce(&Session, &mut Signals) -> anyhow::Result<Ended<T>>,
) -> anyhow::Result<Ended<T>> {
    // One thread does what little there is to do here, without waking another for each step of it; the records are read
    // by a thread of their own.
    let runtime = Builder::new_current_thread().enable_all().build().context("cannot start the runtime")?;
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

/// Runs `work`, which has neither folder nor processes, and gives it the signals that would end the process.
pub fn interruptible<T>(work: impl AsyncFnOnce(&mut Signals) -> anyhow::Result<Ended<T>>) -> anyhow::Result<Ended<T>> {
    let runtime = Builder::new_current_thread().enable_all().build().context("cannot start the runtime")?;
    let ended = runtime.block_on(async { work(&mut Signals::catch().context("cannot catch signals")?).await });
    // What a blocking thread still waits for, such as an answer, must not hold up the end.
    runtime.shutdown_background();
    ended
}

impl Session {
    /// Opens a session in this folder, or in a scratch folder that is removed at the end.
    pub fn open(folder: Option<WorkingFolder>) -> anyhow::Result<Self> {
        let folder = folder.map_or_else(WorkingFolder::scratch, Ok)?;
        let guard = Arc::new(Guard::start(folder.scratch_path()).context("cannot start /bin/sh")?);
        let supervisor = Arc::new(Supervisor::new(Arc::clone(&guard)));
        Ok(Self { folder, supervisor, console: Arc::new(Console::new()), guard })
    }

    /// Stops every child process, functions before servers, and removes the folder unless it is kept.
    pub async fn close(self) -> anyhow::Result<()> {
        self.console.close();
        self.supervisor.stop_all().await;
        let removed = self.folder.remove();
        self.guard.finish();
        removed.context("cannot remove the scratch folder")
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::process::ExitStatusExt as _;
    use std::time::Duration;

    use anyhow::bail;
    use nix::sys::signal::Signal;
    use tokio::process::Command;

    use super::*;
    use process::{Process, ProcessKind, StopPolicy};

    fn sleep(session: &Session, kind: ProcessKind) -> anyhow::Result<Arc<Process>> {
        let mut command = Command::new("sleep");
        command.arg("1000");
        let stop = StopPolicy { signal: Signal::SIGTERM, grace: Duration::from_secs(5) };
        Ok(session.supervisor.spawn("sleep", kind, stop, command, Arc::new(|_, _: &str| {}))?)
    }

    #[test]
    fn after_an_error_every_process_has_ended_and_the_folder_is_gone() {
        let mut left = None;
        let ended: anyhow::Result<Ended<()>> = run(None, async |session, _| {
            fs::write(session.folder.join("object"), "")?;
            let processes = [sleep(session, ProcessKind::Function)?, sleep(session, ProcessKind::Server)?];
            left = Some((session.folder.join("object"), processes));
            bail!("the work has failed")
        });
        assert_eq!(ended.err().expect("an error").to_string(), "the work has failed");
        let (object, processes) = left.expect("started");
        assert!(!object.parent().expect("a folder").exists());
        for process in processes {
            // Not by the guard, which sends another one.
            assert_eq!(process.status().and_then(|status| status.signal()), Some(Signal::SIGTERM as i32));
        }
    }
}
