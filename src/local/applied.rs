//! A stack that Terraform has applied to an emulated AWS account on this machine, run here: `pipegen local --applied`.
//!
//! The account keeps the stream, the buckets and the secrets; what it does not do is run functions. So they run here, with the
//! code, the settings and the event source mappings that Terraform has given them.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::pending;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use pipegen_contract::env;
use pipegen_contract::role::Role;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::emulators::{function_url, invoke_api};
use crate::event_source::kinesis::{Activity, KinesisStream};
use crate::event_source::mapping::{MappingSettings, Origin};
use crate::event_source::on_failure::{OnFailureDestination, Storage};
use crate::event_source::poller::{Poller, PollerReport};
use crate::lambda_host::credentials::Credentials;
use crate::lambda_host::{Function, FunctionPool};
use crate::local::maintenance::Maintenance;
use crate::local::schedule::Schedule;
use crate::local::summary::{Archive, Summary};
use crate::session::console::Console;
use crate::session::listener::{Listener, Server};
use crate::session::process::Supervisor;
use crate::session::working_folder::WorkingFolder;

use super::account::Account;
use crate::deployment::package::unpack;
use crate::deployment::state::{self, EventSourceMapping, Stack};

/// What a stack is run with.
pub struct Ground<'a> {
    /// The folder that was applied.
    pub folder: &'a Path,
    /// What Terraform says about it.
    pub stack: Stack,
    /// Where it was applied to.
    pub account: Account,
    /// A PEM file with the authority behind the servers' certificates, instead of the public ones.
    pub authority: Option<PathBuf>,
    /// Where the function with a URL is to be asked.
    pub url: Listener,
    /// Where the bootstrap is unpacked.
    pub place: &'a WorkingFolder,
    /// What runs the functions' processes.
    pub supervisor: &'a Arc<Supervisor>,
    /// What is said on the way.
    pub console: &'a Arc<Console>,
}

/// The running stack. Its servers and schedules end when this is dropped.
pub struct Deployment {
    stack: Stack,
    account: Account,
    hosts: BTreeMap<String, Arc<FunctionPool>>,
    maintenance: Vec<Arc<Maintenance>>,
    _schedules: Vec<Schedule>,
    _servers: Vec<Server>,
}

impl Deployment {
    /// Makes the functions, serves those that are asked over HTTP, and starts what runs by the clock.
    pub fn start(ground: Ground<'_>) -> anyhow::Result<Self> {
        let Ground { folder, stack, account, authority, url, place, supervisor, console } = ground;
        let mut hosts = BTreeMap::new();
        for (arn, applied) in &stack.functions {
            // Packages of one name are one package.
            let unpacked = place.join("package").join(&applied.filename);
            let bootstrap = unpack(&folder.join(&applied.filename), &unpacked)?;
            let function = function(applied, bootstrap, &account, authority.as_deref());
            let host =
                FunctionPool::new(function, Arc::clone(supervisor), Arc::clone(console), place.logs().as_deref())?;
            hosts.insert(arn.clone(), Arc::new(host));
        }

        let for_lambda = Listener::open(0).context("cannot listen for Lambda")?;
        console.say(&format!("Lambda: AWS_ENDPOINT_URL_LAMBDA={}", for_lambda.url()));
        let functions = hosts.values().cloned().collect();
        let mut servers =
            vec![invoke_api::serve(for_lambda, functions, account.credentials.clone()).context("cannot serve Lambda")?];
        if let Some(arn) = &stack.url {
            console.say(&format!("{} answers at {}", stack.functions[arn].name, url.url()));
            let server = function_url::serve(url, Arc::clone(&hosts[arn]), Arc::clone(console));
            servers.push(server.context("cannot serve the function's URL")?);
        }

        let (mut maintenance, mut schedules) = (Vec::new(), Vec::new());
        for schedule in &stack.schedules {
            let host = Arc::clone(&hosts[&schedule.function]);
            let runs = Arc::new(Maintenance::new(host, schedule.input.clone().into(), Arc::clone(console)));
            schedules.push(Maintenance::every(&runs, schedule.period));
            maintenance.push(runs);
        }
        Ok(Self { stack, account, hosts, maintenance, _schedules: schedules, _servers: servers })
    }

