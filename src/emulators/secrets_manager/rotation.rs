//! A rotation: a new version is announced, and the function is asked for four steps, one after the other. A step that fails ends
//! it and leaves the version pending; the next rotation takes that one up again, from the first step.
//!
//! <https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html>

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::json;
use uuid::Uuid;

use super::Secrets;
use super::versions::Rotation;
use crate::emulators::api_error::ApiError;

/// The steps, in their order.
const STEPS: [&str; 4] = ["createSecret", "setSecret", "testSecret", "finishSecret"];

/// The function that does the steps.
#[async_trait]
pub trait RotationFunction: Send + Sync {
    /// Does the step of this event; otherwise, why it could not be done.
    async fn step(&self, event: Bytes) -> Result<(), String>;
}

/// Rotates secrets, and counts how that went.
pub struct Rotations {
    secrets: Arc<Secrets>,
    function: Arc<dyn RotationFunction>,
    finished: AtomicU64,
    failed: AtomicU64,
}

/// Why a secret was not rotated.
#[derive(Debug, PartialEq, Eq)]
pub enum RotationError {
    /// It may not begin.
    Refused(ApiError),
    /// A step failed.
    Step {
        /// Which.
        step: &'static str,
        /// What the function said.
        why: String,
    },
    /// Every step was done, and still the new version is not the current one.
    NotCurrent,
}

impl fmt::Display for RotationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(error) => f.write_str(&error.message),
            Self::Step { step, why } => write!(f, "{step} failed: {why}"),
            Self::NotCurrent => f.write_str("finishSecret has not made the new version the current one"),
        }
    }
}

impl std::error::Error for RotationError {}

/// What comes of asking for a rotation.
pub(super) struct Asked {
    /// What is to be done, if anything is.
    pub(super) begun: Option<Begun>,
    /// What whoever asked is told: the version that becomes the current one.
    pub(super) answer: Result<String, ApiError>,
}

/// A rotation whose steps are to be done. As long as this lives, no other of the same secret begins.
pub(super) struct Begun {
    secrets: Arc<Secrets>,
    arn: String,
    version: String,
}

impl Drop for Begun {
    fn drop(&mut self) {
        let ended = self.secrets.with(&self.arn, |secret| {
            secret.is_rotating = false;
            Ok(())
        });
        // A secret does not go away.
        ended.ok();
    }
}

impl Rotations {
    /// Rotations of these secrets by this function.
    pub fn new(secrets: Arc<Secrets>, function: Arc<dyn RotationFunction>) -> Self {
        Self { secrets, function, finished: AtomicU64::new(0), failed: AtomicU64::new(0) }
    }

    /// Rotates a secret, or takes up again what an earlier rotation has left unfinished, to its end.
    pub async fn rotate(&self, id: &str) -> Result<(), RotationError> {
        let Asked { begun, answer } = self.ask(id, &Uuid::new_v4().to_string());
        match begun {
            Some(begun) => self.run(begun).await,
            None => answer.map(|_| ()).map_err(RotationError::Refused),
        }
    }

    /// How many came to their end.
    pub fn finished(&self) -> u64 {
        self.finished.load(Ordering::Relaxed)
    }

    /// How many failed.
    pub fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    pub(super) fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Asks for a rotation to the version that this token names. The same request again begins nothing new.
    pub(super) fn ask(&self, id: &str, token: &str) -> Asked {
        let asked = self.secrets.with(id, |secret| {
            let rotation = secret.versions.rotate(token)?;
            let begins = !secret.is_rotating && rotation != Rotation::Done;
            secret.is_rotating |= begins;
            Ok((secret.arn.clone(), rotation, begins))
        });
        let (arn, rotation, begins) = match asked {
            Ok(asked) => asked,
            Err(error) => return Asked { begun: None, answer: Err(error) },
        };
        let (version, answer) = match rotation {
            Rotation::Begin(version) => (version.clone(), Ok(version)),
            Rotation::Done => (token.to_owned(), Ok(token.to_owned())),
            Rotation::Unfinished(version) => {
                let message = "A previous rotation isn't complete. That rotation will be reattempted.";
                (version, Err(ApiError::new("InvalidRequestException", message)))
            }
        };
        let begun = begins.then(|| Begun { secrets: Arc::clone(&self.secrets), arn, version });
        Asked { begun, answer }
    }

    /// Does the steps.
    pub(super) async fn run(&self, begun: Begun) -> Result<(), RotationError> {
        let result = self.steps(&begun).await;
        let counter = if result.is_ok() { &self.finished } else { &self.failed };
        counter.fetch_add(1, Ordering::Relaxed);
        result
    }

    async fn steps(&self, Begun { arn, version, .. }: &Begun) -> Result<(), RotationError> {
        for step in STEPS {
            let event = json!({"SecretId": arn, "ClientRequestToken": version, "Step": step}).to_string();
            self.function.step(event.into()).await.map_err(|why| RotationError::Step { step, why })?;
        }
        let is_current = self.secrets.with(arn, |secret| {
            let (current, _) = secret.versions.find(None, None)?;
            Ok(current.id == *version)
        });
        if is_current == Ok(true) { Ok(()) } else { Err(RotationError::NotCurrent) }
    }
}
