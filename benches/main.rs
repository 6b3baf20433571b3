//! The benchmarks: measures the pipeline beside references, in turn, and reports medians and ratios.
//!
//! `scripts/bench` builds what they need and runs them; docs/BENCHMARKS.md says what each means.
//!
//! - [`arguments`]: the command line
//! - [`benchmarks`]: one module each, and their list
//! - [`build`]: another build to compare with
//! - [`inputs`]: what a benchmark is given
//! - [`records`]: the stream that is played
//! - [`throwaway`]: PostgreSQL and Redis for one benchmark; [`machine`]: the stack's functions on them
//! - [`instance`]: one process of a function
//! - [`traffic`]: a synthetic catalog's changes
//! - [`rounds`]: interleaved rounds, medians and ratios
//! - [`expected`]: the catalog that changes must have made
//! - [`cpu`], [`memory`]: CPU seconds and memory by kind of process
//! - [`processes`]: CPU time and memory of one process
//! - [`results`]: what was measured, as plain data
//! - [`report`]: the results as a table, as JSON and as plots
//! - [`progress`]: the progress bar

mod arguments;
mod benchmarks;
mod build;
mod cpu;
mod expected;
mod inputs;
mod instance;
mod machine;
mod memory;
mod processes;
mod progress;
mod records;
mod report;
mod results;
mod rounds;
mod throwaway;
mod traffic;

use anyhow::{Context as _, Result};
use clap::Parser as _;

use arguments::Arguments;
use inputs::Inputs;
use report::Report;
use results::Results;

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let chosen = benchmarks::chosen(&arguments)?;
    let inputs = Inputs::prepare(&arguments)?;
    let report = Report::begin(arguments.out.as_deref())?;
    let mut results = Results::new(&inputs);
    for benchmark in chosen {
        let mut measured = (benchmark.measure)(&inputs).with_context(|| format!("benchmark `{}`", benchmark.name))?;
        if inputs.quick {
            // What was measured on tiny inputs says nothing.
            measured.targets.clear();
        }
        report.table(&measured)?;
        results.benchmarks.push(measured);
        // After each one: a later failure loses nothing.
        report.files(&results)?;
    }
    report.end()
}
