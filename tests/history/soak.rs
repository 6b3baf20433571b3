//! Seeds, one after the other.

use std::env;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};

use crate::history::history;
use crate::pipeline::Database;
use crate::plan::Plan;
use crate::report::{Judged, Report};

/// The seeds of a run that says nothing else.
const SEEDS: u64 = 6;

/// The seeds that the environment asks for.
struct Wanted {
    first: u64,
    seeds: u64,
    /// The numbers of the faults that are left in each plan.
    faults: Option<Vec<usize>>,
    /// Leaves out what a failure does not need.
    shrink: bool,
    /// The folder for the report.
    report: Option<PathBuf>,
}

#[test]
fn every_history_is_explained_by_the_promises() -> Result<()> {
    let wanted = Wanted::read()?;
    let database = Database::start()?;
    let mut report = Report::default();
    let mut run = 0;
    for seed in wanted.first..wanted.first + wanted.seeds {
        let plan = wanted.faults.iter().fold(Plan::of(seed), |plan, numbers| plan.only(numbers));
        let mut judged = judge(plan, &mut run, &database);
        say(&judged.to_string());
        if judged.error.is_some() && wanted.shrink {
            judged.shrunk = Some(shrink(&judged.plan, &mut run, &database));
        }
        report.add(judged);
        if let Some(folder) = &wanted.report {
            report.write(folder)?;
        }
    }
    database.stop()?;
    let failed = report.failed();
    ensure!(failed.is_empty(), "{} of {} seeds failed:\n\n{}", failed.len(), wanted.seeds, failed.join("\n\n"));
    Ok(())
}

impl Wanted {
    fn read() -> Result<Self> {
        let number = |name: &str, default: u64| match env::var(name) {
            Ok(text) => text.parse().with_context(|| format!("{name}={text} is not a number")),
            Err(_) => Ok(default),
        };
        let faults = env::var("PIPEGEN_FAULTS").ok().map(|list| {
            let numbers: Result<_> = list.split(',').map(|number| Ok(number.trim().parse()?)).collect();
            numbers.with_context(|| format!("PIPEGEN_FAULTS={list} is not a list of numbers"))
        });
        Ok(Self {
            first: number("PIPEGEN_FIRST_SEED", 1)?,
            seeds: number("PIPEGEN_SEEDS", SEEDS)?,
            faults: faults.transpose()?,
            shrink: env::var_os("PIPEGEN_SHRINK").is_some(),
            report: env::var_os("PIPEGEN_REPORT").map(PathBuf::from),
        })
    }
}

fn judge(plan: Plan, run: &mut usize, database: &Database) -> Judged {
    let begun = Instant::now();
    *run += 1;
    let (outcome, figures) = history(&plan, *run, database);
    Judged {
        plan,
        figures,
        took: begun.elapsed(),
        error: outcome.err().map(|error| format!("{error:#}")),
        shrunk: None,
    }
}

/// Leaves out one fault after the other, as long as the history still fails. Threads and servers are not the same twice,
/// so a fault that seems not to matter may.
fn shrink(plan: &Plan, run: &mut usize, database: &Database) -> Plan {
    let mut smallest = plan.clone();
    let mut number = 0;
    while number < smallest.faults.len() {
        let others: Vec<usize> = (0..smallest.faults.len()).filter(|other| *other != number).collect();
        let smaller = smallest.clone().only(&others);
        if judge(smaller.clone(), run, database).error.is_some() {
            smallest = smaller;
        } else {
            number += 1;
        }
    }
    smallest
}

#[expect(clippy::print_stderr, reason = "a soak shows how far it is")]
fn say(text: &str) {
    eprintln!("{text}");
}
