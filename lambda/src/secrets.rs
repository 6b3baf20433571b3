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

/// In characters of which each holds almost 6 bits.
const PASSWORD_LENGTH: usize = 40;

/// A secret that holds a login, or will.
#[derive(Clone, Debug)]
pub struct LoginSecret {
    /// The service's client.
    pub client: Client,
    /// The secret's ARN.
    pub arn: String,
}

/// What such a secret holds; those that RDS manages have the same shape.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct UserPassword {
    /// Name of the role in PostgreSQL.
    pub username: String,
    /// Its password.
    pub password: String,
}

/// Why there is no login to be had.
#[derive(Debug)]
pub struct SecretError {
    operation: &'static str,
    arn: String,
    trouble: Trouble,
    why: String,
}

/// What can be done about a [`SecretError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// This role may not, or not yet: a new policy takes a while to be known everywhere.
    Denied,
    /// Secrets Manager cannot be reached, is too busy or in trouble itself: waiting helps.
    Unreachable,
    /// The secret is not as it must be.
    Unusable,
}

impl fmt::Debug for UserPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserPassword").field("username", &self.username).finish_non_exhaustive()
    }
}

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets Manager: could not {} {}: {}", self.operation, self.arn, self.why)
    }
}

impl Error for SecretError {}

impl SecretError {
    /// What can be done about it.
    pub fn trouble(&self) -> Trouble {
        self.trouble
    }
}

impl UserPassword {
    /// A new password for this role.
    pub fn generate(username: &str) -> Self {
        let password = Alphanumeric.sample_string(&mut rand::rng(), PASSWORD_LENGTH);
        Self { username: username.to_owned(), password }
    }
}

/// The stages that a version can have during a rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// `AWSCURRENT`: the login in use.
    Current,
    /// `AWSPENDING`, or no value yet: the login that a rotation makes.
    Pending,
}

const CURRENT: &str = "AWSCURRENT";
const PENDING: &str = "AWSPENDING";

impl LoginSecret {
    /// The current login, or none if the secret has no value yet.
    pub async fn get(&self) -> Result<Option<UserPassword>, SecretError> {
        self.read(self.client.get_secret_value()).await
    }

    /// The login that a rotation has made as this version, or none if it has not yet.
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

    /// Where a rotation's version stands.
    ///
    /// # Errors
    /// If the secret is not being rotated to this version.
    pub async fn stage_of(&self, version: &str) -> Result<Stage, SecretError> {
        let stages = self.versions().await?.remove(version).unwrap_or_default();
        match stages {
            stages if stages.iter().any(|stage| stage == CURRENT) => Ok(Stage::Current),
            stages if stages.iter().any(|stage| stage == PENDING) => Ok(Stage::Pending),
            _ => Err(self.unusable("rotate", format!("version {version} is not pending"))),
        }
    }

    /// Makes the pending version the current one.
    pub async fn make_current(&self, version: &str) -> Result<(), SecretError> {
        let versions = self.versions().await?;
        let current = versions.into_iter().find(|(_, stages)| stages.iter().any(|stage| stage == CURRENT));
        let answer = self
            .client
            .update_secret_version_stage()
            .secret_id(&self.arn)
            .version_stage(CURRENT)
            .move_to_version_id(version)
            .set_remove_from_version_id(current.map(|(id, _)| id))
            .send()
            .await;
        answer.map(|_| ()).map_err(|error| self.failed("finish rotating", error))
    }

    /// The stages of each version.
    async fn versions(&self) -> Result<HashMap<String, Vec<String>>, SecretError> {
        let answer = self.client.describe_secret().secret_id(&self.arn).send().await;
        let answer = answer.map_err(|error| self.failed("describe", error))?;
        Ok(answer.version_ids_to_stages.unwrap_or_default())
    }

    async fn read(&self, request: GetSecretValueFluentBuilder) -> Result<Option<UserPassword>, SecretError> {
        let answer = match request.secret_id(&self.arn).send().await {
            Err(error) if has_no_value(&error) => return Ok(None),
            answer => answer.map_err(|error| self.failed("read", error))?,
        };
        // The parser's message may repeat what it read.
        let login = answer.secret_string().and_then(|text| serde_json::from_str(text).ok());
        let login =
            login.ok_or_else(|| self.unusable("read", "no JSON object with `username` and `password`".to_owned()));
        login.map(Some)
    }

    async fn write(&self, request: PutSecretValueFluentBuilder, login: &UserPassword) -> Result<(), SecretError> {
        let text = serde_json::to_string(login).expect("two strings are always JSON");
        let answer = request.secret_id(&self.arn).secret_string(text).send().await;
        answer.map(|_| ()).map_err(|error| self.failed("store", error))
    }

    /// Nothing of a successful answer is repeated, not even of one that cannot be read.
    fn failed<E>(&self, operation: &'static str, error: SdkError<E>) -> SecretError
    where
        E: Error + ProvideErrorMetadata + 'static,
    {
        let trouble = trouble(&error);
        let why = match error {
            SdkError::ServiceError(answer) => {
                let (code, message) = (answer.err().code(), answer.err().message());
                format!("{}: {}", code.unwrap_or("an error without a code"), message.unwrap_or_default())
            }
            SdkError::ResponseError(_) => "the answer cannot be read".to_owned(),
            error => DisplayErrorContext(error).to_string(),
        };
        SecretError { operation, arn: self.arn.clone(), trouble, why }
    }

    fn unusable(&self, operation: &'static str, why: String) -> SecretError {
        SecretError { operation, arn: self.arn.clone(), trouble: Trouble::Unusable, why }
    }
}

fn trouble<E: ProvideErrorMetadata>(error: &SdkError<E>) -> Trouble {
    match error {
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => Trouble::Unreachable,
        SdkError::ServiceError(answer) => match answer.err().code() {
            // The last one is what a role whose policies are new gets for its key.
            Some("AccessDeniedException" | "UnrecognizedClientException" | "KMSAccessDeniedException") => {
                Trouble::Denied
            }
            Some("ThrottlingException") => Trouble::Unreachable,
            _ if answer.raw().status().is_server_error() => Trouble::Unreachable,
            _ => Trouble::Unusable,
        },
        _ => Trouble::Unusable,
    }
}

/// A secret without (such) a version answers as one that does not exist.
fn has_no_value(error: &SdkError<GetSecretValueError>) -> bool {
    error.as_service_error().is_some_and(GetSecretValueError::is_resource_not_found_exception)
}
