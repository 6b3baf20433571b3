//! Seeds, one after the other.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};
use serde_json::{Value, json};

use crate::known::Known;
use crate::nemesis::strike;
use crate::pipeline::{Database, Pipeline};
use crate::plan::Plan;
use crate::readers::{Seen, read};
use crate::suppliers::{Journal, SUPPLIERS, supply};
use crate::verdict::judge;

/// The seeds of a run that says nothing else.
const SEEDS: u64 = 6;

/// The readers of a history.
const READERS: u64 = 2;

/// The time within which everything is processed once everything is healed.
const DRAINED: Duration = Duration::from_secs(90);

/// The time for which puts wait for a moment in which everything is acknowledged.
const STANDSTILL: Duration = Duration::from_millis(400);

/// The figures of a history.
#[derive(Default)]
struct Figures {
    faults: BTreeMap<String, u64>,
    events: u64,
    records: u64,
    reads: u64,
    failures: u64,
    excused: u64,
    acknowledged: u64,
    recovery: Duration,
}

#[test]
fn every_history_is_explained_by_the_promises() -> Result<()> {
    let number =
        |name: &str| env::var(name).ok().map(|text| text.parse::<u64>().with_context(|| format!("{name}={text}")));
    let first = number("PIPEGEN_FIRST_SEED").transpose()?.unwrap_or(1);
    let seeds = number("PIPEGEN_SEEDS").transpose()?.unwrap_or(SEEDS);
    let only: Option<Vec<usize>> =
        env::var("PIPEGEN_FAULTS").ok().map(|list| list.split(',').filter_map(|number| number.parse().ok()).collect());
    let database = Database::start()?;
    let mut report = Vec::new();
    let mut failed = Vec::new();
    for seed in first..first + seeds {
        let plan = Plan::of(seed);
        let plan = only.iter().fold(plan, |plan, numbers| plan.only(numbers));
        let begun = Instant::now();
        let (outcome, figures) = history(&plan, &database);
        say(&plan, &outcome, &figures, begun.elapsed());
        report.push(line(&plan, &outcome, &figures, begun.elapsed()));
        if let Err(error) = outcome {
            failed.push(format!("{plan}\n{error:#}"));
        }
    }
    if let Some(file) = env::var_os("PIPEGEN_REPORT") {
        fs::write(file, serde_json::to_string_pretty(&report)?)?;
    }
    database.stop()?;
    ensure!(failed.is_empty(), "{} of {seeds} seeds failed:\n{}", failed.len(), failed.join("\n\n"));
    Ok(())
}

/// Runs a plan's history, and judges it.
fn history(plan: &Plan, database: &Database) -> (Result<()>, Figures) {
    let mut figures = Figures::default();
    for fault in &plan.faults {
        *figures.faults.entry(fault.strike.kind()).or_default() += 1;
    }
    let outcome = recorded(plan, database, &mut figures);
    (outcome, figures)
}

fn recorded(plan: &Plan, database: &Database, figures: &mut Figures) -> Result<()> {
    let pipeline = Pipeline::start(plan, database)?;
    let (journal, known, stop) = (Journal::default(), Known::default(), AtomicBool::new(false));
    let seen = thread::scope(|scope| -> Result<Vec<Seen>> {
        let (pipeline, journal, known, stop) = (&pipeline, &journal, &known, &stop);
        let suppliers = SUPPLIERS.map(|name| scope.spawn(move || supply(name, plan.seed, pipeline, journal)));
        let readers: Vec<_> =
            (0..READERS).map(|number| scope.spawn(move || read(plan.seed ^ number, pipeline, known, stop))).collect();
        let observer = scope.spawn(move || observe(pipeline, journal, known, stop));
        let struck = strike(plan, pipeline, known);
        let supplied: Result<Vec<u64>> = suppliers.into_iter().map(|supplier| join(supplier.join())).collect();
        let healed = Instant::now();
        let drained = drain(pipeline, journal, known);
        figures.recovery = healed.elapsed();
        known.wait_for_the_end_of_excuses();
        // Reads of what is acknowledged by now.
        thread::sleep(Duration::from_millis(300));
        stop.store(true, Ordering::Relaxed);
        let seen: Result<Vec<Seen>> = readers.into_iter().map(|reader| join(reader.join())).collect();
        figures.acknowledged = join(observer.join())?;
        figures.events = supplied?.into_iter().sum();
        struck.and(drained)?;
        seen
    })?;
    figures.records = journal.totals.lock().records;
    figures.reads = seen.iter().map(|seen| seen.reads).sum();
    figures.failures = seen.iter().map(|seen| seen.failures).sum();
    figures.excused = seen.iter().map(|seen| seen.excused).sum();
    let ended = pipeline.end()?;
    judge(&journal.records.lock(), &seen, &ended)
}

fn join<T>(joined: thread::Result<Result<T>>) -> Result<T> {
    joined.map_err(|_| anyhow!("a thread panicked"))?
}

/// Looks for moments in which everything that was put is acknowledged, and notes what was put by then. Returns how many
/// there were.
fn observe(pipeline: &Pipeline<'_>, journal: &Journal, known: &Known, stop: &AtomicBool) -> Result<u64> {
    let mut moments = 0;
    while !stop.load(Ordering::Relaxed) {
        thread::sleep(Duration::from_millis(100));
        let gate = journal.puts.write();
        let deadline = Instant::now() + STANDSTILL;
        while Instant::now() < deadline && !stop.load(Ordering::Relaxed) {
            if is_done(pipeline, journal)? {
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

fn is_done(pipeline: &Pipeline<'_>, journal: &Journal) -> Result<bool> {
    let put = journal.totals.lock().records;
    Ok(pipeline.progress()?.done == put)
}

/// Waits until everything is processed.
fn drain(pipeline: &Pipeline<'_>, journal: &Journal, known: &Known) -> Result<()> {
    let deadline = Instant::now() + DRAINED;
    while !is_done(pipeline, journal)? {
        let progress = pipeline.progress()?;
        ensure!(
            Instant::now() < deadline,
            "{} of {} records are not processed {DRAINED:?} after the last fault",
            journal.totals.lock().records - progress.done,
            journal.totals.lock().records
        );
        thread::sleep(Duration::from_millis(50));
    }
    known.acknowledge(&journal.totals.lock().counts);
    Ok(())
}

#[expect(clippy::print_stderr, reason = "a soak shows how far it is")]
fn say(plan: &Plan, outcome: &Result<()>, figures: &Figures, took: Duration) {
    let Figures { events, reads, failures, excused, acknowledged, recovery, .. } = figures;
    let word = if outcome.is_ok() { "explained" } else { "NOT EXPLAINED" };
    eprintln!(
        "{plan}\n  {word} in {took:.1?}: {events} events, {reads} reads ({failures} failed, {excused} excused), \
         {acknowledged} moments of rest, drained {recovery:.1?} after the last fault"
    );
}

fn line(plan: &Plan, outcome: &Result<()>, figures: &Figures, took: Duration) -> Value {
    let seconds = |time: Duration| (time.as_secs_f64() * 10.0).round() / 10.0;
    json!({
        "seed": plan.seed,
        "rotates": plan.rotates,
        "faults": figures.faults,
        "events": figures.events,
        "records": figures.records,
        "reads": figures.reads,
        "failed_reads": figures.failures,
        "excused_reads": figures.excused,
        "moments_of_rest": figures.acknowledged,
        "recovery_seconds": seconds(figures.recovery),
        "seconds": seconds(took),
        "error": outcome.as_ref().err().map(|error| format!("{error:#}")),
    })
}
