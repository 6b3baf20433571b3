//! Runs interrupted by Ctrl-C.

use std::fs;
use std::io::{BufRead as _, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::records::synthetic;
use crate::run::local::{LocalCommand, LocalProcess};
use crate::run::processes::{alive, descendants, naming, processors};
use crate::run::served::ServedRun;

/// The time for the first bootstrap to start: it may have to be built.
const START_TIMEOUT: Duration = Duration::from_mins(15);

#[test]
fn ctrl_c_in_the_middle_leaves_nothing() -> Result<()> {
    let mut running = LocalCommand::new()?.records_from_stdin().start()?;
    let mut pipe = running.pipe()?;
    let text: String = synthetic::few_products().iter().flat_map(|line| [line.as_str(), "\n"]).collect();
    // The pipe stays open, so that the run would wait for more records.
    pipe.write_all(text.as_bytes()).context("pipegen does not read")?;
    wait_until(&mut running, |running| Ok(!processors(running.pid())?.is_empty()))?;
    interrupt_and_check(running)
}

#[test]
fn ctrl_c_at_the_start_leaves_nothing() -> Result<()> {
    let mut running = LocalCommand::new()?.records_from_stdin().start()?;
    // The run creates its folder before it starts any process; before that there is nothing to stop.
    wait_until(&mut running, |running| {
        let folder = left(&running.temporary())?.iter().any(|path| path.is_dir());
        Ok(folder && !descendants(running.pid())?.is_empty())
    })?;
    interrupt_and_check(running)
}

/// While the archiver collects, a probe waits for minutes.
#[test]
fn ctrl_c_ends_a_probe_that_waits_for_the_archive() -> Result<()> {
    let run = ServedRun::start()?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_pipegen"));
    command.args(["probe", "--endpoint", &run.url()]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut probe = command.spawn()?;
    let mut hops = BufReader::new(probe.stdout.take().context("no pipe")?).lines();
    for _ in ["stream", "catalog", "cache", "quarantine"] {
        let hop = hops.next().context("the probe has ended")??;
        ensure!(hop.contains(" passed ") && !hop.starts_with("archive"), "{hop}");
    }
    kill(Pid::from_raw(i32::try_from(probe.id())?), Signal::SIGINT)?;
    // A child process of its own would keep the pipes open.
    ensure!(hops.next().is_none());
    let ended = probe.wait_with_output()?;
    ensure!(ended.status.code() == Some(130) && ended.stderr.is_empty(), "{ended:?}");
    run.process.press_ctrl_c()?;
    run.process.wait_for_stop()?.succeeded()?;
    Ok(())
}

fn wait_until(running: &mut LocalProcess, is_so: impl Fn(&LocalProcess) -> Result<bool>) -> Result<()> {
    let deadline = Instant::now() + START_TIMEOUT;
    while !is_so(running)? {
        ensure!(running.is_alive()?, "pipegen has ended by itself");
        ensure!(Instant::now() < deadline, "nothing runs after {START_TIMEOUT:?}");
        thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

fn interrupt_and_check(running: LocalProcess) -> Result<()> {
    let temporary = running.temporary();
    let started = descendants(running.pid())?;
    assert!(!started.is_empty(), "nothing had been started");
    running.press_ctrl_c()?;
    let finished = running.wait_for_stop()?;

    assert!(!finished.status.success(), "an interrupted run must fail");
    assert_eq!(alive(&started)?, [], "started before and still alive");
    assert_eq!(naming(&temporary)?, [], "alive and working in the run's folder");
    assert_eq!(left(&temporary)?, Vec::<PathBuf>::new(), "left in the folder for temporary files");
    Ok(())
}

fn left(folder: &PathBuf) -> Result<Vec<PathBuf>> {
    fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect()
}
