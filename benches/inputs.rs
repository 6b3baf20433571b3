//! The inputs of a benchmark.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use pipegen::config::Architecture;

use crate::arguments::Arguments;
use crate::records::Stream;

/// The inputs of every benchmark.
pub(crate) struct Inputs {
    pub(crate) stream: Stream,
    /// The bootstrap that is measured.
    pub(crate) bootstrap: PathBuf,
    /// The command `pipegen`, built with the benchmarks.
    pub(crate) pipegen: PathBuf,
    pub(crate) rounds: usize,
    /// The minutes for which a load lasts.
    pub(crate) minutes: u16,
    /// Tiny inputs: only that everything works is of interest.
    pub(crate) quick: bool,
    /// The largest sizes too.
    pub(crate) full: bool,
    /// Another build: a folder or a commit.
    pub(crate) compare: Option<String>,
}

impl Inputs {
    pub(crate) fn prepare(arguments: &Arguments) -> Result<Self> {
        let quick = arguments.quick;
        Ok(Self {
            stream: Stream::read(given(arguments.records.as_ref(), "PIPEGEN_RECORDS").as_deref(), quick)?,
            bootstrap: bootstrap(given(arguments.bootstrap.as_ref(), "PIPEGEN_BOOTSTRAP").as_deref())?,
            pipegen: env!("CARGO_BIN_EXE_pipegen").into(),
            rounds: if quick { 1 } else { arguments.rounds.into() },
            minutes: arguments.minutes,
            quick,
            full: arguments.full,
            compare: arguments.compare.clone(),
        })
    }

    /// Returns the full size, or the tiny one of `--quick`.
    pub(crate) fn size<T>(&self, full: T, quick: T) -> T {
        if self.quick { quick } else { full }
    }
}

/// Returns the argument, or what the environment variable says.
fn given(argument: Option<&PathBuf>, variable: &str) -> Option<PathBuf> {
    argument.cloned().or_else(|| std::env::var_os(variable).map(PathBuf::from))
}

/// Returns the named bootstrap, or builds the one that is deployed.
fn bootstrap(named: Option<&Path>) -> Result<PathBuf> {
    match named {
        Some(path) => path.canonicalize().with_context(|| format!("there is no bootstrap `{}`", path.display())),
        None => pipegen::bootstrap::build(if cfg!(target_arch = "aarch64") {
            Architecture::Arm64
        } else {
            Architecture::X86_64
        }),
    }
}
