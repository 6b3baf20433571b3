//! A rendered stack on this machine: PostgreSQL and Redis, and emulators of S3, Secrets Manager and Lambda. Records
//! come from a file.
//!
//! It runs what the rendered file says. What is different on purpose: records of a file are as old as they are, so
//! their age counts from their pickup; waits between retries are shorter than Lambda's; the login rotates only when
//! somebody asks for it; the stream keeps records for as long as it takes.
//!
//! - [`backend`]: emulators and servers as the backend of the functions

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use pipegen_contract::env;
use pipegen_contract::role::Role;
use tokio::task::JoinSet;

use super::export::Export;
use super::runner::{Inputs, Runner};
use super::schedule::Schedule;
use super::summary::{Rotated, Summary};
use super::{Run, StoppedEarly, url_listener};
use crate::deployment::Deployment;
use crate::emulators::s3::{self, Buckets, ObjectStorage};
use crate::emulators::secrets_manager::{self, Rotations};
use crate::event_source::feed::{Feed, feed};
use crate::event_source::progress::Progress;
use crate::lambda_host::credentials::Credentials;
use crate::records::RecordSource;
use crate::servers::{ServerPlan, ServerSettings, Servers};
use crate::session::console::Console;
use crate::session::listener::Listener;
use crate::session::signals::Signals;
use crate::session::working_folder::WorkingFolder;
use crate::session::{Ended, Session};
use backend::MachineBackend;

pub mod backend;

/// A rendered stack, and how it is to be run.
pub struct RenderedInputs {
    /// The text of `main.tf.json`.
    pub main: String,
    /// Batches of one shard at the same time, instead of as many as the stack says.
    pub parallelization: Option<usize>,
    /// The file of records; the sample without one.
    pub records: Option<PathBuf>,
    /// The file for the product views.
    pub export: Option<PathBuf>,
    /// The folder to keep, if any.
    pub folder: Option<PathBuf>,
    /// A database and a cache that are running already.
    pub database_url: Option<String>,
    pub cache_url: Option<String>,
    /// The port of the function's URL; any free one without it.
    pub catalog_port: Option<u16>,
    /// Rotates every login so often.
    pub rotate_every: Option<Duration>,
    /// Keeps everything up after the records, until Ctrl-C.
    pub serve: bool,
    /// The bootstrap; one is built without it.
    pub bootstrap: Option<PathBuf>,
}

/// A rendered stack, ready to run.
pub struct RenderedRun {
    main: String,
    parallelization: Option<usize>,
    source: RecordSource,
    export: Option<Export>,
    pub(super) folder: Option<WorkingFolder>,
    servers: ServerPlan,
    url: Listener,
    rotate_every: Option<Duration>,
    serve: bool,
    pub(super) bootstrap: Option<PathBuf>,
}

