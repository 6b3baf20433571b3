//! A run that stays up.

use std::fs::{self, File};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use super::folder::Folder;

/// A run that stays up until it is interrupted.
pub(crate) struct Stack {
    child: Child,
}

impl Stack {
    /// Starts it, and waits until it says this line.
    pub(crate) fn start(mut command: Command, folder: &Folder, line: &str, timeout: Duration) -> Result<Self> {
        let log = folder.path().join("stack.log");
        let output = File::create(&log)?;
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(output).spawn()?;
        let mut stack = Self { child };
        let deadline = Instant::now() + timeout;
        loop {
            let said = fs::read_to_string(&log)?;
            if said.contains(line) {
                return Ok(stack);
            }
            if let Some(status) = stack.child.try_wait()? {
                bail!("ended with {status}:\n{said}");
            }
            if Instant::now() > deadline {
                bail!("is not up after {timeout:?}:\n{said}");
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Presses Ctrl-C and waits for the end.
    pub(crate) fn interrupt(mut self) -> Result<ExitStatus> {
        self.signal(Signal::SIGINT)?;
        Ok(self.child.wait()?)
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let group = Pid::from_raw(i32::try_from(self.child.id())?);
        killpg(group, signal).context("cannot signal it")
    }
}

impl Drop for Stack {
    /// Whatever failed, nothing is left running.
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) && self.signal(Signal::SIGTERM).is_ok() {
            drop(self.child.wait());
        }
    }
}
