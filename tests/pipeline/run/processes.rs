//! The processes of a run, read from `/proc`.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::local::bootstrap_name;

/// A process; the start time distinguishes it from a later one with the same id.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Process {
    pub(crate) pid: i32,
    pub(crate) name: String,
    parent: i32,
    is_zombie: bool,
    started: u64,
}

/// The time within which a parent waits for an ended child.
const REAP_TIMEOUT: Duration = Duration::from_secs(10);

/// Returns the living descendants of the run.
pub(crate) fn descendants(run: Pid) -> Result<Vec<Process>> {
    let all = all()?;
    let mut found: Vec<Process> = Vec::new();
    let mut parents = vec![run.as_raw()];
    while let Some(parent) = parents.pop() {
        for child in all.iter().filter(|process| process.parent == parent) {
            parents.push(child.pid);
            found.push(child.clone());
        }
    }
    found.retain(|process| !process.is_zombie);
    Ok(found)
}

/// Returns the run's bootstrap processes in the processor's role.
pub(crate) fn processors(run: Pid) -> Result<Vec<Process>> {
    with_role(run, "processor")
}

/// Returns the run's bootstrap processes in this role.
pub(crate) fn with_role(run: Pid, role: &str) -> Result<Vec<Process>> {
    let children = descendants(run)?.into_iter();
    Ok(children.filter(|process| process.parent == run.as_raw() && has_role(process.pid, role)).collect())
}

/// Returns the peak memory of the process so far, in MiB.
pub(crate) fn peak_memory(process: &Process) -> Result<u64> {
    let status = fs::read_to_string(proc(process.pid, "status"))?;
    let kibibytes = number_after(&status, "\nVmHWM:").context("the process has no memory")?;
    Ok(kibibytes.div_ceil(1024))
}

/// Returns those of these processes that are still alive.
pub(crate) fn alive(processes: &[Process]) -> Result<Vec<Process>> {
    let same = |now: &Process| processes.iter().any(|then| (then.pid, then.started) == (now.pid, now.started));
    Ok(all()?.into_iter().filter(|process| !process.is_zombie && same(process)).collect())
}

/// Returns every living process whose command line or environment names the folder.
pub(crate) fn naming(folder: &Path) -> Result<Vec<Process>> {
    let folder = folder.as_os_str().as_bytes();
    let names = |bytes: Vec<u8>| bytes.windows(folder.len()).any(|window| window == folder);
    let names_it = |process: &Process| {
        ["cmdline", "environ"].iter().any(|file| fs::read(proc(process.pid, file)).is_ok_and(names))
    };
    Ok(all()?.into_iter().filter(|process| !process.is_zombie && names_it(process)).collect())
}

/// Counts the voluntary context switches of the process's threads. An idle process has no further ones.
pub(crate) fn context_switches(process: &Process) -> u64 {
    let threads = fs::read_dir(proc(process.pid, "task")).into_iter().flatten().flatten();
    let statuses = threads.filter_map(|thread| fs::read_to_string(thread.path().join("status")).ok());
    statuses.map(|status| number_after(&status, "\nvoluntary_ctxt_switches:").unwrap_or_default()).sum()
}

/// Kills the process with `SIGKILL`, waits for its end, and returns whether it was alive.
pub(crate) fn kill_now(process: &Process) -> Result<bool> {
    if alive(std::slice::from_ref(process))?.is_empty() || kill(Pid::from_raw(process.pid), Signal::SIGKILL).is_err() {
        return Ok(false);
    }
    let deadline = Instant::now() + REAP_TIMEOUT;
    while !alive(std::slice::from_ref(process))?.is_empty() {
        ensure!(Instant::now() < deadline, "process {} outlived SIGKILL", process.pid);
        thread::sleep(Duration::from_millis(1));
    }
    Ok(true)
}

fn has_role(pid: i32, role: &str) -> bool {
    let command = fs::read(proc(pid, "cmdline")).unwrap_or_default();
    let program =
        command.split(|byte| *byte == 0).next().map(OsStr::from_bytes).and_then(|path| Path::new(path).file_name());
    program == Some(&bootstrap_name()) && variable(pid, "_HANDLER").is_some_and(|handler| handler == role)
}

/// Returns a variable of the process's environment.
pub(crate) fn variable(pid: i32, name: &str) -> Option<String> {
    let environment = fs::read(proc(pid, "environ")).ok()?;
    let entries = environment.split(|byte| *byte == 0).filter_map(|entry| str::from_utf8(entry).ok());
    entries.filter_map(|entry| entry.split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
}

fn all() -> Result<Vec<Process>> {
    let entries = fs::read_dir("/proc").context("these tests look at processes through /proc")?;
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    // A process may end before its file is read.
    Ok(pids.filter_map(|pid| parse(pid, &fs::read_to_string(proc(pid, "stat")).ok()?)).collect())
}

/// Parses `pid (name) state ppid …`. The start time is the 22nd field; the name may contain anything.
fn parse(pid: i32, stat: &str) -> Option<Process> {
    let (name, fields) = stat.rsplit_once(')')?;
    let (_, name) = name.split_once('(')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    Some(Process {
        pid,
        name: name.to_owned(),
        is_zombie: matches!(*fields.first()?, "Z" | "X"),
        parent: fields.get(1)?.parse().ok()?,
        started: fields.get(19)?.parse().ok()?,
    })
}

fn number_after(text: &str, label: &str) -> Option<u64> {
    text.split_once(label)?.1.split_whitespace().next()?.parse().ok()
}

fn proc(pid: i32, file: &str) -> String {
    format!("/proc/{pid}/{file}")
}
