//! One execution environment: a process of the bootstrap, its Runtime API, and one invocation at a time.

use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use chrono::Utc;
use nix::sys::signal::Signal;
use tokio::process::Command;
use tokio::sync::mpsc;

use super::output::{BatchLine, Output};
use super::runtime_api::{Answer, Event, RuntimeApi};
use super::{Function, HostError, Outcome, unstartable};
use crate::session::process::{Kind, Process, Stop, Supervisor};

/// How long a start may take (Lambda gives 10 s as well).
const START_LIMIT: Duration = Duration::from_secs(10);
/// How long a stop may take.
const STOP: Stop = Stop { signal: Signal::SIGTERM, grace: Duration::from_secs(2) };
/// How long a batch line may come after the answer. It was written before, but is read by another task.
const LINE_AFTER_ANSWER: Duration = Duration::from_millis(500);

#[derive(Debug)]
pub(super) struct Environment {
    process: Arc<Process>,
    api: RuntimeApi,
    batch_lines: mpsc::UnboundedReceiver<BatchLine>,
}

/// What an environment made of an event.
pub(super) struct Answered {
    pub(super) outcome: Outcome,
    /// Why it failed, if it did.
    pub(super) failure: Option<String>,
    pub(super) batch_line: Option<BatchLine>,
}

impl Environment {
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
        command.env_clear().envs(function.environment(api.address)).current_dir("/");
        let process = supervisor.spawn(&function.name, Kind::Function, STOP, command, lines).map_err(failed)?;
        api.serve_until_end_of(Arc::clone(&process));
        let mut environment = Self { process, api, batch_lines };
        environment.wait_for_first_poll().await?;
        Ok(environment)
    }

    async fn wait_for_first_poll(&mut self) -> Result<(), HostError> {
        // Which failure it was is looked up after the race, since the race borrows all of the Runtime API.
        let reason = tokio::select! {
            () = self.api.ready() => return Ok(()),
            status = self.process.exited() => format!("it ended with {status}"),
            () = tokio::time::sleep(START_LIMIT) => format!("it asked for no event within {} s", START_LIMIT.as_secs()),
        };
        self.process.stop().await;
        let reason = match self.api.answers.try_recv() {
            Ok(Answer::InitError(error)) => String::from_utf8_lossy(&error).into_owned(),
            _ => reason,
        };
        Err(HostError::Start {
            function: self.process.name().to_owned(),
            reason,
            last_lines: self.process.last_lines(),
        })
    }

    /// Whether it can take an event.
    pub(super) fn is_alive(&self) -> bool {
        self.process.status().is_none()
    }

    /// Ends it.
    pub(super) async fn stop(self) {
        self.process.stop().await;
    }

    /// Hands an event over and waits for what comes of it. An environment that took too long is killed.
    pub(super) async fn invoke(
        &mut self,
        function: &Function,
        request_id: &str,
        payload: Bytes,
        expects_batch_line: bool,
    ) -> Answered {
        while self.batch_lines.try_recv().is_ok() {}
        self.process.thaw();
        let timeout = i64::try_from(function.timeout.as_millis()).unwrap_or(i64::MAX);
        self.api.hand_over(Event {
            request_id: request_id.to_owned(),
            deadline: Utc::now().timestamp_millis().saturating_add(timeout),
            function_arn: function.arn.clone(),
            payload,
        });
        let answer = tokio::select! {
            biased;
            answer = self.api.answer() => Ok(answer),
            status = self.process.exited() => Err(describe(status)),
            () = tokio::time::sleep(function.timeout) => {
                self.process.kill();
                self.process.exited().await;
                Err(format!("timed out after {:.2} seconds", function.timeout.as_secs_f64()))
            }
        };
        self.process.freeze();
        match answer {
            Ok(Answer::Response(payload)) => {
                let batch_line = if expects_batch_line { self.batch_line().await } else { None };
                Answered { outcome: Outcome::Answered(payload.into()), failure: None, batch_line }
            }
            Ok(Answer::Error(error) | Answer::InitError(error)) => failed(String::from_utf8_lossy(&error).into_owned()),
            Err(reason) => failed(reason),
        }
    }

    async fn batch_line(&mut self) -> Option<BatchLine> {
        tokio::time::timeout(LINE_AFTER_ANSWER, self.batch_lines.recv()).await.ok().flatten()
    }
}

fn failed(reason: String) -> Answered {
    Answered { outcome: Outcome::Failed, failure: Some(reason), batch_line: None }
}

fn describe(status: ExitStatus) -> String {
    format!("ended during the invocation with {status}")
}
