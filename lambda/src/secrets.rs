//! Logins in Secrets Manager.

use std::fmt;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::{DisplayErrorContext, SdkError};
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use serde::{Deserialize, Serialize};

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
    why: String,
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

impl std::error::Error for SecretError {}

impl LoginSecret {
    /// The login, or none if the secret has no value yet.
    pub async fn get(&self) -> Result<Option<UserPassword>, SecretError> {
        let answer = match self.client.get_secret_value().secret_id(&self.arn).send().await {
            Err(error) if has_no_value(&error) => return Ok(None),
            answer => answer.map_err(|error| self.failed("read", DisplayErrorContext(error).to_string()))?,
        };
        // The parser's message may repeat what it read.
        let login = answer.secret_string().and_then(|text| serde_json::from_str(text).ok());
        let login =
            login.ok_or_else(|| self.failed("read", "no JSON object with `username` and `password`".to_owned()));
        login.map(Some)
    }

    /// Makes this the secret's current value.
    pub async fn put(&self, login: &UserPassword) -> Result<(), SecretError> {
        let text = serde_json::to_string(login).expect("two strings are always JSON");
        let answer = self.client.put_secret_value().secret_id(&self.arn).secret_string(text).send().await;
        answer.map(|_| ()).map_err(|error| self.failed("store", DisplayErrorContext(error).to_string()))
    }

    fn failed(&self, operation: &'static str, why: String) -> SecretError {
        SecretError { operation, arn: self.arn.clone(), why }
    }
}

/// A secret without a version answers as one that does not exist.
fn has_no_value(error: &SdkError<GetSecretValueError>) -> bool {
    error.as_service_error().is_some_and(GetSecretValueError::is_resource_not_found_exception)
}
