//! The bootstrap is killed while it works.

use std::io::Write;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::model::expected::Expected;
use crate::records::{lines, synthetic};
use crate::run::local::LocalProcess;
use crate::run::processes::{Process, context_switches, kill_now, processors};
use crate::run::results::{PreparedRun, RunResults};

/// The number of times that a bootstrap is killed.
const KILLS: usize = 10;
/// The number of parts of the input; for each, at most one bootstrap is killed.
const PARTS: usize = 14;
/// The time for the first bootstrap to start: it may have to be built.
const START_TIMEOUT: Duration = Duration::from_mins(15);
/// The time for which bootstraps may be idle before the next part is fed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(5);

#[test]
fn killed_ten_times_on_the_way() -> Result<()> {
    let lines = [lines()?, synthetic::many_products(), synthetic::few_products()].concat();
    let expected = Expected::of(&lines)?;
    let (cache, mut running) = PreparedRun::new(&expected)?.edit(|local| Ok(local.records_from_stdin()))?.start()?;

    let kills = feed_and_kill(&lines, &mut running)?;
    let results = RunResults::after(cache, running.wait()?.succeeded()?)?;

    assert_eq!(kills, KILLS, "not every kill has hit a busy bootstrap");
    let errors = results.count("function_errors");
    assert!(errors > 0, "no kill has interrupted a batch: {}", results.finished().stdout);
    results.check(&expected)
}

/// Feeds the lines part by part, kills a busy bootstrap during each part until [`KILLS`] are killed, and returns their
/// number.
fn feed_and_kill(lines: &[String], running: &mut LocalProcess) -> Result<usize> {
    let mut pipe = running.pipe()?;
    let mut kills = 0;
    for part in lines.chunks(lines.len().div_ceil(PARTS)) {
        let text: String = part.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
        pipe.write_all(text.as_bytes()).context("pipegen does not read on")?;
        if kills == 0 {
            wait_for_processor(running)?;
        }
        if kills < KILLS && kill_a_busy_one(running)? {
            kills += 1;
        }
    }
    Ok(kills)
}

/// Waits until the first processor runs.
pub(crate) fn wait_for_processor(running: &mut LocalProcess) -> Result<()> {
    let deadline = Instant::now() + START_TIMEOUT;
    while processors(running.pid())?.is_empty() {
        ensure!(running.is_alive()?, "pipegen has ended before its first batch");
        ensure!(Instant::now() < deadline, "no bootstrap after {START_TIMEOUT:?}");
        thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

/// Watches the bootstraps until one of them is busy, and kills it; returns false if all stay idle.
pub(crate) fn kill_a_busy_one(running: &mut LocalProcess) -> Result<bool> {
    let deadline = Instant::now() + IDLE_TIMEOUT;
    let mut seen: Vec<(Process, u64)> = Vec::new();
    while Instant::now() < deadline {
        ensure!(running.is_alive()?, "pipegen has ended while it was fed");
        let now: Vec<(Process, u64)> = processors(running.pid())?
            .into_iter()
            .map(|process| (process.clone(), context_switches(&process)))
            .collect();
        let busy = now.iter().find(|(process, context_switches)| {
            seen.iter().any(|(other, then)| other == process && context_switches > then)
        });
        if let Some((process, _)) = busy
            && kill_now(process)?
        {
            return Ok(true);
        }
        seen = now;
    }
    Ok(false)
}
