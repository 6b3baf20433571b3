//! The bootstrap dies on the way.

use std::io::Write;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::model::expected::Expected;
use crate::records::{crowded, lines};
use crate::run::local::Running;
use crate::run::play::{Play, Played};
use crate::run::processes::{Process, kill_now, processors, waits};

/// How often a bootstrap is killed.
const KILLS: usize = 10;
/// The input comes in so many parts, and at most one bootstrap is killed for each.
const PARTS: usize = 14;
/// How long the first bootstrap may take to be there: it may have to be built.
const LONGEST_START: Duration = Duration::from_mins(15);
/// How long a bootstrap may be idle before the next part is fed.
const LONGEST_IDLE: Duration = Duration::from_secs(5);

#[test]
fn killed_ten_times_on_the_way() -> Result<()> {
    let lines = [lines()?, crowded::scattered(), crowded::dense()].concat();
    let expected = Expected::of(&lines)?;
    let (cache, mut running) = Play::new(&expected)?.edit(|local| Ok(local.listens()))?.start()?;

    let kills = feed_and_kill(&lines, &mut running)?;
    let played = Played::after(cache, running.wait()?.succeeded()?)?;

    assert_eq!(kills, KILLS, "not every kill has met a bootstrap at work");
    let errors = played.count("function_errors");
    assert!(errors > 0, "no kill has met a batch: {}", played.finished().stdout);
    played.check(&expected)
}

/// Feeds the lines part by part and kills a bootstrap that works on each of the first ten that meet one; how many.
fn feed_and_kill(lines: &[String], running: &mut Running) -> Result<usize> {
    let mut pipe = running.pipe()?;
    let mut kills = 0;
    for part in lines.chunks(lines.len().div_ceil(PARTS)) {
        let text: String = part.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
        pipe.write_all(text.as_bytes()).context("pipegen does not read on")?;
        if kills == 0 {
            wait_for_processor(running)?;
        }
        if kills < KILLS && kill_one_at_work(running)? {
            kills += 1;
        }
    }
    Ok(kills)
}

fn wait_for_processor(running: &mut Running) -> Result<()> {
    let deadline = Instant::now() + LONGEST_START;
    while processors(running.pid())?.is_empty() {
        ensure!(running.is_alive()?, "pipegen has ended before its first batch");
        ensure!(Instant::now() < deadline, "no bootstrap after {LONGEST_START:?}");
        thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

/// Looks at the bootstraps until one of them is seen at work, and kills that; false if all stay idle.
fn kill_one_at_work(running: &mut Running) -> Result<bool> {
    let deadline = Instant::now() + LONGEST_IDLE;
    let mut seen: Vec<(Process, u64)> = Vec::new();
    while Instant::now() < deadline {
        ensure!(running.is_alive()?, "pipegen has ended while it was fed");
        let now: Vec<(Process, u64)> =
            processors(running.pid())?.into_iter().map(|process| (process.clone(), waits(&process))).collect();
        let at_work =
            now.iter().find(|(process, waits)| seen.iter().any(|(other, then)| other == process && waits > then));
        if let Some((process, _)) = at_work
            && kill_now(process)?
        {
            return Ok(true);
        }
        seen = now;
    }
    Ok(false)
}
