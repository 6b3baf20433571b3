//! The write path: the deployed bootstrap beside a floor and beside an alternative in Python.
//!
//! - [`deployed`]: the staging stack on servers of this machine
//! - [`batches`]: the stream as Lambda's events
//! - [`lanes`]: plays them to a function
//! - [`floor`]: the cheapest SQL that leaves the same rows
//! - [`python`]: the alternative in Python
//! - [`expected`], [`catalog`]: what must be there afterwards, and what is
//! - [`figures`]: what servers and functions say about a run
//! - [`case`]: one size of batches and number of shards, with all three
//! - [`outcome`]: groups, targets and plot

mod batches;
mod case;
mod catalog;
mod deployed;
mod expected;
mod figures;
mod floor;
mod lanes;
mod outcome;
mod python;

use anyhow::{Context as _, Result, ensure};
use chrono::TimeDelta;
use pipegen_contract::env;

use crate::inputs::Inputs;
use crate::results::Benchmark;

use case::{Case, Contenders};
use deployed::Deployed;
use expected::Expected;
use python::Python;

pub(super) const NAME: &str = "write";
pub(super) const TITLE: &str = "the write path beside a floor of SQL and an alternative in Python";

/// The sizes of batches.
const SIZES: [usize; 4] = [100, 500, 2000, 10_000];
/// The numbers of shards, each with one batch at a time.
const SHARDS: [usize; 2] = [1, 4];

pub(super) fn measure(inputs: &Inputs) -> Result<Benchmark> {
    let deployed = Deployed::start(&inputs.bootstrap, SHARDS[SHARDS.len() - 1])?;
    let records = &inputs.stream.records;
    let expected = Expected::count(records, horizon(&deployed)?);
    ensure!(expected.products > 0, "no event of the stream is valid");
    let contenders = Contenders { deployed: &deployed, python: Python::install()?, expected };
    let mut cases = Vec::new();
    for size in inputs.size(&SIZES[..], &SIZES[1..2]) {
        for shards in SHARDS {
            cases.push(Case::measure(&contenders, records, *size, shards, inputs.rounds)?);
        }
    }
    outcome::benchmark(&cases)
}

/// Returns how old an event may be when it arrives.
fn horizon(deployed: &Deployed) -> Result<TimeDelta> {
    let processor = deployed.processor(1)?;
    let variable = processor.variables.iter().find(|(name, _)| name == env::HORIZON_SECONDS);
    let (_, seconds) = variable.context("the processor has no horizon")?;
    TimeDelta::try_seconds(seconds.parse()?).context("the horizon is too long")
}