impl RenderedInputs {
    /// Checks all that is given, and starts nothing.
    pub fn check(self) -> anyhow::Result<Run> {
        let export = self.export.map(Export::to).transpose()?;
        let bootstrap = self.bootstrap.as_deref().map(executable).transpose()?;
        let source = RecordSource::open(self.records.as_deref())?;
        let folder = self.folder.as_deref().map(WorkingFolder::kept).transpose()?;
        Ok(Run::Rendered(Box::new(RenderedRun {
            main: self.main,
            parallelization: self.parallelization,
            source,
            export,
            servers: ServerPlan::make(self.database_url, self.cache_url, folder.as_ref())?,
            folder,
            url: url_listener(self.catalog_port)?,
            rotate_every: self.rotate_every,
            serve: self.serve,
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
    Ok(whole)
}

impl RenderedRun {
    /// Processes the records, or as many as there are before a signal.
    pub(super) async fn start(
        self,
        bootstrap: PathBuf,
        session: &Session,
        signals: &mut Signals,
        report: impl FnOnce(&Summary) -> anyhow::Result<()>,
    ) -> anyhow::Result<Ended<StoppedEarly>> {
        let serve = self.serve;
        let Processed { stopped_early, machine } = tokio::select! {
            processed = self.run(bootstrap, session, report) => processed?,
            number = signals.any() => return Ok(Ended::Interrupted(number)),
        };
        if serve {
            let _schedules = machine.schedules();
            session.console.say("everything is kept up until Ctrl-C");
            // Ctrl-C is the expected end here and does not change the exit code.
            signals.any().await;
        }
        Ok(Ended::Done(stopped_early))
    }

    /// Processes every record and reports the summary.
    async fn run(
        self,
        bootstrap: PathBuf,
        session: &Session,
        report: impl FnOnce(&Summary) -> anyhow::Result<()>,
    ) -> anyhow::Result<Processed> {
        let settings = ServerSettings::from_stack(&serde_json::from_str(&self.main)?)?;
        let servers = self.servers.start(session, &settings).await?;
        let database_url = servers.database_url.clone();
        let mut machine = Machine::start(&self.main, servers, bootstrap, self.parallelization, session).await?;
        machine.rotate_every = self.rotate_every;
        machine.runner.serve_url(self.url)?;

        let progress = Progress::begin(&self.source, Arc::clone(&session.console));
        let Feed { consumers: channels, stopped } = feed(self.source, machine.deployment.mappings.len());
        let inputs = Inputs { channels, readers: JoinSet::new(), progress: Some(progress) };
        let mut summary = machine.runner.run(inputs, machine.schedules()).await?;
        machine.complete(&mut summary);
        if let Some(export) = self.export {
            summary.exported = Some(export.write(&database_url).await?);
        }
        report(&summary)?;
        Ok(Processed { stopped_early: stopped.await.ok(), machine })
    }
}

/// The state after all records.
struct Processed {
    stopped_early: StoppedEarly,
    machine: Machine,
}

/// A rendered stack that runs.
struct Machine {
    deployment: Deployment,
    runner: Runner,
    buckets: Arc<Buckets>,
    /// Rotations by the stack's rotation function.
    rotations: Arc<Rotations>,
    rotate_every: Option<Duration>,
    overrides: BTreeMap<String, usize>,
    console: Arc<Console>,
}

impl Machine {
    /// Serves what the functions call, and does what Terraform would do while it applies the stack.
    async fn start(
        main: &str,
        servers: Servers,
        bootstrap: PathBuf,
        parallelization: Option<usize>,
        session: &Session,
    ) -> anyhow::Result<Self> {
        let console = &session.console;
        let open = |what: &str| Listener::open(0).with_context(|| format!("cannot listen for {what}"));
        let (for_s3, for_secrets, for_lambda) = (open("S3")?, open("Secrets Manager")?, open("Lambda")?);
        let urls = [for_s3.url(), for_secrets.url()];
        let objects = session.folder.join("objects");
        let objects =
            if session.folder.is_kept() { ObjectStorage::Folder(objects) } else { ObjectStorage::File(objects) };
        let mut backend = MachineBackend::new(main, servers, bootstrap, objects, urls)?;
        let overrides = parallelization.map(|number| backend.deployment.override_parallelization(number));
        let mut runner = Runner::new(backend.deployment.clone(), &backend, session)?;
        let MachineBackend { deployment, secrets, credentials, buckets, .. } = backend;
        let rotate = deployment.rotations.first().context("the stack rotates no secret")?;
        let rotations = Arc::new(Rotations::new(secrets, runner.pool(&rotate.function)));

        console.say(&announcement(&deployment, &for_lambda, &for_secrets, &credentials));
        runner.serve(s3::serve(for_s3, Arc::clone(&buckets), &credentials).context("cannot serve S3")?);
        let served =
            secrets_manager::serve(for_secrets, Arc::clone(&rotations), credentials.clone(), Arc::clone(console));
        runner.serve(served.context("cannot serve Secrets Manager")?);
        runner.serve_lambda(for_lambda, credentials)?;
        runner.apply().await?;
        Ok(Self {
            deployment,
            runner,
            buckets,
            rotations,
            rotate_every: None,
            overrides: overrides.unwrap_or_default(),
            console: Arc::clone(console),
        })
    }

    /// Starts the stack's schedules, and rotations of every login if a period is given.
    fn schedules(&self) -> Vec<Schedule> {
        let secrets: Vec<_> = self.deployment.rotations.iter().map(|rotation| rotation.secret.clone()).collect();
        let rotate = self.rotate_every.map(|period| {
            let (rotations, console) = (Arc::clone(&self.rotations), Arc::clone(&self.console));
            Schedule::every(period, move || rotate_all(secrets.clone(), Arc::clone(&rotations), Arc::clone(&console)))
        });
        self.runner.schedules().into_iter().chain(rotate).collect()
    }

    /// Adds what only this backend knows.
    fn complete(&self, summary: &mut Summary) {
        let archiver = self.deployment.function_of(Role::Archiver);
        let bucket = archiver.and_then(|archiver| archiver.environment.get(env::ARCHIVE_BUCKET));
        summary.archive.objects = bucket.map(|bucket| self.buckets.stored(bucket));
        summary.rotations = Rotated { finished: self.rotations.finished(), failed: self.rotations.failed() };
        summary.overrides.clone_from(&self.overrides);
    }
}

/// Returns what somebody who wants to invoke a function or rotate a secret must know. Nobody else gets to see the key.
/// The region is there twice: version 1 of the AWS CLI and Boto3 read only the second variable.
fn announcement(
    deployment: &Deployment,
    lambda: &Listener,
    secrets: &Listener,
    Credentials { key_id, secret_key, .. }: &Credentials,
) -> String {
    let region = deployment.functions.keys().find_map(|arn| arn.split(':').nth(3)).unwrap_or_default();
    format!(
        "Lambda and Secrets Manager: AWS_ENDPOINT_URL_LAMBDA={} AWS_ENDPOINT_URL_SECRETS_MANAGER={} AWS_REGION={region} \
         AWS_DEFAULT_REGION={region} AWS_ACCESS_KEY_ID={key_id} AWS_SECRET_ACCESS_KEY={secret_key}",
        lambda.url(),
        secrets.url(),
    )
}

async fn rotate_all(secrets: Vec<String>, rotations: Arc<Rotations>, console: Arc<Console>) {
    for secret in &secrets {
        if let Err(error) = rotations.rotate(secret).await {
            console.warn(&format!("a rotation ended: {error}"));
        }
    }
}
