//! Many seeds, some of them at a time.

use std::env;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use parking_lot::Mutex;

use crate::databases::Databases;
use crate::history::history;
use crate::journal::Figures;
use crate::plan::Plan;

/// The seeds of a run that says nothing else.
const SEEDS: u64 = 12;

/// The histories that run at a time. They wait most of the time.
const AT_ONCE: u64 = 4;

/// The attempts at a smaller plan: threads and servers are not the same twice.
const ATTEMPTS: usize = 3;

/// Lets everybody in: a password takes longer to check than a transaction, and the server is thrown away.
const TRUST: &str = "do $$ begin
    execute format('copy (select %L) to %L', 'host all all 127.0.0.1/32 trust', current_setting('hba_file'));
end $$;
select pg_reload_conf()";

/// A history with its verdict.
struct Judged {
    plan: Plan,
    figures: Figures,
    took: Duration,
    error: Option<String>,
}

/// A server, with a database for each history.
struct Histories {
    databases: Databases,
    runs: AtomicU64,
}

#[test]
fn every_history_is_what_the_model_says() -> Result<()> {
    let (first, seeds) = (number("PIPEGEN_FIRST_SEED", 1)?, number("PIPEGEN_SEEDS", SEEDS)?);
    let shrinks = env::var_os("PIPEGEN_SHRINK").is_some();
    let histories = Histories::start()?;
    let (next, failed) = (AtomicU64::new(first), Mutex::new(Vec::new()));
    let lane = || -> Result<()> {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= first + seeds {
                return Ok(());
            }
            let mut judged = histories.judge(Plan::of(seed))?;
            say(&judged.to_string());
            if judged.error.is_some() {
                if shrinks {
                    judged = histories.shrink(judged)?;
                    say(&format!("shrunk: {judged}"));
                }
                failed.lock().push(judged.to_string());
            }
        }
    };
    thread::scope(|scope| {
        let lanes: Vec<_> = (0..number("PIPEGEN_AT_ONCE", AT_ONCE)?.min(seeds)).map(|_| scope.spawn(lane)).collect();
        lanes.into_iter().try_for_each(|lane| lane.join().expect("a history's panic is caught"))
    })?;
    histories.databases.stop()?;
    let failed = failed.into_inner();
    ensure!(failed.is_empty(), "{} of {seeds} seeds failed", failed.len());
    Ok(())
}

impl Histories {
    fn start() -> Result<Self> {
        let databases = Databases::start()?;
        databases.execute(&databases.create("trusting")?, TRUST)?;
        Ok(Self { databases, runs: AtomicU64::new(0) })
    }

    fn judge(&self, plan: Plan) -> Result<Judged> {
        let begun = Instant::now();
        let url = self.databases.create(&format!("history_{}", self.runs.fetch_add(1, Ordering::Relaxed)))?;
        let (outcome, figures) = self.databases.runtime.block_on(history(&plan, url));
        let error = outcome.err().map(|error| format!("{error:#}"));
        Ok(Judged { plan, figures, took: begun.elapsed(), error })
    }

    /// Leaves out steps as long as the history still fails: many at a time first, then one by one.
    fn shrink(&self, mut smallest: Judged) -> Result<Judged> {
        let mut size = smallest.plan.steps().count() / 2;
        while size > 0 {
            let numbers: Vec<usize> = smallest.plan.steps().map(|step| step.number).collect();
            for part in numbers.chunks(size) {
                let smaller = smallest.plan.without(part);
                if let Some(judged) = self.fails(&smaller)? {
                    smallest = judged;
                }
            }
            size /= 2;
        }
        Ok(smallest)
    }

    /// Tries a plan, and returns its verdict if it fails.
    fn fails(&self, plan: &Plan) -> Result<Option<Judged>> {
        for _ in 0..ATTEMPTS {
            let judged = self.judge(plan.clone())?;
            if judged.error.is_some() {
                return Ok(Some(judged));
            }
        }
        Ok(None)
    }
}

impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { plan, figures, took, error } = self;
        write!(f, "seed {} in {:.1} s: {figures:?}", plan.seed, took.as_secs_f64())?;
        if let Some(error) = error {
            write!(f, "\n{plan}NOT EXPLAINED: {error}")?;
        }
        Ok(())
    }
}

fn number(name: &str, default: u64) -> Result<u64> {
    match env::var(name) {
        Ok(text) => text.parse().with_context(|| format!("{name}={text} is not a number")),
        Err(_) => Ok(default),
    }
}

#[expect(clippy::print_stderr, reason = "many seeds show how far they are")]
fn say(text: &str) {
    eprintln!("{text}");
}
