//! A function's configuration, as Lambda keeps it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use uuid::Uuid;

use super::credentials::Credentials;

/// A function: the bootstrap in one role.
#[derive(Clone, Debug)]
pub struct Function {
    /// The function's name, `lambda-processor-staging`.
    pub name: String,
    /// The function's ARN, which also names its region.
    pub arn: String,
    /// The handler (`_HANDLER`), which is the name of its role in the stack.
    pub handler: String,
    /// The path of the bootstrap.
    pub bootstrap: PathBuf,
    /// The environment variables of the configuration.
    pub variables: Vec<(String, String)>,
    /// The key that the function signs its requests with.
    pub credentials: Credentials,
    /// The longest time that an invocation may take.
    pub timeout: Duration,
    /// The configured memory, in MB. Nothing enforces it here.
    pub memory: u32,
    /// The most invocations at the same time, each in an execution environment of its own.
    pub concurrency: usize,
    /// True if it logs a line about each batch ([`super::BatchLine`]), which an invocation then waits for.
    pub writes_batch_lines: bool,
}

impl Function {
    /// Returns all environment variables of a process: those that Lambda sets, and those of the configuration. Nothing
    /// is inherited.
    pub(super) fn environment_variables(&self, runtime_api: SocketAddr) -> impl Iterator<Item = (&str, String)> {
        let Credentials { key_id, secret_key, session_token } = &self.credentials;
        let region = self.arn.split(':').nth(3).unwrap_or_default();
        let from_lambda = [
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
        let configured = self.variables.iter().map(|(name, value)| (name.as_str(), value.clone()));
        from_lambda.into_iter().chain(session).chain(configured)
    }
}
