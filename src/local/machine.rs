//! A rendered stack on this machine: PostgreSQL and Redis, and emulators of S3, Secrets Manager and Lambda. Records come from a
//! file.
//!
//! It runs what the rendered file says. What is different on purpose: records of a file are as old as they are, so their age counts
//! from their pickup; waits between retries are shorter than Lambda's; the login rotates only when somebody asks for it; the stream
//! keeps records for as long as it takes.
//!
//! - [`backend`]: emulators and servers as the backend of the functions

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use bytes::Bytes;
use pipegen_contract::env;
use pipegen_contract::role::Role;
use tokio::task::JoinSet;

use super::export::Export;
use super::runner::{Inputs, Runner};
use super::schedule::Schedule;
use super::summary::{Rotated, Summary};
use crate::deployment::Deployment;
use crate::emulators::s3::{self, Buckets};
use crate::emulators::secrets_manager::{self, RotationFunction, Rotations};
use crate::event_source::progress::Progress;
use crate::lambda_host::credentials::Credentials;
use crate::lambda_host::{FunctionPool, Outcome};
use crate::records::{Feed, ReadError, Source, feed};
use crate::servers::{ServerPlan, ServerSettings, Servers};
use crate::session::console::Console;
use crate::session::listener::Listener;
use crate::session::signals::Signals;
use crate::session::working_folder::WorkingFolder;
use crate::session::{Ended, Session};
use backend::MachineBackend;

pub mod backend;

/// A rendered stack, ready to run.
pub struct RenderedRun {
    /// The text of `main.tf.json`.
    pub main: String,
    /// Batches of one shard at the same time, instead of as many as the stack says.
    pub parallelization: Option<usize>,
    pub source: Source,
    pub export: Option<Export>,
    /// The folder to keep, if any.
    pub folder: Option<WorkingFolder>,
    pub servers: ServerPlan,
    /// Serves the function's URL.
    pub url: Listener,
    /// Rotates every login so often.
    pub rotate_every: Option<Duration>,
    /// Keeps everything up after the records, until Ctrl-C.
    pub serve: bool,
    pub bootstrap: PathBuf,
}

impl RenderedRun {
    /// Processes the records, or as many as there are before a signal.
    pub(super) async fn start(
        self,
        session: &Session,
        signals: &mut Signals,
        report: impl FnOnce(&Summary) -> anyhow::Result<()>,
    ) -> anyhow::Result<Ended<Option<ReadError>>> {
        let serve = self.serve;
        let (stopped, machine) = tokio::select! {
            ran = self.run(session, report) => ran?,
            number = signals.any() => return Ok(Ended::Interrupted(number)),
        };
        if serve {
            let _schedules = machine.schedules();
            session.console.say("everything is kept up until Ctrl-C");
            // The end that was asked for, so the exit code stays what the records have made it.
            signals.any().await;
        }
        Ok(Ended::Done(stopped))
    }

    /// Processes every record and reports the summary. Returns why reading stopped before the end, if it did, and what runs on.
    async fn run(
        self,
        session: &Session,
        report: impl FnOnce(&Summary) -> anyhow::Result<()>,
    ) -> anyhow::Result<(Option<ReadError>, Machine)> {
        let settings = ServerSettings::from_stack(&serde_json::from_str(&self.main)?)?;
        let servers = self.servers.start(session, &settings).await?;
        let database_url = servers.database_url.clone();
        let mut machine = Machine::start(&self.main, servers, self.bootstrap, self.parallelization, session).await?;
        machine.rotate_every = self.rotate_every;
        machine.runner.serve_url(self.url)?;

        let progress = Progress::begin(&self.source, Arc::clone(&session.console));
        let Feed { readers: channels, stopped } = feed(self.source, machine.deployment.mappings.len());
        let inputs = Inputs { channels, readers: JoinSet::new(), progress: Some(progress) };
        let mut summary = machine.runner.run(inputs, machine.schedules()).await?;
        machine.complete(&mut summary);
        if let Some(export) = self.export {
            summary.exported = Some(export.write(&database_url).await?);
        }
        report(&summary)?;
        Ok((stopped.await.ok(), machine))
    }
}

/// A rendered stack that runs.
struct Machine {
    deployment: Deployment,
    runner: Runner,
    buckets: Arc<Buckets>,
    /// Rotations by each of the stack's rotation functions.
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
        let mut backend = MachineBackend::new(main, servers, bootstrap, session.folder.join("objects"), urls)?;
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

/// Returns what somebody who wants to invoke a function or rotate a secret must know. Nobody else gets to see the key. The region is
/// there twice: version 1 of the AWS CLI and Boto3 read only the second variable.
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

#[async_trait]
impl RotationFunction for FunctionPool {
    async fn step(&self, event: Bytes) -> Result<(), String> {
        let invocation = self.invoke(event).await.map_err(|error| error.to_string())?;
        match invocation.outcome {
            Outcome::Answered(_) => Ok(()),
            Outcome::Failed => Err(invocation.failure.unwrap_or_default()),
        }
    }
}
