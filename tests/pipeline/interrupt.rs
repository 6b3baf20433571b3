//! Runs interrupted by Ctrl-C.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::records::synthetic;
use crate::run::local::{LocalCommand, LocalProcess};
use crate::run::processes::{alive, descendants, naming, processors};

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
