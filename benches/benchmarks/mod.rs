//! The benchmarks.
//!
//! - [`write`](mod@write): the write path beside a floor and an alternative
//! - [`local`]: `pipegen local` as a whole, beside another build
//! - [`archive`]: the archiver beside `gzip`
//! - [`faults`]: the write path when something is wrong
//! - [`growth`]: how speed depends on size
//! - [`load`]: an open load on the whole pipeline
//! - [`read`]: the read path
//! - [`render`]: `pipegen render`
//! - [`start`]: the start of an instance

use std::fmt::Write as _;

use anyhow::{Context as _, Result};

use crate::arguments::Arguments;
use crate::inputs::Inputs;
use crate::results::Benchmark;

mod archive;
mod faults;
mod growth;
mod load;
mod local;
mod read;
mod render;
mod start;
mod write;

/// A benchmark that can be chosen.
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    /// The subject, in a line of the help.
    about: &'static str,
    /// Measures, and checks that the work was done before a figure counts.
    pub(crate) measure: fn(&Inputs) -> Result<Benchmark>,
}

/// Every benchmark, in the order in which they run.
const ALL: &[Entry] = &[
    Entry { name: write::NAME, about: write::TITLE, measure: write::measure },
    Entry { name: local::NAME, about: local::TITLE, measure: local::measure },
    Entry { name: faults::NAME, about: faults::TITLE, measure: faults::measure },
    Entry { name: load::steady::NAME, about: load::steady::TITLE, measure: load::steady::measure },
    Entry { name: load::burst::NAME, about: load::burst::TITLE, measure: load::burst::measure },
    Entry { name: load::day::NAME, about: load::day::TITLE, measure: load::day::measure },
    Entry { name: read::NAME, about: read::TITLE, measure: read::measure },
    Entry { name: read::mix::NAME, about: read::mix::TITLE, measure: read::mix::measure },
    Entry { name: archive::NAME, about: archive::TITLE, measure: archive::measure },
    Entry { name: start::NAME, about: start::TITLE, measure: start::measure },
    Entry { name: growth::products::NAME, about: growth::products::TITLE, measure: growth::products::measure },
    Entry { name: growth::suppliers::NAME, about: growth::suppliers::TITLE, measure: growth::suppliers::measure },
    Entry { name: growth::ledger::NAME, about: growth::ledger::TITLE, measure: growth::ledger::measure },
    Entry { name: render::NAME, about: render::TITLE, measure: render::measure },
];

/// Returns the named benchmarks in their order, or all.
pub(crate) fn chosen(arguments: &Arguments) -> Result<Vec<&'static Entry>> {
    let wanted = &arguments.benchmarks;
    for name in wanted {
        let names = || ALL.iter().map(|entry| entry.name).collect::<Vec<_>>().join(", ");
        let known = ALL.iter().any(|entry| entry.name == name);
        known.then_some(()).with_context(|| format!("there is no benchmark `{name}`; there are {}", names()))?;
    }
    let is_chosen = |entry: &&Entry| wanted.is_empty() || wanted.iter().any(|name| name == entry.name);
    Ok(ALL.iter().filter(is_chosen).collect())
}

/// Returns the list of all benchmarks for the help.
pub(crate) fn help() -> String {
    let mut text = "Benchmarks:\n".to_owned();
    for entry in ALL {
        writeln!(text, "  {:<10} {}", entry.name, entry.about).expect("a text takes everything");
    }
    text
}
