//! The functions of a deployment, and what invokes them: pollers, schedules, URLs and Lambda's API.

use std::collections::BTreeMap;
use std::iter::repeat_with;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use pipegen_contract::role::Role;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::pollers::{PollerReports, Pollers};
use super::schedule::Schedule;
use super::scheduled_runs::ScheduledRuns;
use super::summary::{Archive, Summary};
use crate::deployment::{Deployment, FunctionConfiguration, MappingConfiguration};
use crate::emulators::function_url::{self, FunctionUrl};
use crate::emulators::invoke_api;
use crate::event_source::feed::Chunk;
use crate::event_source::mapping::MappingSettings;
use crate::event_source::on_failure::{OnFailureDestination, Storage};
use crate::event_source::poller::{Poller, PollerInput};
use crate::event_source::progress::Progress;
use crate::event_source::status::SharedStatus;
use crate::lambda_host::credentials::Credentials;
use crate::lambda_host::{Function, FunctionPool, InvocationOutcome};
use crate::session::Session;
use crate::session::console::Console;
use crate::session::listener::{Listener, Server};
use crate::stream::Lineage;

/// The services that a deployment's functions use: those of this machine, or of an emulated account.
pub trait FunctionBackend {
    /// Returns the path of a function's bootstrap.
    fn bootstrap(&self, function: &FunctionConfiguration) -> anyhow::Result<PathBuf>;

    /// Returns what a function's environment has beside the stack's variables: the backend's endpoints
    /// (`AWS_ENDPOINT_URL…`) and development settings (`PIPEGEN_DEV_…`).
    fn variables(&self, function: &FunctionConfiguration) -> Vec<(String, String)>;

    /// Returns what a function signs its requests with.
    fn credentials(&self, function: &FunctionConfiguration) -> Credentials;

    /// Returns the storage of discarded batches.
    fn storage(&self) -> Storage;
}

/// Records for the event source mappings.
pub struct Inputs {
    /// A channel for each mapping, in their order.
    pub channels: Vec<mpsc::Receiver<Chunk>>,
    /// A second channel for each, with records that come beside those and after them; none if there are no such.
    pub live: Vec<mpsc::Receiver<Chunk>>,
    /// The parents of the shards.
    pub lineage: Arc<Lineage>,
    /// Tasks that fill the channels. The first error of any of them ends the run.
    pub readers: JoinSet<anyhow::Result<()>>,
    /// The progress of the processor, if it is shown.
    pub progress: Option<Progress>,
}

/// A deployment that runs. Its servers end when this is dropped.
pub struct Runner {
    deployment: Deployment,
    /// By ARN.
    pools: BTreeMap<String, Arc<FunctionPool>>,
    /// One for each of the deployment's schedules.
    scheduled: Vec<Arc<ScheduledRuns>>,
    storage: Storage,
    /// By the function's handler.
    status: BTreeMap<String, Arc<SharedStatus>>,
    /// By the function's handler.
    urls: BTreeMap<String, Arc<FunctionUrl>>,
    console: Arc<Console>,
    servers: Vec<Server>,
}

impl Runner {
    /// Makes a pool of each function. Nothing is invoked yet.
    pub fn new(deployment: Deployment, backend: &impl FunctionBackend, session: &Session) -> anyhow::Result<Self> {
        let Session { folder, supervisor, console, .. } = session;
        let mut pools = BTreeMap::new();
        for (arn, configuration) in &deployment.functions {
            let function = function(&deployment, configuration, backend)?;
            let pool =
                FunctionPool::new(function, Arc::clone(supervisor), Arc::clone(console), folder.logs().as_deref())?;
            pools.insert(arn.clone(), Arc::new(pool));
        }
        let scheduled = deployment.schedules.iter().map(|schedule| {
            let pool = Arc::clone(&pools[&schedule.function]);
            Arc::new(ScheduledRuns::new(pool, schedule.input.clone().into(), Arc::clone(console)))
        });
        let urls = deployment.urls.iter().map(|arn| {
            let handler = deployment.functions[arn].handler.clone();
            let for_suppliers = handler == Role::Ingest.handler();
            let url = if for_suppliers { FunctionUrl::for_suppliers } else { FunctionUrl::new };
            (handler, Arc::new(url(Arc::clone(&pools[arn]), Arc::clone(console))))
        });
        let handlers = deployment.functions.values().map(|function| function.handler.clone());
        Ok(Self {
            status: handlers.map(|handler| (handler, Arc::default())).collect(),
            urls: urls.collect(),
            scheduled: scheduled.collect(),
            storage: backend.storage(),
            console: Arc::clone(console),
            servers: Vec::new(),
            deployment,
            pools,
        })
    }

    /// Returns the pool of a function of the deployment.
    pub fn pool(&self, arn: &str) -> Arc<FunctionPool> {
        Arc::clone(&self.pools[arn])
    }

    /// Serves Lambda's Invoke API to requests that are signed with this key.
    pub fn serve_lambda(&mut self, listener: Listener, credentials: Credentials) -> anyhow::Result<()> {
        let pools = self.pools.values().cloned().collect();
        self.serve(invoke_api::serve(listener, pools, credentials).context("cannot serve Lambda")?);
        Ok(())
    }

    /// Serves the URL of the function with a role, if it has one.
    pub fn serve_url(&mut self, role: Role, listener: Listener) -> anyhow::Result<()> {
        let Some(url) = self.url(role) else { return Ok(()) };
        let signed = url.callers.as_ref().map(|callers| format!(", signed: curl {}", callers.curl_options()));
        let (name, at) = (&url.pool.function().name, listener.url());
        self.console.say(&format!("{name} answers at {at}{}", signed.unwrap_or_default()));
        let server = function_url::serve(listener, url);
        self.serve(server.context("cannot serve the function's URL")?);
        Ok(())
    }

