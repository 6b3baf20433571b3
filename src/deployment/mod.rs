//! The part of a stack that runs, as plain data: functions, and what invokes them (event source mappings, schedules,
//! applies, rotations, URLs).
//!
//! - [`rendered`]: reads it from the text of `main.tf.json`
//! - [`state`]: reads it from Terraform's state
//! - `resources`: the resources that both have, in one form, put together
//! - `attributes`: the attributes of each resource, and the checks of them
//! - `resolver`: values of a rendered file's expressions
//! - `computed`: attributes that AWS fills in
//! - `concurrency`: invocations of a function at the same time
//! - `overrides`: values that a run may have instead of the stack's
//! - [`package`]: the bootstrap from the zip

mod attributes;
mod computed;
mod concurrency;
mod overrides;
pub mod package;
pub mod rendered;
mod resolver;
mod resources;
pub mod state;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use pipegen_contract::database::Access;
use pipegen_contract::env;
use pipegen_contract::role::Role;

pub use computed::ServerAddresses;

/// The part of a stack that runs. Functions and secrets are named by their ARNs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deployment {
    pub functions: BTreeMap<String, FunctionConfiguration>,
    /// Sorted by their addresses in Terraform, as all lists here.
    pub mappings: Vec<MappingConfiguration>,
    pub schedules: Vec<ScheduledInvocation>,
    /// Invocations that Terraform makes while it applies the stack.
    pub invocations: Vec<ApplyInvocation>,
    /// The functions that have a URL.
    pub urls: Vec<String>,
    pub buckets: Vec<String>,
    /// Names of the secrets by ARN.
    pub secrets: BTreeMap<String, String>,
    /// The secret with the database's master login.
    pub master_secret: Option<String>,
    pub rotations: Vec<SecretRotation>,
}

/// `aws_lambda_function`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionConfiguration {
    pub name: String,
    pub arn: String,
    /// The ARN of its IAM role.
    pub role_arn: String,
    pub handler: String,
    pub timeout: Duration,
    /// In MB.
    pub memory: u32,
    pub reserved_concurrency: Option<usize>,
    /// The path of the zip, relative to the folder with the rendered file.
    pub package: PathBuf,
    pub environment: BTreeMap<String, String>,
}

/// `aws_lambda_event_source_mapping`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappingConfiguration {
    pub id: String,
    pub function: String,
    /// The ARN of the stream.
    pub stream: String,
    /// The number of the stream's shards, if the stack sets it.
    pub shards: Option<usize>,
    /// The most records in a batch.
    pub batch_size: usize,
    /// The longest that a batch waits for more records.
    pub window: Duration,
    /// Batches of one shard that are processed at the same time.
    pub parallelization: usize,
    /// True if a batch is bisected after a function error.
    pub bisect: bool,
    /// The retries of an unchanged batch; `None` is without end.
    pub maximum_retries: Option<u32>,
    /// The age at which a record is discarded; `None` is never.
    pub maximum_age: Option<Duration>,
    /// The bucket for discarded batches.
    pub on_failure_bucket: String,
}

/// `aws_scheduler_schedule`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduledInvocation {
    pub function: String,
    pub period: Duration,
    /// The event, as JSON text.
    pub input: String,
}

/// `aws_lambda_invocation`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplyInvocation {
    pub function: String,
    /// The event, as JSON text.
    pub input: String,
}

/// `aws_secretsmanager_secret_rotation`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretRotation {
    pub secret: String,
    pub function: String,
}

impl Deployment {
    /// Returns the function with a role's handler, if the stack has one.
    pub fn function_of(&self, role: Role) -> Option<&FunctionConfiguration> {
        self.functions.values().find(|function| function.handler == role.handler())
    }

    /// Returns how many connections the function's login to the database may hold, if it has one: `migrate` is told
    /// which secret holds which login, and the limit of each.
    fn connection_limit(&self, function: &FunctionConfiguration) -> Option<usize> {
        let secret = function.environment.get(env::DATABASE_SECRET_ARN)?;
        let migrate = &self.function_of(Role::Migrate)?.environment;
        let access = Access::ALL.into_iter().find(|access| migrate.get(access.secret_variable()) == Some(secret))?;
        migrate.get(access.connections_variable())?.parse().ok()
    }
}

#[cfg(test)]
mod tests;
