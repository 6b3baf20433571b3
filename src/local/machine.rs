//! A rendered stack on this machine: PostgreSQL and Redis, and emulators of S3, Secrets Manager and Lambda. Records
//! come from a file.
//!
//! It runs what the rendered file says. What is different on purpose: records of a file are as old as they are, so
//! their age counts from their pickup; waits between retries are shorter than Lambda's; the login rotates only when
//! somebody asks for it; the stream keeps records for as long as it takes.
//!
//! - [`backend`]: emulators and servers as the backend of the functions
//! - [`started`]: a stack that was started, with all that it uses
//! - [`running`]: a started stack while its records are processed, and after that

use std::num::NonZeroU32;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use pipegen_contract::role::Role;

use super::export::Export;
use super::faults::{FaultError, FaultTarget, PlannedFault};
use super::summary::Summary;
use super::{Run, StoppedEarly, catalog_listener, ingest_listener, listener};
use crate::artifact;
use crate::event_source::pace::Pace;
use crate::records::RecordSource;
use crate::servers::{ServerPlan, ServerSettings};
use crate::session::listener::Listener;
use crate::session::signals::Signals;
use crate::session::working_folder::WorkingFolder;
use crate::session::{Ended, Session};
use running::{Live, Records, Running};
use started::Machine;
pub use started::Overrides;

pub mod backend;
mod running;
mod started;

/// A rendered stack, and how it is to be run.
pub struct RenderedInputs {
    /// The text of `main.tf.json`.
    pub main: String,
    /// Values instead of the stack's.
    pub overrides: Overrides,
    /// The records to play.
    pub records: RecordsToPlay,
    /// The file for the product views.
    pub export: Option<PathBuf>,
    /// The folder to keep, if any.
    pub folder: Option<PathBuf>,
    /// A database and a cache that are running already.
    pub database_url: Option<String>,
    pub cache_url: Option<String>,
    /// The port of the catalog's URL; any free one without it.
    pub catalog_port: Option<u16>,
    /// The port of the URL of `ingest`, if the stream is open; any free one without it.
    pub ingest_port: Option<u16>,
    /// Rotates every login so often.
    pub rotate_every: Option<Duration>,
    /// Keeps everything up until Ctrl-C, with the stream open, on this port; 0 is any free one.
    pub serve: Option<u16>,
    /// Faults that begin by themselves.
    pub faults: Vec<PlannedFault>,
    /// Records of the file a second; as many as are taken without it.
    pub rate: Option<NonZeroU32>,
    /// The bootstrap; one is built without it.
    pub bootstrap: Option<PathBuf>,
}

/// The records that a run begins with.
pub enum RecordsToPlay {
    Sample,
    File(PathBuf),
    /// None: all come later.
    Nothing,
}

/// A rendered stack, ready to run.
pub struct RenderedRun {
    main: String,
    overrides: Overrides,
    source: Option<RecordSource>,
    export: Option<Export>,
    pub(super) folder: Option<WorkingFolder>,
    servers: ServerPlan,
    catalog: Listener,
    /// Of `ingest`; there if `serve` is.
    ingest: Option<Listener>,
    rotate_every: Option<Duration>,
    serve: Option<Listener>,
    faults: Vec<PlannedFault>,
    rate: Option<NonZeroU32>,
    pub(super) bootstrap: Option<PathBuf>,
}