    /// Returns the URL of the function with a role, if it has one.
    pub fn url(&self, role: Role) -> Option<Arc<FunctionUrl>> {
        self.urls.get(role.handler()).cloned()
    }

    /// Keeps a server up as long as this lives.
    pub fn serve(&mut self, server: Server) {
        self.servers.push(server);
    }

    /// Invokes what Terraform would invoke while it applies the stack.
    pub async fn apply(&self) -> anyhow::Result<()> {
        for invocation in &self.deployment.invocations {
            let pool = self.pool(&invocation.function);
            let invoked = pool.invoke(invocation.input.clone().into()).await?;
            if invoked.outcome == InvocationOutcome::Failed {
                bail!("{} failed: {}", pool.function().name, invoked.failure.unwrap_or_default());
            }
            pool.close().await;
        }
        Ok(())
    }

    /// Starts the schedules.
    pub fn schedules(&self) -> Vec<Schedule> {
        let schedules = self.deployment.schedules.iter().zip(&self.scheduled);
        schedules.map(|(schedule, runs)| ScheduledRuns::every(runs, schedule.period)).collect()
    }

    /// Processes the inputs to their ends, then ends these schedules and runs each of the deployment's once more.
    pub async fn run(&self, inputs: Inputs, schedules: Vec<Schedule>) -> anyhow::Result<Summary> {
        let reports = self.poll(inputs).ended().await;
        self.finish(reports, schedules).await
    }

    /// Ends these schedules after the records, and runs each of the deployment's once more.
    pub async fn finish(
        &self,
        reports: anyhow::Result<PollerReports>,
        schedules: Vec<Schedule>,
    ) -> anyhow::Result<Summary> {
        self.console.end();
        let reports = reports?;
        for schedule in schedules {
            schedule.end().await;
        }
        for runs in &self.scheduled {
            runs.run().await;
        }
        Ok(self.summary(&reports))
    }

    /// Starts to process the inputs.
    pub fn poll(&self, inputs: Inputs) -> Pollers {
        let Inputs { channels, live, lineage, readers, mut progress } = inputs;
        let mut pollers = Pollers::new(readers);
        let live = live.into_iter().map(Some).chain(repeat_with(|| None));
        for ((mapping, records), live) in self.deployment.mappings.iter().zip(channels).zip(live) {
            let handler = self.deployment.functions[&mapping.function].handler.clone();
            let shown = progress.take_if(|_| handler == Role::Processor.handler());
            let poller = self.poller(mapping, shown, Arc::clone(&self.status[&handler]));
            let lineage = Arc::clone(&lineage);
            pollers.start(handler, poller, PollerInput { records, live, lineage, played: None });
        }
        pollers
    }

    /// Returns the pools of all functions.
    pub fn pools(&self) -> Vec<Arc<FunctionPool>> {
        self.pools.values().cloned().collect()
    }

    /// Returns the work of every mapping so far.
    pub fn mappings(&self) -> Vec<Arc<SharedStatus>> {
        self.status.values().cloned().collect()
    }

    /// Returns the work of a function's mapping so far.
    pub fn status(&self, role: Role) -> Arc<SharedStatus> {
        self.status.get(role.handler()).cloned().unwrap_or_default()
    }

    fn poller(&self, mapping: &MappingConfiguration, progress: Option<Progress>, status: Arc<SharedStatus>) -> Poller {
        Poller {
            status,
            pool: self.pool(&mapping.function),
            settings: MappingSettings::new(mapping, &self.deployment.functions[&mapping.function].role_arn),
            on_failure: OnFailureDestination {
                storage: self.storage.clone(),
                bucket: mapping.on_failure_bucket.clone(),
                mapping: mapping.id.clone(),
            },
            progress,
        }
    }

    fn summary(&self, reports: &PollerReports) -> Summary {
        let of = |role: Role| reports.get(role.handler()).cloned().unwrap_or_default();
        let errors = |pool: &Arc<FunctionPool>| (pool.function().handler.clone(), pool.errors());
        let errors_by_function: BTreeMap<_, _> = self.pools.values().map(errors).collect();
        let archived = of(Role::Archiver).statistics;
        Summary {
            function_errors: errors_by_function.get(Role::Processor.handler()).copied().unwrap_or_default(),
            archive: Archive { records: archived.delivered, objects: None, discarded: archived.discarded },
            maintain: self.scheduled.iter().map(|runs| runs.done()).sum(),
            errors_by_function,
            ..Summary::of(&of(Role::Processor))
        }
    }
}

/// Returns a function with the stack's environment, verbatim, and what the backend adds to it.
pub fn function(
    deployment: &Deployment,
    configuration: &FunctionConfiguration,
    backend: &impl FunctionBackend,
) -> anyhow::Result<Function> {
    let mut variables: Vec<_> = configuration.environment.clone().into_iter().collect();
    variables.extend(backend.variables(configuration));
    Ok(Function {
        name: configuration.name.clone(),
        arn: configuration.arn.clone(),
        handler: configuration.handler.clone(),
        bootstrap: backend.bootstrap(configuration)?,
        variables,
        credentials: backend.credentials(configuration),
        timeout: configuration.timeout,
        memory: configuration.memory,
        concurrency: deployment.concurrency(configuration),
        writes_batch_lines: configuration.handler == Role::Processor.handler(),
    })
}
