//! Runs a deployment on this machine.
//!
//! - [`runner`]: functions, pollers and schedules of a deployment
//! - [`port`]: the page, the stream and AWS' APIs on one port
//! - [`pollers`]: the pollers, and the ends of their inputs
//! - [`faults`]: faults on purpose
//! - [`machine`]: a rendered stack on servers and emulators of this machine, fed from a file
//! - [`applied`]: a stack that Terraform has applied to an emulated account, fed from its stream
//! - [`account`]: that account
//! - [`schedule`], [`scheduled_runs`]: repeated work, and functions that are invoked by it
//! - [`export`]: the product views as a file
//! - [`summary`]: the result of a run

pub mod account;
pub mod applied;
pub mod export;
pub mod faults;
pub mod machine;
pub mod pollers;
pub mod port;
pub mod runner;
pub mod schedule;
pub mod scheduled_runs;
pub mod summary;

use std::path::PathBuf;

use anyhow::Context as _;

use crate::records::ReadError;
use crate::session::listener::Listener;
use crate::session::{self, Ended};
use summary::Summary;

/// The error that stopped reading before the end of the records, if there was one.
pub type StoppedEarly = Option<ReadError>;

/// A run whose inputs are all checked.
pub enum Run {
    /// A rendered stack on this machine.
    Rendered(Box<machine::RenderedRun>),
    /// An applied stack.
    Applied(Box<applied::AppliedRun>),
}

impl Run {
    /// Runs to the end. Reports the summary before anything that goes on after the records (`--serve`).
    ///
    /// `build` makes the bootstrap if none was given.
    pub fn start(
        self,
        build: impl FnOnce() -> anyhow::Result<PathBuf>,
        report: impl FnOnce(&Summary) -> anyhow::Result<()>,
    ) -> anyhow::Result<Ended<StoppedEarly>> {
        match self {
            Self::Rendered(mut run) => {
                let bootstrap = run.bootstrap.take().map_or_else(build, Ok)?;
                session::run(run.folder.take(), async |session, signals| {
                    run.start(bootstrap, session, signals, report).await
                })
            }
            Self::Applied(run) => {
                session::run(None, async |session, signals| run.start(session, signals, report).await)
            }
        }
    }
}

/// Opens the port of the catalog's URL.
fn catalog_listener(port: Option<u16>) -> anyhow::Result<Listener> {
    listener("--catalog-port", port.unwrap_or_default())
}

/// Opens the port of the URL of `ingest`.
fn ingest_listener(port: Option<u16>) -> anyhow::Result<Listener> {
    listener("--ingest-port", port.unwrap_or_default())
}

/// Opens the port that a flag names.
fn listener(flag: &str, port: u16) -> anyhow::Result<Listener> {
    Listener::open(port).with_context(|| format!("cannot listen on {flag} {port}"))
}

#[cfg(test)]
mod tests;