    /// Reads the stream until it is `interrupted`, or until there was nothing new on it for `until_idle`; and finishes what was read.
    pub async fn run(
        &self,
        until_idle: Option<Duration>,
        interrupted: watch::Receiver<bool>,
    ) -> anyhow::Result<Summary> {
        let stop = CancellationToken::new();
        let activity = Arc::new(Activity::default());
        let mut readers = JoinSet::new();
        let mut consumers = JoinSet::new();
        let client = self.account.kinesis();
        for mapping in &self.stack.mappings {
            let stream = KinesisStream { client: client.clone(), arn: mapping.stream.clone() };
            let records = stream.read(&activity, &stop, &mut readers).await?;
            let consumer = self.consumer(mapping);
            let handler = self.stack.functions[&mapping.function].handler.clone();
            consumers.spawn(async move { anyhow::Ok((handler, consumer.consume(records).await?)) });
        }
        let consumed = tokio::select! {
            biased;
            error = first_error(&mut readers) => return Err(error),
            consumed = all(&mut consumers) => consumed?,
            never = stop_when(stop, &activity, until_idle, interrupted) => match never {},
        };
        for runs in &self.maintenance {
            runs.run().await;
        }
        Ok(self.summary(&consumed))
    }

    fn consumer(&self, mapping: &EventSourceMapping) -> Poller {
        let origin = Origin {
            stream_arn: mapping.stream.clone(),
            role_arn: self.stack.functions[&mapping.function].role.clone(),
        };
        Poller {
            pool: Arc::clone(&self.hosts[&mapping.function]),
            settings: MappingSettings {
                origin: Arc::new(origin),
                batch_size: mapping.batch_size,
                window: mapping.window,
                parallelization: mapping.parallelization,
                bisect: mapping.bisect,
                maximum_retries: mapping.maximum_retries,
                maximum_age: mapping.maximum_age,
                ..MappingSettings::default()
            },
            on_failure: OnFailureDestination {
                storage: Storage::Account(self.account.s3()),
                bucket: mapping.on_failure_bucket.clone(),
                mapping: mapping.id.clone(),
            },
            progress: None,
        }
    }

    fn summary(&self, consumed: &BTreeMap<String, PollerReport>) -> Summary {
        let of = |role: Role| consumed.get(role.handler()).cloned().unwrap_or_default();
        let errors = |host: &Arc<FunctionPool>| (host.function().handler.clone(), host.errors());
        let errors_by_function: BTreeMap<_, _> = self.hosts.values().map(errors).collect();
        let archived = of(Role::Archiver).statistics;
        Summary {
            function_errors: errors_by_function.get(Role::Processor.handler()).copied().unwrap_or_default(),
            archive: Archive { records: archived.delivered, objects: None, discarded: archived.discarded },
            maintain: self.maintenance.iter().map(|runs| runs.done()).sum(),
            errors_by_function,
            ..Summary::of(&of(Role::Processor))
        }
    }
}

/// The function as it was applied, led to the account and to servers with this authority.
fn function(applied: &state::Function, bootstrap: PathBuf, account: &Account, authority: Option<&Path>) -> Function {
    let mut variables: Vec<_> = applied.environment.clone().into_iter().collect();
    variables.push(("AWS_ENDPOINT_URL".to_owned(), account.endpoint.clone()));
    variables.extend(authority.map(|file| (env::DEV_AUTHORITY.to_owned(), file.display().to_string())));
    Function {
        name: applied.name.clone(),
        arn: applied.arn.clone(),
        handler: applied.handler.clone(),
        bootstrap,
        variables,
        credentials: Credentials::of_function(&applied.handler),
        timeout: Duration::from_secs(applied.timeout),
        memory: applied.memory_size,
    }
}

/// Stops the readers when it is time.
async fn stop_when(
    stop: CancellationToken,
    activity: &Activity,
    until_idle: Option<Duration>,
    mut interrupted: watch::Receiver<bool>,
) -> Infallible {
    let idle = async {
        match until_idle {
            Some(period) => activity.idle_for(period).await,
            None => pending().await,
        }
    };
    tokio::select! {
        () = idle => {}
        Ok(_) = interrupted.wait_for(|interrupted| *interrupted) => {}
    }
    stop.cancel();
    pending().await
}

/// What all of them have done, by the function's handler.
async fn all(
    consumers: &mut JoinSet<anyhow::Result<(String, PollerReport)>>,
) -> anyhow::Result<BTreeMap<String, PollerReport>> {
    let mut all = BTreeMap::new();
    while let Some(consumed) = consumers.join_next().await {
        let (handler, consumed) = consumed.context("a consumer panicked")??;
        all.insert(handler, consumed);
    }
    Ok(all)
}

/// The first error of any of them; if there is none, it does not end.
async fn first_error(readers: &mut JoinSet<anyhow::Result<()>>) -> anyhow::Error {
    while let Some(read) = readers.join_next().await {
        if let Err(error) = read.context("a reader panicked").flatten() {
            return error;
        }
    }
    pending().await
}
