//! One history: the pipeline is used while the plan's faults strike, then healed, drained, ended and judged.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};

use crate::follower::{Followed, follow};
use crate::known::Known;
use crate::nemesis::strike;
use crate::pipeline::{Database, Pipeline};
use crate::plan::Plan;
use crate::readers::{Reader, Seen};
use crate::suppliers::{Journal, SUPPLIERS, stock_up, supply};
use crate::timeline::{Sample, Timeline};
use crate::verdict;

/// The readers of a history.
const READERS: u64 = 2;

/// The time within which everything is processed once everything is healed.
const DRAINED: Duration = Duration::from_secs(45);

/// The time for which puts wait for a moment in which everything is acknowledged.
const STANDSTILL: Duration = Duration::from_millis(400);

/// The time for reads of what is acknowledged in the end.
const LAST_READS: Duration = Duration::from_millis(300);

/// The figures of a history.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures {
    /// The faults that have hit something, by kind.
    pub(crate) faults: BTreeMap<String, u64>,
    pub(crate) events: u64,
    pub(crate) records: u64,
    pub(crate) reads: u64,
    /// Reads that were answered with an error, or not at all.
    pub(crate) failures: u64,
    /// Stale reads that a fault of the cache allowed.
    pub(crate) excused: u64,
    /// Pages of the feed of changes that were followed.
    pub(crate) pages: u64,
    /// Crossings of low-stock limits.
    pub(crate) crossings: i64,
    /// Moments in which everything that was put was acknowledged.
    pub(crate) rests: u64,
    /// The time from the end of the last fault and the last put until everything was acknowledged.
    pub(crate) recovery: Duration,
    pub(crate) samples: Vec<Sample>,
}

/// Runs a plan's history, and judges it.
pub(crate) fn history(plan: &Plan, run: usize, database: &Database) -> (Result<()>, Figures) {
    let mut figures = Figures::default();
    // A mistake in a check is told as one of this seed, and does not end the others.
    let recorded = catch_unwind(AssertUnwindSafe(|| record(plan, run, database, &mut figures)));
    let outcome = recorded.unwrap_or_else(|_| Err(anyhow!("the harness panicked")));
    (outcome, figures)
}

fn record(plan: &Plan, run: usize, database: &Database, figures: &mut Figures) -> Result<()> {
    let pipeline = Pipeline::start(plan, run, database)?;
    let (journal, known) = (Journal::default(), Known::default());
    stock_up(&pipeline, &journal)?;
    drain(&pipeline, &journal, &known)?;
    let (seen, followed) = use_and_break(plan, &pipeline, &journal, &known, figures)?;
    figures.records = journal.totals.lock().records;
    figures.reads = seen.iter().map(|seen| seen.reads).sum();
    figures.failures = seen.iter().map(|seen| seen.failures).sum();
    figures.excused = seen.iter().map(|seen| seen.excused).sum();
    let ended = pipeline.end()?;
    for (kind, count) in [
        ("rotation", &ended.summary["rotations"]["finished"]),
        ("record delivered again", &ended.summary["redelivered"]),
    ] {
        if let Some(count) = count.as_u64().filter(|count| *count > 0) {
            figures.faults.insert(kind.to_owned(), count);
        }
    }
    let put = journal.records.lock();
    figures.pages = followed.pages;
    figures.crossings = verdict::judge(&put, &seen, &followed, &ended)?;
    Ok(())
}

/// Returns what the readers and the follower saw.
fn use_and_break(
    plan: &Plan,
    pipeline: &Pipeline<'_>,
    journal: &Journal,
    known: &Known,
    figures: &mut Figures,
) -> Result<(Vec<Seen>, Followed)> {
    let (calm, stop) = (&AtomicBool::new(false), &AtomicBool::new(false));
    let timeline = Timeline::begin();
    let outcome = thread::scope(|scope| {
        let timeline = &timeline;
        let suppliers = SUPPLIERS.map(|name| scope.spawn(move || supply(name, plan.seed, pipeline, journal)));
        let readers =
            (0..READERS).map(|number| Reader { seed: plan.seed ^ number, pipeline, known, timeline, calm, stop });
        let readers: Vec<_> = readers.map(|reader| scope.spawn(move || reader.read())).collect();
        let follower = scope.spawn(move || follow(pipeline, stop));
        let observer = scope.spawn(move || observe(pipeline, journal, known, stop));
        let sampler = scope.spawn(move || timeline.watch(pipeline, journal, stop));
        let struck = strike(plan, pipeline, known);
        let supplied: Result<Vec<u64>> = suppliers.into_iter().map(|supplier| join(supplier.join())).collect();
        let healed = Instant::now();
        calm.store(true, Ordering::Relaxed);
        let drained = drain(pipeline, journal, known);
        figures.recovery = healed.elapsed();
        known.wait_for_the_end_of_excuses();
        thread::sleep(LAST_READS);
        stop.store(true, Ordering::Relaxed);
        let seen: Result<Vec<Seen>> = readers.into_iter().map(|reader| join(reader.join())).collect();
        figures.rests = join(observer.join())?;
        join(sampler.join())?;
        figures.events = supplied?.into_iter().sum();
        figures.faults = struck?;
        drained?;
        Ok((seen?, join(follower.join())?))
    });
    figures.samples = timeline.into_samples();
    outcome
}

fn join<T>(joined: thread::Result<Result<T>>) -> Result<T> {
    joined.map_err(|_| anyhow!("a thread of the harness panicked"))?
}

/// Looks for moments in which everything that was put is acknowledged, and notes what was put by then. Returns how many
/// there were.
fn observe(pipeline: &Pipeline<'_>, journal: &Journal, known: &Known, stop: &AtomicBool) -> Result<u64> {
    let mut moments = 0;
    while !stop.load(Ordering::Relaxed) {
        thread::sleep(Duration::from_millis(100));
        let gate = journal.gate.write();
        let deadline = Instant::now() + STANDSTILL;
        while Instant::now() < deadline && !stop.load(Ordering::Relaxed) {
            if waiting(pipeline, journal)? == 0 {
                known.acknowledge(&journal.totals.lock().counts);
                moments += 1;
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
        drop(gate);
    }
    Ok(moments)
}

/// Returns the number of records that were put and are not acknowledged. Only while nobody puts does it say anything.
fn waiting(pipeline: &Pipeline<'_>, journal: &Journal) -> Result<u64> {
    let (put, done) = (journal.totals.lock().records, pipeline.done()?);
    put.checked_sub(done).with_context(|| format!("{done} records are acknowledged, and {put} were put"))
}

/// Waits until everything is processed.
fn drain(pipeline: &Pipeline<'_>, journal: &Journal, known: &Known) -> Result<()> {
    let deadline = Instant::now() + DRAINED;
    loop {
        let waiting = waiting(pipeline, journal)?;
        if waiting == 0 {
            known.acknowledge(&journal.totals.lock().counts);
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "{waiting} records are not processed {DRAINED:?} after the last fault");
        thread::sleep(Duration::from_millis(50));
    }
}
