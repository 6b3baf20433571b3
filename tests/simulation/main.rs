//! A simulation of the pipeline without processes and servers: the runtime's own code (decoding, the fold, the refreshes
//! and their scripts, the flights of readers, the objects' keys, and the mapping's rules) runs on models of PostgreSQL,
//! Redis and S3. One seed decides everything: what suppliers send, which task runs next, how long each call takes, and
//! what fails. The same seed is the same run.
//!
//! - [`plan`]: how much happens, and what goes wrong
//! - [`schedule`]: chance, the clock, and the trace
//! - [`world`]: everything in one run
//! - [`database`]: the database and the connections to it
//! - [`redis_cluster`], [`redis_node`], [`lua`]: the cache, one of its servers, and the scripts that run there
//! - [`objects`]: the buckets of S3
//! - [`stream`], [`suppliers`]: the stream, and what is put on it
//! - [`poller`], [`processes`]: the mappings, and the functions' processes
//! - [`readers`], [`known`]: readers, and what every read must show
//! - [`judge`]: what must hold at the end
//! - [`run`]: one run, from its beginning to its verdict
//!
//! `PIPEGEN_SEEDS` says how many seeds, `PIPEGEN_FIRST_SEED` which is the first. A seed that fails is printed with the end
//! of its trace; `PIPEGEN_TRACE=1` prints all of it.

#![expect(dead_code, reason = "the model of the suite `pipeline` brings more than is used here")]

#[path = "../pipeline/model/mod.rs"]
mod model;
#[path = "../pipeline/records/random.rs"]
mod random;

mod database;
mod judge;
mod known;
mod lua;
mod objects;
mod plan;
mod poller;
mod processes;
mod readers;
mod redis_cluster;
mod redis_node;
mod run;
mod schedule;
mod stream;
mod suppliers;
mod world;

use std::time::Instant;

use plan::Plan;
use run::{Outcome, run};
use schedule::Finding;

/// The seeds of a usual run.
const SEEDS: u64 = 120;

/// The lines of a trace that are shown with a failure.
const SHOWN: usize = 60;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

#[test]
fn every_seed_keeps_the_promises() {
    let (first, seeds) = (number("PIPEGEN_FIRST_SEED", 1), number("PIPEGEN_SEEDS", SEEDS));
    let (began, mut steps) = (Instant::now(), 0);
    for seed in first..first + seeds {
        let outcome = run(Plan::of(seed));
        steps += outcome.steps;
        if !outcome.findings.is_empty() {
            report(seed, &outcome);
        }
    }
    println!("{seeds} runs and {steps} steps in {:.1} s", began.elapsed().as_secs_f64());
}

/// Says what a seed has found, and fails.
#[expect(clippy::print_stdout, reason = "what a failed test has to say")]
fn report(seed: u64, Outcome { findings, trace, .. }: &Outcome) {
    let hidden = if std::env::var_os("PIPEGEN_TRACE").is_some() { 0 } else { trace.len().saturating_sub(SHOWN) };
    println!("{:#?}", Plan::of(seed));
    println!("… {hidden} lines before");
    for line in trace.iter().skip(hidden) {
        println!("{line}");
    }
    for finding in findings {
        match finding {
            Finding::Broken(what) => println!("NOT EXPLAINED: {what}"),
            Finding::Panicked(what) => println!("NOT EXPLAINED: the harness or the runtime panicked: {what}"),
        }
    }
    panic!("seed {seed}; PIPEGEN_FIRST_SEED={seed} PIPEGEN_SEEDS=1 runs it again");
}

#[test]
fn a_seed_is_always_the_same_run() {
    for seed in 1..=12 {
        let [first, second] = [(); 2].map(|()| run(Plan::of(seed)));
        let differ = first.trace.iter().zip(&second.trace).find(|(first, second)| first != second);
        assert_eq!((differ, first.trace.len()), (None, second.trace.len()), "seed {seed}");
    }
}
