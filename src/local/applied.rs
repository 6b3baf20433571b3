//! A stack that Terraform has applied to an emulated AWS account on this machine: `pipegen local --applied`.
//!
//! The account keeps the stream, the buckets and the secrets; it does not run functions. They run here, with the code,
//! the settings and the event source mappings that Terraform has given them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use pipegen_contract::env;
use pipegen_contract::role::Role;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::account::EmulatedAccount;
use super::runner::{FunctionBackend, Inputs, Runner};
use super::summary::Summary;
use super::{Run, StoppedEarly, catalog_listener, ingest_listener};
use crate::deployment::package::unpack;
use crate::deployment::{Deployment, FunctionConfiguration};
use crate::event_source::kinesis::{Activity, KinesisStream};
use crate::event_source::on_failure::Storage;
use crate::lambda_host::credentials::Credentials;
use crate::session::listener::Listener;
use crate::session::signals::Signals;
use crate::session::{Ended, Session};

/// An applied stack, and how it is to be run. The environment names its account.
pub struct AppliedInputs {
    /// The folder that was applied.
    pub folder: PathBuf,
    /// A PEM file with the authority behind the servers' certificates, instead of the public ones.
    pub authority: Option<PathBuf>,
    /// Ends the run when nothing was on the stream for so long.
    pub until_idle: Option<Duration>,
    /// The ports of the URLs of `catalog` and `ingest`; any free ones without them.
    pub catalog_port: Option<u16>,
    pub ingest_port: Option<u16>,
}

/// An applied stack, ready to run.
pub struct AppliedRun {
    folder: PathBuf,
    deployment: Deployment,
    account: EmulatedAccount,
    authority: Option<PathBuf>,
    until_idle: Option<Duration>,
    catalog: Listener,
    ingest: Listener,
}

impl AppliedInputs {
    /// Checks all that is given, asks Terraform for the state, and starts nothing.
    pub fn check(self) -> anyhow::Result<Run> {
        let account = EmulatedAccount::read(|name| std::env::var(name).ok())?;
        // The functions run in another folder.
        let authority = self
            .authority
            .map(|file| file.canonicalize().with_context(|| format!("there is no --authority {}", file.display())));
        Ok(Run::Applied(Box::new(AppliedRun {
            authority: authority.transpose()?,
            catalog: catalog_listener(self.catalog_port)?,
            ingest: ingest_listener(self.ingest_port)?,
            deployment: Deployment::from_folder(&self.folder)?,
            folder: self.folder,
            account,
            until_idle: self.until_idle,
        })))
    }
}

/// The account as the backend of the functions.
struct AccountBackend<'a> {
    folder: PathBuf,
    account: EmulatedAccount,
    authority: Option<PathBuf>,
    session: &'a Session,
}

impl FunctionBackend for AccountBackend<'_> {
    /// Unpacks the bootstrap. Packages of one name are one package.
    fn bootstrap(&self, function: &FunctionConfiguration) -> anyhow::Result<PathBuf> {
        let unpacked = self.session.folder.join("package").join(&function.package);
        unpack(&self.folder.join(&function.package), &unpacked)
    }

    fn variables(&self, _: &FunctionConfiguration) -> Vec<(String, String)> {
        let endpoint = ("AWS_ENDPOINT_URL".to_owned(), self.account.endpoint.clone());
        let authority = self.authority.as_ref().map(|file| (env::DEV_AUTHORITY.to_owned(), file.display().to_string()));
        [endpoint].into_iter().chain(authority).collect()
    }

    fn credentials(&self, function: &FunctionConfiguration) -> Credentials {
        Credentials::of_function(&function.handler)
    }

    fn storage(&self) -> Storage {
        Storage::Account(self.account.s3())
    }
}

impl AppliedRun {
    /// Runs until nothing new is on the stream, or until Ctrl-C: the first Ctrl-C ends the reading, the second ends the
    /// run.
    pub(super) async fn start(
        self,
        session: &Session,
        signals: &mut Signals,
        report: impl FnOnce(&Summary) -> anyhow::Result<()>,
    ) -> anyhow::Result<Ended<StoppedEarly>> {
        let Self { folder, deployment, account, authority, until_idle, catalog, ingest } = self;
        let backend = AccountBackend { folder, account, authority, session };
        let mut runner = Runner::new(deployment.clone(), &backend, session)?;
        let lambda = Listener::open(0).context("cannot listen for Lambda")?;
        session.console.say(&format!("Lambda: AWS_ENDPOINT_URL_LAMBDA={}", lambda.url()));
        runner.serve_lambda(lambda, backend.account.credentials.clone())?;
        runner.serve_url(Role::Catalog, catalog)?;
        runner.serve_url(Role::Ingest, ingest)?;

        let stop = CancellationToken::new();
        let activity = Arc::new(Activity::default());
        let inputs = inputs(&deployment, &backend.account, &activity, &stop).await?;
        let _idle = until_idle.map(|period| stop_when_idle(period, activity, stop.clone()));
        let running = runner.run(inputs, runner.schedules());
        tokio::pin!(running);
        loop {
            tokio::select! {
                summary = &mut running => {
                    report(&summary?)?;
                    return Ok(Ended::Done(None));
                }
                number = signals.any() => {
                    if stop.is_cancelled() {
                        return Ok(Ended::Interrupted(number));
                    }
                    stop.cancel();
                    session.console.say("processing what has been read; Ctrl-C again ends at once");
                }
            }
        }
    }
}

/// Starts to read each mapping's stream, until `stop` is cancelled.
async fn inputs(
    deployment: &Deployment,
    account: &EmulatedAccount,
    activity: &Arc<Activity>,
    stop: &CancellationToken,
) -> anyhow::Result<Inputs> {
    let client = account.kinesis();
    let (mut channels, mut readers, lineage) = (Vec::new(), JoinSet::new(), Arc::default());
    for mapping in &deployment.mappings {
        let (arn, lineage) = (mapping.stream.clone(), Arc::clone(&lineage));
        let stream = KinesisStream { client: client.clone(), arn, lineage };
        channels.push(stream.read(activity, stop, &mut readers).await?);
    }
    Ok(Inputs { channels, live: Vec::new(), lineage, readers, progress: None })
}

fn stop_when_idle(period: Duration, activity: Arc<Activity>, stop: CancellationToken) -> AbortOnDropHandle<()> {
    AbortOnDropHandle::new(tokio::spawn(async move {
        activity.idle_for(period).await;
        stop.cancel();
    }))
}
