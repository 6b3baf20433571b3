//! A rendered stack that was started, with the servers and emulators that it uses.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use chrono::TimeDelta;
use parking_lot::Mutex;
use pipegen_contract::env;
use pipegen_contract::role::Role;

use super::backend::MachineBackend;
use crate::deployment::Deployment;
use crate::emulators::kinesis::Kinesis;
use crate::emulators::s3::{self, Buckets, ObjectStorage, OpenS3};
use crate::emulators::secrets_manager::{self, Rotations};
use crate::lambda_host::credentials::Credentials;
use crate::local::faults::Faults;
use crate::local::port::{Board, EventRules, Portal};
use crate::local::runner::Runner;
use crate::local::schedule::Schedule;
use crate::local::summary::{Rotated, Summary};
use crate::servers::Servers;
use crate::session::Session;
use crate::session::console::Console;
use crate::session::listener::Listener;
use crate::stream::OpenStream;

/// Values instead of the stack's.
#[derive(Clone, Copy, Debug, Default)]
pub struct Overrides {
    /// Batches of one shard at the same time.
    pub parallelization: Option<usize>,
    /// Seconds for which the archiver's batches are collected.
    pub archive_window: Option<u32>,
    /// Seconds between two runs of `maintain`, which is all that is scheduled.
    pub maintain_every: Option<u32>,
}

impl Overrides {
    /// Changes the deployment. Returns the changed values by name.
    fn apply(self, deployment: &mut Deployment) -> BTreeMap<String, usize> {
        let mut changed = BTreeMap::new();
        if let Some(number) = self.parallelization {
            changed.extend(deployment.override_parallelization(number));
        }
        if let Some(seconds) = self.archive_window {
            changed.extend(deployment.override_archive_window(seconds));
        }
        if let Some(seconds) = self.maintain_every {
            changed.extend(deployment.override_maintenance_period(seconds));
        }
        changed
    }
}

/// A rendered stack that runs.
pub(super) struct Machine {
    pub(super) deployment: Deployment,
    pub(super) runner: Runner,
    pub(super) buckets: Arc<Buckets>,
    pub(super) faults: Arc<Faults>,
    /// Rotations by the stack's rotation function.
    rotations: Arc<Rotations>,
    pub(super) rotate_every: Option<Duration>,
    overrides: BTreeMap<String, usize>,
    pub(super) console: Arc<Console>,
    /// An administrator's URL of the cache.
    cache_url: String,
}

impl Machine {
    /// Serves what the functions call, and does what Terraform would do while it applies the stack. `kinesis` is the
    /// URL of the stream, if it will be open.
    pub(super) async fn start(
        main: &str,
        servers: Servers,
        bootstrap: PathBuf,
        kinesis: Option<String>,
        overrides: Overrides,
        session: &Session,
    ) -> anyhow::Result<Self> {
        let console = &session.console;
        let trouble = Arc::default();
        let faults = Faults::new(&servers, Arc::clone(&trouble), session);
        let open = |what: &str| Listener::open(0).with_context(|| format!("cannot listen for {what}"));
        let (for_s3, for_secrets, for_lambda) = (open("S3")?, open("Secrets Manager")?, open("Lambda")?);
        let urls = [for_s3.url(), for_secrets.url()];
        let objects = session.folder.join("objects");
        let objects =
            if session.folder.is_kept() { ObjectStorage::Folder(objects) } else { ObjectStorage::File(objects) };
        let cache_url = servers.cache_url.clone();
        let mut backend = MachineBackend::new(main, servers, bootstrap, objects, urls)?;
        backend.kinesis = kinesis;
        let overrides = overrides.apply(&mut backend.deployment);
        let mut runner = Runner::new(backend.deployment.clone(), &backend, session)?;
        let MachineBackend { deployment, secrets, credentials, buckets, .. } = backend;
        let rotate = deployment.rotations.first().context("the stack rotates no secret")?;
        let rotations = Arc::new(Rotations::new(secrets, runner.pool(&rotate.function)));

        console.say(&announcement(&deployment, &for_lambda, &for_secrets, &credentials));
        runner.serve(s3::serve(for_s3, Arc::clone(&buckets), &credentials, &trouble).context("cannot serve S3")?);
        let served =
            secrets_manager::serve(for_secrets, Arc::clone(&rotations), credentials.clone(), Arc::clone(console));
        runner.serve(served.context("cannot serve Secrets Manager")?);
        runner.serve_lambda(for_lambda, credentials)?;
        runner.apply().await?;
        Ok(Self {
            faults: Arc::new(faults.of(&runner)),
            deployment,
            runner,
            buckets,
            rotations,
            rotate_every: None,
            overrides,
            console: Arc::clone(console),
            cache_url,
        })
    }

    /// Starts the stack's schedules, and rotations of every login if a period is given.
    pub(super) fn schedules(&self) -> Vec<Schedule> {
        let secrets: Vec<_> = self.deployment.rotations.iter().map(|rotation| rotation.secret.clone()).collect();
        let rotate = self.rotate_every.map(|period| {
            let (rotations, console) = (Arc::clone(&self.rotations), Arc::clone(&self.console));
            Schedule::every(period, move || rotate_all(secrets.clone(), Arc::clone(&rotations), Arc::clone(&console)))
        });
        self.runner.schedules().into_iter().chain(rotate).collect()
    }

    /// Returns what the port of a served run serves.
    pub(super) fn portal(&self, stream: Arc<OpenStream>) -> Portal {
        let seconds = |role: Role, variable: &str| {
            let function = self.deployment.function_of(role)?;
            function.environment.get(variable)?.parse::<u32>().ok()
        };
        let processor = self.deployment.function_of(Role::Processor);
        let suppliers = processor.and_then(|processor| processor.environment.get(env::SUPPLIERS));
        let horizon = seconds(Role::Processor, env::HORIZON_SECONDS).unwrap_or_default();
        let retention = seconds(Role::Maintain, env::STREAM_RETENTION_SECONDS).unwrap_or_default();
        let bucket = |role: Role, variable: &str| {
            let function = self.deployment.function_of(role);
            function.and_then(|function| function.environment.get(variable)).cloned().unwrap_or_default()
        };
        let board = Board {
            stream: stream.name().to_owned(),
            processor: self.runner.status(Role::Processor),
            archiver: self.runner.status(Role::Archiver),
            catalog: self.runner.url(Role::Catalog),
            buckets: Arc::clone(&self.buckets),
            archive_bucket: bucket(Role::Archiver, env::ARCHIVE_BUCKET),
            quarantine_bucket: bucket(Role::Processor, env::QUARANTINE_BUCKET),
            faults: Arc::clone(&self.faults),
            rejections: Mutex::new((0, Vec::new())),
        };
        Portal {
            board,
            account: stream.arn().split(':').nth(4).unwrap_or_default().to_owned(),
            kinesis: Kinesis { stream, retention_hours: u64::from(retention / 3600) },
            s3: OpenS3::new(Arc::clone(&self.buckets)),
            catalog: self.runner.url(Role::Catalog),
            cache_url: self.cache_url.clone(),
            rules: EventRules {
                horizon: TimeDelta::seconds(horizon.into()),
                suppliers: suppliers.map(|names| names.split(',').filter_map(|name| name.parse().ok()).collect()),
            },
        }
    }

    /// Adds what only this backend knows.
    pub(super) fn complete(&self, summary: &mut Summary) {
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
