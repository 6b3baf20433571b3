//! The run's PostgreSQL server, stopped and restarted by the test.

use std::fs;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::processes::{Process, alive, descendants};

/// The time for the server to stop.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);

/// The command line and user of a stopped server.
pub(crate) struct StoppedServer {
    arguments: Vec<String>,
    user: u32,
    group: u32,
}

/// The restarted server, a child process of the test.
pub(crate) struct RestartedServer(Child);

/// Stops the run's server at once, which closes every connection.
pub(crate) fn stop(run: Pid) -> Result<StoppedServer> {
    let servers: Vec<Process> = descendants(run)?.into_iter().filter(|process| process.name == "postgres").collect();
    let server = servers.first().context("the run has no PostgreSQL")?;
    let stopped = StoppedServer::of(server.pid)?;
    kill(Pid::from_raw(server.pid), Signal::SIGQUIT)?;
    let deadline = Instant::now() + STOP_TIMEOUT;
    while !alive(&servers)?.is_empty() {
        ensure!(Instant::now() < deadline, "PostgreSQL does not stop");
        thread::sleep(Duration::from_millis(5));
    }
    Ok(stopped)
}

impl StoppedServer {
    fn of(pid: i32) -> Result<Self> {
        let arguments = fs::read_to_string(format!("/proc/{pid}/cmdline"))?;
        let arguments = arguments.split_terminator('\0').map(str::to_owned).collect();
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let id = |label: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(label));
            line.and_then(|line| line.split_whitespace().next()?.parse().ok()).context("the process has no user")
        };
        Ok(Self { arguments, user: id("Uid:")?, group: id("Gid:")? })
    }

    /// Starts the server again, with the same data on the same port.
    pub(crate) fn restart(self) -> Result<RestartedServer> {
        let (program, arguments) = self.arguments.split_first().context("no command line")?;
        let mut command = Command::new(program);
        command.args(arguments).env_clear().env("TZ", "UTC").current_dir("/");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if self.user != nix::unistd::geteuid().as_raw() {
            command.uid(self.user).gid(self.group);
        }
        Ok(RestartedServer(command.spawn().context("PostgreSQL does not start again")?))
    }
}

impl Drop for RestartedServer {
    fn drop(&mut self) {
        let pid = Pid::from_raw(i32::try_from(self.0.id()).expect("a process id fits"));
        kill(pid, Signal::SIGQUIT).ok();
        self.0.wait().ok();
    }
}