impl RenderedInputs {
    /// Checks all that is given, and starts nothing.
    pub fn check(self) -> anyhow::Result<Run> {
        for PlannedFault { target, .. } in &self.faults {
            let impossible = match target {
                FaultTarget::Redis => self.cache_url.is_some().then_some(FaultError::Given),
                FaultTarget::Postgresql => self.database_url.is_some().then_some(FaultError::Given),
                FaultTarget::Reshard => self.serve.is_none().then_some(FaultError::NoStream),
                FaultTarget::S3 | FaultTarget::Functions | FaultTarget::Idle | FaultTarget::Redeliver => None,
            };
            if let Some(error) = impossible {
                bail!("--fault {}: {error}", target.name());
            }
        }
        let export = self.export.map(Export::to).transpose()?;
        let bootstrap = self.bootstrap.as_deref().map(executable).transpose()?;
        let source = match self.records {
            RecordsToPlay::Sample => Some(RecordSource::open(None)?),
            RecordsToPlay::File(file) => Some(RecordSource::open(Some(&file))?),
            RecordsToPlay::Nothing => None,
        };
        let folder = self.folder.as_deref().map(WorkingFolder::kept).transpose()?;
        Ok(Run::Rendered(Box::new(RenderedRun {
            main: self.main,
            overrides: self.overrides,
            source,
            export,
            servers: ServerPlan::make(self.database_url, self.cache_url, folder.as_ref())?,
            folder,
            catalog: catalog_listener(self.catalog_port)?,
            ingest: self.serve.map(|_| ingest_listener(self.ingest_port)).transpose()?,
            rotate_every: self.rotate_every,
            serve: self.serve.map(|port| listener("--port", port)).transpose()?,
            faults: self.faults,
            rate: self.rate,
            bootstrap,
        })))
    }
}

/// Returns the whole path of a given bootstrap: it does not run in this folder.
fn executable(path: &Path) -> anyhow::Result<PathBuf> {
    let name = path.display();
    let whole = path.canonicalize().with_context(|| format!("there is no bootstrap {name}"))?;
    let metadata = whole.metadata().with_context(|| format!("cannot look at the bootstrap {name}"))?;
    anyhow::ensure!(metadata.is_file(), "the bootstrap {name} is not a file");
    anyhow::ensure!(
        metadata.permissions().mode() & 0o111 != 0,
        "the bootstrap {name} is not executable: `chmod +x` it"
    );
    let bytes = std::fs::read(&whole).with_context(|| format!("cannot read the bootstrap {name}"))?;
    artifact::check_marker(&bytes)
        .map_err(|error| anyhow::anyhow!("{name} cannot be the bootstrap: {error}\n  {}", error.help()))?;
    Ok(whole)
}

impl RenderedRun {
    /// Processes the records, or as many as there are before a signal; then, if it is to be served, what is put on the
    /// stream until a signal.
    pub(super) async fn start(
        self,
        bootstrap: PathBuf,
        session: &Session,
        signals: &mut Signals,
        report: impl FnOnce(&Summary) -> anyhow::Result<()>,
    ) -> anyhow::Result<Ended<StoppedEarly>> {
        let (serves, plays) = (self.serve.is_some(), self.source.is_some());
        let mut running = tokio::select! {
            running = self.begin(bootstrap, session) => running?,
            number = signals.any() => return Ok(Ended::Interrupted(number)),
        };
        let mut report = Some(report);
        if plays {
            let summary = tokio::select! {
                summary = running.played() => summary?,
                number = signals.any() => return Ok(Ended::Interrupted(number)),
            };
            report.take().map_or(Ok(()), |report| report(&summary))?;
        }
        if serves {
            match running.serve(signals).await? {
                Ended::Done(summary) => report.map_or(Ok(()), |report| report(&summary))?,
                Ended::Interrupted(number) => return Ok(Ended::Interrupted(number)),
            }
        }
        running.cancel_faults();
        Ok(Ended::Done(running.stopped_early().await))
    }

    /// Starts everything.
    async fn begin(self, bootstrap: PathBuf, session: &Session) -> anyhow::Result<Running> {
        let settings = ServerSettings::from_stack(&serde_json::from_str(&self.main)?)?;
        let servers = self.servers.start(session, &settings).await?;
        let database_url = servers.database_url.clone();
        let kinesis = self.serve.as_ref().map(Listener::url);
        let mut machine = Machine::start(&self.main, servers, bootstrap, kinesis, self.overrides, session).await?;
        machine.rotate_every = self.rotate_every;
        machine.runner.serve_url(Role::Catalog, self.catalog)?;
        let live = self.serve.map(|listener| Live::open(&mut machine, listener)).transpose()?;
        if let Some(ingest) = self.ingest {
            machine.runner.serve_url(Role::Ingest, ingest)?;
        }
        let records = Records {
            source: self.source,
            export: self.export,
            faults: self.faults,
            pace: self.rate.map(Pace::new),
            database_url,
        };
        Ok(Running::begin(machine, records, live))
    }
}
