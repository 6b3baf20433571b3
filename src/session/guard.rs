//! A shell that cleans up when pipegen itself is killed: it waits for the end of a pipe.
//!
//! A `SIGKILL` cannot be caught, and PostgreSQL and Redis would live on (the bootstrap would not: it ends when its
//! Runtime API is gone). The kernel closes a dead process's pipes, so a shell that reads one learns of it. A
//! parent-death signal would be the alternative, but it needs unsafe code or `setpriv`, works on Linux only, and fires
//! when the forking thread ends, not the process.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use parking_lot::Mutex;

/// The shell's script. Each line on standard input is the list of living children; `$1` is the folder to remove, if
/// any.
const SCRIPT: &str = r#"
# Only the end of the pipe ends the wait.
trap '' HUP INT TERM
# The last list is the valid one.
children=
while IFS= read -r line; do children=$line; done
# In a container there may be no process that reaps the children, so a zombie counts as ended.
lives() { kill -0 "$1" 2>/dev/null && ! grep -q '^State:[[:space:]]*Z' "/proc/$1/status" 2>/dev/null; }
living() { for child in $children; do lives "$child" && return 0; done; return 1; }
# PostgreSQL, Redis and the bootstrap all shut down on SIGINT. A frozen function has to be resumed to receive it.
for child in $children; do kill -INT "$child" 2>/dev/null; kill -CONT "$child" 2>/dev/null; done
# They have five seconds; then they are killed.
tenths=0
while living && [ "$tenths" -lt 50 ]; do sleep 0.1; tenths=$((tenths + 1)); done
for child in $children; do kill -KILL "$child" 2>/dev/null; done
# Nobody uses the folder any more.
if [ -n "$1" ]; then rm -rf -- "$1"; fi
"#;

/// The shell, and the children that it would stop.
#[derive(Debug)]
pub struct Guard {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    shell: Child,
    pipe: Option<ChildStdin>,
    children: BTreeSet<u32>,
}

impl Guard {
    /// Starts the shell, which removes `folder` when it ends.
    pub fn start(folder: Option<&Path>) -> std::io::Result<Self> {
        let mut shell = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "pipegen-guard"])
            .arg(folder.unwrap_or_else(|| Path::new("")))
            .current_dir("/")
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // A Ctrl-C at the terminal goes to pipegen's group; the guard must outlive it.
            .process_group(0)
            .spawn()?;
        let pipe = shell.stdin.take();
        Ok(Self { state: Mutex::new(State { shell, pipe, children: BTreeSet::new() }) })
    }

    pub(super) fn add(&self, child: u32) {
        self.change(|children| children.insert(child));
    }

    pub(super) fn remove(&self, child: u32) {
        self.change(|children| children.remove(&child));
    }

    fn change(&self, change: impl FnOnce(&mut BTreeSet<u32>) -> bool) {
        let mut state = self.state.lock();
        change(&mut state.children);
        let mut line = state.children.iter().map(u32::to_string).collect::<Vec<_>>().join(" ");
        line.push('\n');
        if let Some(pipe) = &mut state.pipe {
            // The run goes on without a guard if the shell was killed.
            pipe.write_all(line.as_bytes()).ok();
        }
    }

    /// Closes the pipe and waits until the shell has stopped the children that are left.
    pub fn finish(&self) {
        let mut state = self.state.lock();
        state.pipe = None;
        state.shell.wait().ok();
    }
}
