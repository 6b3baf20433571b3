//! One function and its execution environments.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::{Semaphore, watch};

use super::error::HostError;
use super::execution_environment::ExecutionEnvironment;
use super::function::Function;
use super::invocation::Invocation;
use super::output::Output;
use crate::session::console::Console;
use crate::session::process::Supervisor;

/// The number of starts for one invocation after which a failed start is an error.
const STARTS: u32 = 4;
/// The wait before the second start; each further one waits as much longer.
const START_PAUSE: Duration = Duration::from_millis(250);

/// One function and its execution environments.
#[derive(Debug)]
pub struct FunctionPool {
    function: Function,
    supervisor: Arc<Supervisor>,
    output: Arc<Output>,
    console: Arc<Console>,
    idle: Mutex<Vec<ExecutionEnvironment>>,
    concurrency: Semaphore,
    /// True while no invocation begins.
    held_back: watch::Sender<bool>,
    /// True as long as acknowledged batches are expected to come with a batch line.
    expects_batch_lines: AtomicBool,
    errors: AtomicU64,
}

impl FunctionPool {
    /// Makes a pool without any execution environment. With a folder for logs, everything that the function writes is
    /// kept there.
    pub fn new(
        function: Function,
        supervisor: Arc<Supervisor>,
        console: Arc<Console>,
        logs: Option<&Path>,
    ) -> anyhow::Result<Self> {
        let output =
            Output::new(&function.handler, Arc::clone(&console), logs).context("cannot write the functions' logs")?;
        let expects_batch_lines = AtomicBool::new(function.writes_batch_lines);
        let concurrency = Semaphore::new(function.concurrency);
        Ok(Self {
            function,
            supervisor,
            output: Arc::new(output),
            console,
            idle: Mutex::default(),
            concurrency,
            held_back: watch::Sender::new(false),
            expects_batch_lines,
            errors: AtomicU64::new(0),
        })
    }

    /// Invokes the function once. A function error is an outcome, not an error.
    pub async fn invoke(&self, payload: Bytes) -> Result<Invocation, HostError> {
        // The sender lives as long as this.
        self.held_back.subscribe().wait_for(|held| !held).await.ok();
        let _permit = self.concurrency.acquire().await;
        let mut environment = self.execution_environment().await?;
        let expects = self.expects_batch_lines.load(Ordering::Relaxed);
        let invocation = environment.invoke(&self.function, payload, expects).await;
        if expects && invocation.outcome.is_acknowledged() && invocation.batch_line.is_none() {
            // Waiting for each would cost more than the batches.
            self.expects_batch_lines.store(false, Ordering::Relaxed);
            self.console.say(&format!("{} writes no batch lines: events are not counted", self.function.name));
        }
        if let Some(failure) = &invocation.failure {
            self.errors.fetch_add(1, Ordering::Relaxed);
            self.console.warn(&format!("{}: function error: {failure}", self.function.name));
        }
        if environment.is_alive() {
            self.idle.lock().push(environment);
        }
        Ok(invocation)
    }

    /// Invokes the function in a task of its own, which finishes the invocation even if the caller stops waiting.
    pub async fn invoke_to_completion(self: Arc<Self>, payload: Bytes) -> Result<Invocation, HostError> {
        let bootstrap = self.function.bootstrap.clone();
        let invoked = tokio::spawn(async move { self.invoke(payload).await }).await;
        // Only the end of the run cancels a task.
        invoked.unwrap_or_else(|error| {
            Err(HostError::Spawn { bootstrap, reason: None, source: std::io::Error::other(error) })
        })
    }

    /// Returns how many invocations ended in a function error.
    pub fn errors(&self) -> u64 {
        self.errors.load(Ordering::Relaxed)
    }

    pub fn function(&self) -> &Function {
        &self.function
    }

    /// Begins no invocation until this is called with false: every execution environment is frozen once its invocation
    /// has ended.
    pub fn hold_back(&self, held: bool) {
        self.held_back.send_replace(held);
    }

    /// Stops the idle execution environments.
    pub async fn close(&self) {
        let idle = std::mem::take(&mut *self.idle.lock());
        for environment in idle {
            environment.stop().await;
        }
    }

    /// Takes the idle environment that was used last, or starts one.
    async fn execution_environment(&self) -> Result<ExecutionEnvironment, HostError> {
        while let Some(environment) = self.take_idle() {
            if environment.is_alive() {
                return Ok(environment);
            }
        }
        let mut started = 1;
        loop {
            match ExecutionEnvironment::start(&self.function, &self.supervisor, &self.output).await {
                Ok(environment) => return Ok(environment),
                Err(error @ HostError::Spawn { .. }) => return Err(error),
                Err(error) if started == STARTS => return Err(error),
                Err(_) => tokio::time::sleep(START_PAUSE * started).await,
            }
            started += 1;
        }
    }

    fn take_idle(&self) -> Option<ExecutionEnvironment> {
        self.idle.lock().pop()
    }
}
