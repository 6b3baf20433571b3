//! Rotations: a new version becomes pending, and the function is invoked for four steps, one after the other. A step
//! that fails ends the rotation and leaves the version pending; the next rotation repeats all steps with that version.
//!
//! <https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html>

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::json;
use uuid::Uuid;

use super::secrets::Secrets;
use super::versions::RotationState;
use crate::emulators::api_error::ApiError;

/// The steps, in order.
const STEPS: [&str; 4] = ["createSecret", "setSecret", "testSecret", "finishSecret"];

/// A rotation function.
#[async_trait]
pub trait RotationFunction: Send + Sync {
    /// Does the step that the event names. The error is the function's own.
    async fn step(&self, event: Bytes) -> Result<(), String>;
}

/// Rotates secrets, and counts finished and failed rotations.
pub struct Rotations {
    secrets: Arc<Secrets>,
    function: Arc<dyn RotationFunction>,
    finished: AtomicU64,
    failed: AtomicU64,
}

/// The errors of a rotation.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RotationError {
    #[error(transparent)]
    NotStarted(ApiError),
    #[error("{step} failed: {error}")]
    Step { step: &'static str, error: String },
    #[error("finishSecret has not made the new version the current one")]
    NotCurrent,
}

/// The result of a request to rotate a secret.
pub(super) enum RotationRequest {
    /// This version becomes the current one, by these steps.
    Started { version: String, steps: PendingSteps },
    /// The request is a repetition: this version is current already, or its steps are running.
    Repeated { version: String },
    /// The request is refused, because an earlier rotation is unfinished: its steps are run again.
    Resumed { refusal: ApiError, steps: PendingSteps },
    /// The request is refused.
    Refused(ApiError),
}

/// The steps of a rotation. As long as this value exists, no other rotation of the same secret starts.
pub(super) struct PendingSteps {
    secrets: Arc<Secrets>,
    arn: String,
    version: String,
}

impl Drop for PendingSteps {
    fn drop(&mut self) {
        let found = self.secrets.with(&self.arn, |secret| {
            secret.is_rotating = false;
            Ok(())
        });
        // A secret is never deleted.
        found.ok();
    }
}

impl Rotations {
    pub fn new(secrets: Arc<Secrets>, function: Arc<dyn RotationFunction>) -> Self {
        Self { secrets, function, finished: AtomicU64::new(0), failed: AtomicU64::new(0) }
    }

    /// Rotates a secret, or finishes an earlier rotation that failed, and waits for the end.
    pub async fn rotate(&self, id: &str) -> Result<(), RotationError> {
        match self.request(id, &Uuid::new_v4().to_string()) {
            RotationRequest::Started { steps, .. } | RotationRequest::Resumed { steps, .. } => self.run(steps).await,
            RotationRequest::Repeated { .. } => Ok(()),
            RotationRequest::Refused(error) => Err(RotationError::NotStarted(error)),
        }
    }

    /// Returns the number of finished rotations.
    pub fn finished(&self) -> u64 {
        self.finished.load(Ordering::Relaxed)
    }

    /// Returns the number of failed rotations.
    pub fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    pub(super) fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Requests a rotation to the version that this token names. The same request again starts nothing new.
    pub(super) fn request(&self, id: &str, token: &str) -> RotationRequest {
        let requested = self.secrets.with(id, |secret| {
            let state = secret.versions.rotate(token)?;
            let starts = !secret.is_rotating && state != RotationState::Finished;
            secret.is_rotating |= starts;
            Ok((secret.arn.clone(), state, starts))
        });
        let (arn, state, starts) = match requested {
            Ok(requested) => requested,
            Err(error) => return RotationRequest::Refused(error),
        };
        let steps = |version| starts.then(|| PendingSteps { secrets: Arc::clone(&self.secrets), arn, version });
        match state {
            RotationState::Pending(version) => match steps(version.clone()) {
                Some(steps) => RotationRequest::Started { version, steps },
                None => RotationRequest::Repeated { version },
            },
            RotationState::Finished => RotationRequest::Repeated { version: token.to_owned() },
            RotationState::OtherPending(version) => {
                let message = "A previous rotation isn't complete. That rotation will be reattempted.";
                let refusal = ApiError::new("InvalidRequestException", message);
                match steps(version) {
                    Some(steps) => RotationRequest::Resumed { refusal, steps },
                    None => RotationRequest::Refused(refusal),
                }
            }
        }
    }

    /// Runs the steps.
    pub(super) async fn run(&self, steps: PendingSteps) -> Result<(), RotationError> {
        let result = self.run_steps(&steps).await;
        let counter = if result.is_ok() { &self.finished } else { &self.failed };
        counter.fetch_add(1, Ordering::Relaxed);
        result
    }

    async fn run_steps(&self, PendingSteps { arn, version, .. }: &PendingSteps) -> Result<(), RotationError> {
        for step in STEPS {
            let event = json!({"SecretId": arn, "ClientRequestToken": version, "Step": step}).to_string();
            self.function.step(event.into()).await.map_err(|error| RotationError::Step { step, error })?;
        }
        let is_current = self.secrets.with(arn, |secret| {
            let (current, _) = secret.versions.find(None, None)?;
            Ok(current.id == *version)
        });
        if is_current == Ok(true) { Ok(()) } else { Err(RotationError::NotCurrent) }
    }
}
