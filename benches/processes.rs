//! CPU time to the nanosecond, of a thread or a process, and peak memory.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use nix::time::{ClockId, clock_gettime};
use procfs::process::Process;
use sqlx::PgConnection;

/// The CPU time of the thread that calls this.
pub(crate) fn cpu_of_this_thread() -> Result<Duration> {
    Ok(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)?.into())
}

/// The CPU time of this process, with that of its threads that have ended.
pub(crate) fn cpu_of_this_process() -> Result<Duration> {
    Ok(clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID)?.into())
}

/// The CPU time of the living threads of a process.
pub(crate) fn cpu(pid: u32) -> Result<Duration> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).context("a process has ended too early")?;
    threads.flatten().map(|thread| scheduled(&thread.path())).sum()
}

/// The most memory that a process has had, in MiB (`VmHWM`).
pub(crate) fn peak_memory(pid: u32) -> Result<f64> {
    let kibibytes = Process::new(i32::try_from(pid)?)?.status()?.vmhwm.context("a process has ended too early")?;
    Ok(f64::from(u32::try_from(kibibytes)?) / 1024.0)
}

/// The ids of the sessions in PostgreSQL that call themselves so.
pub(crate) async fn sessions(admin: &mut PgConnection, application: &str) -> Result<Vec<u32>> {
    let ask = "select pid from pg_stat_activity where application_name = $1 and backend_type = 'client backend'";
    let pids: Vec<i32> = sqlx::query_scalar(ask).bind(application).fetch_all(admin).await?;
    Ok(pids.into_iter().filter_map(|pid| u32::try_from(pid).ok()).collect())
}

fn scheduled(thread: &Path) -> Result<Duration> {
    let text = fs::read_to_string(thread.join("schedstat")).context("the kernel keeps no schedstat")?;
    let nanoseconds = text.split_whitespace().next().context("an empty schedstat")?;
    Ok(Duration::from_nanos(nanoseconds.parse()?))
}
