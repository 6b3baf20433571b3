//! An execution environment: a process of the bootstrap, its Runtime API, and one invocation at a time.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use chrono::Utc;
use nix::sys::signal::Signal;
use tokio::process::Command;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::error::HostError;
use super::function::Function;
use super::invocation::{Invocation, InvocationOutcome};
use super::output::{BatchLine, Output};
use super::runtime_api::{NextInvocation, RuntimeApi, RuntimeResult};
use super::unstartable;
use crate::session::process::{Process, ProcessKind, StopPolicy, Supervisor};

/// The longest time that a start may take (Lambda gives 10 s as well).
const START_LIMIT: Duration = Duration::from_secs(10);
/// The signal that stops a process, and the time until it is killed.
const STOP: StopPolicy = StopPolicy { signal: Signal::SIGTERM, grace: Duration::from_secs(2) };
/// The longest wait for a batch line after the response. It was written before, but is read by another task.
const LINE_AFTER_RESPONSE: Duration = Duration::from_millis(500);

#[derive(Debug)]
pub(super) struct ExecutionEnvironment {
    process: Arc<Process>,
    api: RuntimeApi,
    batch_lines: mpsc::UnboundedReceiver<BatchLine>,
}

impl ExecutionEnvironment {
    /// Starts the bootstrap and waits until it asks for its first event.
    pub(super) async fn start(
        function: &Function,
        supervisor: &Supervisor,
        output: &Arc<Output>,
    ) -> Result<Self, HostError> {
        let failed = |source| HostError::Spawn {
            bootstrap: function.bootstrap.clone(),
            reason: unstartable::reason(&function.bootstrap),
            source,
        };
        let mut api = RuntimeApi::start().map_err(failed)?;
        let (lines, batch_lines) = output.lines();
        let mut command = Command::new(&function.bootstrap);
        command.env_clear().envs(function.environment_variables(api.address)).current_dir("/");
        let process = supervisor.spawn(&function.name, ProcessKind::Function, STOP, command, lines).map_err(failed)?;
        api.serve_until_end_of(Arc::clone(&process));
        let mut environment = Self { process, api, batch_lines };
        environment.wait_for_first_poll().await?;
        Ok(environment)
    }

    async fn wait_for_first_poll(&mut self) -> Result<(), HostError> {
        // The init error is read after `select!`, which borrows all of the Runtime API.
        let reason = tokio::select! {
            () = self.api.ready() => return Ok(()),
            status = self.process.exited() => format!("it ended with {status}"),
            () = tokio::time::sleep(START_LIMIT) => format!("it asked for no event within {} s", START_LIMIT.as_secs()),
        };
        self.process.stop().await;
        let reason = match self.api.results.try_recv() {
            Ok(RuntimeResult::InitError(error)) => String::from_utf8_lossy(&error).into_owned(),
            _ => reason,
        };
        Err(HostError::Start {
            function: self.process.name().to_owned(),
            reason,
            last_lines: self.process.last_lines(),
        })
    }

    /// Returns true if the process can take an event.
    pub(super) fn is_alive(&self) -> bool {
        self.process.status().is_none()
    }

    pub(super) async fn stop(self) {
        self.process.stop().await;
    }

    /// Invokes the function and waits for its result. A process that takes too long is killed.
    pub(super) async fn invoke(&mut self, function: &Function, payload: Bytes, expects_batch_line: bool) -> Invocation {
        while self.batch_lines.try_recv().is_ok() {}
        let request_id = Uuid::new_v4().to_string();
        let (outcome, failure) = match self.result(function, &request_id, payload).await {
            Ok(response) => (InvocationOutcome::Answered(response.into()), None),
            Err(reason) => (InvocationOutcome::Failed, Some(reason)),
        };
        let batch_line = if expects_batch_line && outcome.is_acknowledged() { self.batch_line().await } else { None };
        Invocation { request_id, outcome, failure, batch_line }
    }

    /// Returns the response, or the reason of the failure.
    async fn result(&mut self, function: &Function, request_id: &str, payload: Bytes) -> Result<Bytes, String> {
        self.process.thaw();
        let timeout = i64::try_from(function.timeout.as_millis()).unwrap_or(i64::MAX);
        self.api.send(NextInvocation {
            request_id: request_id.to_owned(),
            deadline: Utc::now().timestamp_millis().saturating_add(timeout),
            function_arn: function.arn.clone(),
            payload,
        });
        let result = tokio::select! {
            biased;
            result = self.api.result() => Ok(result),
            status = self.process.exited() => Err(format!("ended during the invocation with {status}")),
            () = tokio::time::sleep(function.timeout) => {
                self.process.kill();
                self.process.exited().await;
                Err(format!("timed out after {:.2} seconds", function.timeout.as_secs_f64()))
            }
        };
        self.process.freeze();
        match result? {
            RuntimeResult::Response(payload) => Ok(payload),
            RuntimeResult::Error(error) | RuntimeResult::InitError(error) => {
                Err(String::from_utf8_lossy(&error).into_owned())
            }
        }
    }

    async fn batch_line(&mut self) -> Option<BatchLine> {
        tokio::time::timeout(LINE_AFTER_RESPONSE, self.batch_lines.recv()).await.ok().flatten()
    }
}
