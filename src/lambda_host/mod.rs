//! A small Lambda host: runs the real bootstrap as child processes and speaks Lambda's Runtime API with them.
//!
//! An execution environment is one process and has one invocation at a time; as many are started as are needed at once.
//! One that dies is a function error, as it is in Lambda, and the next invocation gets a new one. Between invocations it is
//! frozen, as in Lambda: what a function has not done when it answers, it may never do.
//!
//! - [`environment`]: one process and its invocations
//! - [`runtime_api`]: the Runtime API
//! - [`output`]: what the functions write
//! - [`unstartable`]: why a bootstrap does not even begin

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use pipegen_contract::role::Role;
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::lambda_host::credentials::Credentials;
use crate::session::console::Console;
use crate::session::process::Supervisor;
use environment::Environment;
use output::Output;

pub mod credentials;
mod environment;
mod output;
mod runtime_api;
mod unstartable;

pub use output::BatchLine;

/// How often an environment is started for one invocation before that is an error.
const STARTS: u32 = 4;
/// How many environments a function has at most (its concurrency). A file may name any number of shards.
pub const CONCURRENCY: usize = 32;
/// The wait before the second start; each further one waits as much longer.
const START_PAUSE: Duration = Duration::from_millis(250);

/// A function: the bootstrap in one role.
#[derive(Clone, Debug)]
pub struct Function {
    /// Its name, `lambda-processor-local`.
    pub name: String,
    /// Its ARN, which also tells it its region.
    pub arn: String,
    /// The role (`_HANDLER`).
    pub handler: String,
    /// The bootstrap.
    pub bootstrap: PathBuf,
    /// Its settings.
    pub variables: Vec<(String, String)>,
    /// What it signs its requests with.
    pub credentials: Credentials,
    /// How long an invocation may take.
    pub timeout: Duration,
    /// What Lambda would give it, in MB. Nothing enforces it here.
    pub memory: u32,
}

impl Function {
    /// All environment variables of a process: what Lambda sets, and the settings. Nothing is inherited.
    fn environment(&self, runtime_api: SocketAddr) -> impl Iterator<Item = (&str, String)> {
        let Credentials { key_id, secret_key, session_token } = &self.credentials;
        let region = self.arn.split(':').nth(3).unwrap_or_default();
        let given = [
            ("_HANDLER", self.handler.clone()),
            ("AWS_ACCESS_KEY_ID", key_id.clone()),
            ("AWS_SECRET_ACCESS_KEY", secret_key.clone()),
            ("AWS_REGION", region.to_owned()),
            ("AWS_DEFAULT_REGION", region.to_owned()),
            ("AWS_LAMBDA_FUNCTION_NAME", self.name.clone()),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", self.memory.to_string()),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
            ("AWS_LAMBDA_LOG_FORMAT", "JSON".to_owned()),
            ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{}", self.name)),
            ("AWS_LAMBDA_LOG_LEVEL", "INFO".to_owned()),
            ("AWS_LAMBDA_LOG_STREAM_NAME", format!("local/[$LATEST]{}", Uuid::new_v4().simple())),
            ("AWS_LAMBDA_RUNTIME_API", runtime_api.to_string()),
            ("TZ", ":UTC".to_owned()),
        ];
        let session = session_token.clone().map(|token| ("AWS_SESSION_TOKEN", token));
        let settings = self.variables.iter().map(|(name, value)| (name.as_str(), value.clone()));
        given.into_iter().chain(session).chain(settings)
    }
}

/// Why a function cannot be run at all.
#[derive(Debug)]
pub enum HostError {
    /// The bootstrap could not be executed.
    Spawn {
        /// Its path.
        bootstrap: PathBuf,
        /// What it is, where that is the reason.
        reason: Option<String>,
        /// What the system said.
        source: std::io::Error,
    },
    /// It does not get as far as its first event.
    Start {
        /// The function.
        function: String,
        /// How it ended.
        reason: String,
        /// What it wrote last.
        last_lines: String,
    },
}

impl std::fmt::Display for HostError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Spawn { bootstrap, reason, .. } => {
                write!(f, "cannot run the bootstrap {}", bootstrap.display())?;
                reason.as_ref().map_or(Ok(()), |reason| write!(f, ": {reason}"))
            }
            Self::Start { function, reason, last_lines } => {
                write!(f, "{function} does not start: {reason}; its last lines: {last_lines}")
            }
        }
    }
}

