//! Logins in Secrets Manager.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use aws_sdk_secretsmanager::operation::get_secret_value::builders::GetSecretValueFluentBuilder;
use aws_sdk_secretsmanager::operation::put_secret_value::builders::PutSecretValueFluentBuilder;
use rand::distr::{Alphanumeric, SampleString};
use serde::{Deserialize, Serialize};
use thiserror::Error as ThisError;

/// The length of a password, in characters of which each holds almost 6 bits.
const PASSWORD_LENGTH: usize = 40;

/// A secret that holds a login, or will hold one.
#[derive(Clone, Debug)]
pub struct LoginSecret {
    /// The client of Secrets Manager.
    pub client: Client,
    pub arn: String,
}

/// The value of such a secret; the secrets that RDS manages have the same shape.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct UserPassword {
    /// The login's name in PostgreSQL.
    pub username: String,
    pub password: String,
}

/// A call of Secrets Manager that failed.
#[derive(Debug, ThisError)]
#[error("Secrets Manager: could not {operation} {arn}: {message}")]
pub struct SecretError {
    operation: &'static str,
    arn: String,
    kind: SecretErrorKind,
    message: String,
}

/// The kind of a [`SecretError`], by what can be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretErrorKind {
    /// Access is denied, perhaps not for long: a new policy takes a while to be known everywhere.
    Denied,
    /// Secrets Manager cannot be reached, throttles or fails: waiting helps.
    Unreachable,
    /// The secret is missing or does not hold a login.
    Unusable,
}

impl fmt::Debug for UserPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserPassword").field("username", &self.username).finish_non_exhaustive()
    }
}

impl SecretError {
    pub(crate) fn kind(&self) -> SecretErrorKind {
        self.kind
    }
}

impl UserPassword {
    /// Generates a password for this login.
    pub fn generate(username: &str) -> Self {
        let password = Alphanumeric.sample_string(&mut rand::rng(), PASSWORD_LENGTH);
        Self { username: username.to_owned(), password }
    }
}

/// The stage of a secret's version during a rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VersionStage {
    /// `AWSCURRENT`: the login in use.
    Current,
    /// `AWSPENDING`, or no value yet: the login that a rotation makes.
    Pending,
}

const CURRENT: &str = "AWSCURRENT";
const PENDING: &str = "AWSPENDING";

impl LoginSecret {
    /// Returns the current login, or `None` if the secret has no value yet.
    pub async fn get(&self) -> Result<Option<UserPassword>, SecretError> {
        self.read(self.client.get_secret_value()).await
    }

    /// Returns the login that a rotation has made as this version, or `None` if it has not made it yet.
    pub async fn pending(&self, version: &str) -> Result<Option<UserPassword>, SecretError> {
        self.read(self.client.get_secret_value().version_id(version).version_stage(PENDING)).await
    }

    /// Makes this the current login.
    pub async fn put(&self, login: &UserPassword) -> Result<(), SecretError> {
        self.write(self.client.put_secret_value(), login).await
    }

    /// Stores this as the login that a rotation makes.
    pub async fn put_pending(&self, version: &str, login: &UserPassword) -> Result<(), SecretError> {
        self.write(self.client.put_secret_value().client_request_token(version).version_stages(PENDING), login).await
    }

    /// Returns the stage of a rotation's version.
    ///
    /// # Errors
    /// If the secret is not being rotated to this version.
    pub async fn stage_of(&self, version: &str) -> Result<VersionStage, SecretError> {
        let stages = self.versions().await?.remove(version).unwrap_or_default();
        match stages {
            stages if stages.iter().any(|stage| stage == CURRENT) => Ok(VersionStage::Current),
            stages if stages.iter().any(|stage| stage == PENDING) => Ok(VersionStage::Pending),
            _ => Err(self.unusable("rotate", format!("version {version} is not pending"))),
        }
    }

    /// Makes the pending version the current one.
    pub async fn make_current(&self, version: &str) -> Result<(), SecretError> {
        let versions = self.versions().await?;
        let current = versions.into_iter().find(|(_, stages)| stages.iter().any(|stage| stage == CURRENT));
        let response = self
            .client
            .update_secret_version_stage()
            .secret_id(&self.arn)
            .version_stage(CURRENT)
            .move_to_version_id(version)
            .set_remove_from_version_id(current.map(|(id, _)| id))
            .send()
            .await;
        response.map(|_| ()).map_err(|error| self.failed("finish rotating", error))
    }

    /// Returns the staging labels of each version.
    async fn versions(&self) -> Result<HashMap<String, Vec<String>>, SecretError> {
        let response = self.client.describe_secret().secret_id(&self.arn).send().await;
        let response = response.map_err(|error| self.failed("describe", error))?;
        Ok(response.version_ids_to_stages.unwrap_or_default())
    }

    async fn read(&self, request: GetSecretValueFluentBuilder) -> Result<Option<UserPassword>, SecretError> {
        let response = match request.secret_id(&self.arn).send().await {
            Err(error) if has_no_value(&error) => return Ok(None),
            response => response.map_err(|error| self.failed("read", error))?,
        };
        // The parser's message may repeat what it read.
        let login = response.secret_string().and_then(|text| serde_json::from_str(text).ok());
        let login = login.ok_or_else(|| {
            self.unusable("read", "its value is not a JSON object with `username` and `password`".to_owned())
        });
        login.map(Some)
    }

    async fn write(&self, request: PutSecretValueFluentBuilder, login: &UserPassword) -> Result<(), SecretError> {
        let text = serde_json::to_string(login).expect("two strings are always JSON");
        let response = request.secret_id(&self.arn).secret_string(text).send().await;
        response.map(|_| ()).map_err(|error| self.failed("store", error))
    }

    /// Makes the error of a call. It repeats nothing of a successful response, not even of one that cannot be read.
    fn failed<E>(&self, operation: &'static str, error: SdkError<E>) -> SecretError
    where
        E: Error + ProvideErrorMetadata + 'static,
    {
        let kind = kind_of(&error);
        let message = match error {
            SdkError::ServiceError(response) => {
                let (code, message) = (response.err().code(), response.err().message());
                format!("{}: {}", code.unwrap_or("an error without a code"), message.unwrap_or_default())
            }
            SdkError::ResponseError(_) => "the response cannot be read".to_owned(),
            error => DisplayErrorContext(error).to_string(),
        };
        SecretError { operation, arn: self.arn.clone(), kind, message }
    }

    fn unusable(&self, operation: &'static str, message: String) -> SecretError {
        SecretError { operation, arn: self.arn.clone(), kind: SecretErrorKind::Unusable, message }
    }
}

fn kind_of<E: ProvideErrorMetadata>(error: &SdkError<E>) -> SecretErrorKind {
    match error {
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => {
            SecretErrorKind::Unreachable
        }
        SdkError::ServiceError(response) => match response.err().code() {
            // A role whose policies are new gets the last one for its key.
            Some("AccessDeniedException" | "UnrecognizedClientException" | "KMSAccessDeniedException") => {
                SecretErrorKind::Denied
            }
            Some("ThrottlingException") => SecretErrorKind::Unreachable,
            _ if response.raw().status().is_server_error() => SecretErrorKind::Unreachable,
            _ => SecretErrorKind::Unusable,
        },
        _ => SecretErrorKind::Unusable,
    }
}

/// Returns true if the secret has no value, or no such version: Secrets Manager then responds as if the secret did not
/// exist.
fn has_no_value(error: &SdkError<GetSecretValueError>) -> bool {
    error.as_service_error().is_some_and(GetSecretValueError::is_resource_not_found_exception)
}