impl std::error::Error for HostError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Spawn { source, .. } => Some(source),
            Self::Start { .. } => None,
        }
    }
}

/// How an invocation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The function answered with this payload.
    Answered(Vec<u8>),
    /// It reported an error, ended, or took too long.
    Failed,
}

/// What came of an invocation.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// Its id.
    pub request_id: String,
    /// The answer, or that it failed.
    pub outcome: Outcome,
    /// Why it failed, if it did.
    pub failure: Option<String>,
    /// The line that the processor wrote about the batch, if it answered.
    pub batch_line: Option<BatchLine>,
}

/// One function and its environments.
#[derive(Debug)]
pub struct FunctionPool {
    function: Function,
    supervisor: Arc<Supervisor>,
    output: Arc<Output>,
    console: Arc<Console>,
    idle: Mutex<Vec<Environment>>,
    free: Semaphore,
    /// Whether answers are still believed to come with a batch line.
    expects_batch_lines: AtomicBool,
    errors: AtomicU64,
}

impl FunctionPool {
    /// A function with no environment yet. With a folder for logs, all that it writes is kept there.
    pub fn new(
        function: Function,
        supervisor: Arc<Supervisor>,
        console: Arc<Console>,
        logs: Option<&Path>,
    ) -> anyhow::Result<Self> {
        let output =
            Output::new(&function.handler, Arc::clone(&console), logs).context("cannot write the functions' logs")?;
        // Only the processor writes a line about each batch.
        let expects_batch_lines = function.handler == Role::Processor.handler();
        Ok(Self {
            function,
            supervisor,
            output: Arc::new(output),
            console,
            idle: Mutex::default(),
            free: Semaphore::new(CONCURRENCY),
            expects_batch_lines: AtomicBool::new(expects_batch_lines),
            errors: AtomicU64::new(0),
        })
    }

    /// Invokes the function once. A function error is an outcome, not an error.
    pub async fn invoke(&self, payload: Bytes) -> Result<Invocation, HostError> {
        let _place = self.free.acquire().await;
        let mut environment = self.environment().await?;
        let request_id = Uuid::new_v4().to_string();
        let expects = self.expects_batch_lines.load(Ordering::Relaxed);
        let answered = environment.invoke(&self.function, &request_id, payload, expects).await;
        if expects && answered.failure.is_none() && answered.batch_line.is_none() {
            // Waiting for each would cost more than the batches.
            self.expects_batch_lines.store(false, Ordering::Relaxed);
            self.console.say(&format!("{} writes no batch lines: events are not counted", self.function.name));
        }
        if let Some(failure) = &answered.failure {
            self.errors.fetch_add(1, Ordering::Relaxed);
            self.console.warn(&format!("{}: function error: {failure}", self.function.name));
        }
        if environment.is_alive() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(environment);
        }
        Ok(Invocation {
            request_id,
            outcome: answered.outcome,
            failure: answered.failure,
            batch_line: answered.batch_line,
        })
    }

    /// The same, in a task of its own: what was begun is finished, whether or not somebody waits for it.
    pub async fn invoke_to_completion(self: Arc<Self>, payload: Bytes) -> Result<Invocation, HostError> {
        let bootstrap = self.function.bootstrap.clone();
        let invoked = tokio::spawn(async move { self.invoke(payload).await }).await;
        // Only the end of the run takes a task away.
        invoked.unwrap_or_else(|error| {
            Err(HostError::Spawn { bootstrap, reason: None, source: std::io::Error::other(error) })
        })
    }

    /// How many invocations ended in a function error.
    pub fn errors(&self) -> u64 {
        self.errors.load(Ordering::Relaxed)
    }

    /// The function.
    pub fn function(&self) -> &Function {
        &self.function
    }

    /// Ends the environments that wait.
    pub async fn close(&self) {
        let idle = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        for environment in idle {
            environment.stop().await;
        }
    }

    /// A living environment, the one used last if there are several.
    async fn environment(&self) -> Result<Environment, HostError> {
        while let Some(environment) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop() {
            if environment.is_alive() {
                return Ok(environment);
            }
        }
        let mut started = 1;
        loop {
            match Environment::start(&self.function, &self.supervisor, &self.output).await {
                Ok(environment) => return Ok(environment),
                Err(error @ HostError::Spawn { .. }) => return Err(error),
                Err(error) if started == STARTS => return Err(error),
                Err(_) => tokio::time::sleep(START_PAUSE * started).await,
            }
            started += 1;
        }
    }
}
