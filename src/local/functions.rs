//! The functions of the local pipeline, and what they are set to.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use pipegen_contract::database::Access;
use pipegen_contract::env;
use pipegen_contract::role::Role;

use crate::lambda_host::Outcome;
use crate::lambda_host::credentials::Credentials;
use crate::lambda_host::{self, Function, FunctionPool};
use crate::servers::Servers;

/// The bucket for rejected events and for batches that were given up.
pub const QUARANTINE_BUCKET: &str = "s3-quarantine-local";
/// The bucket for every record.
pub const ARCHIVE_BUCKET: &str = "s3-archive-local";

/// Seconds; as the stack sets it by default.
const HORIZON_SECONDS: u32 = 7 * 24 * 3600;
/// Seconds; as the stack sets it by default.
const CACHE_VIEW_SECONDS: u32 = 300;
/// Seconds; as the stack sets it by default.
const STREAM_RETENTION_SECONDS: u32 = 24 * 3600;
/// One for each environment at most, and as many for killed ones whose connection the server has not missed yet.
const CONNECTIONS: usize = 2 * lambda_host::CONCURRENCY;
/// In MB.
const MEMORY: u32 = 512;
const NAMESPACE: &str = "inventory-local";

/// What the functions work with.
pub struct Surroundings {
    /// The program that all of them are.
    pub bootstrap: PathBuf,
    /// Database and cache.
    pub servers: Servers,
    /// The URL of S3.
    pub s3: String,
    /// The URL of Secrets Manager.
    pub secrets_manager: String,
    /// What their requests are signed with.
    pub credentials: Credentials,
    /// ARN of the secret with the master login.
    pub master: String,
    /// ARN of the secret with each access' login.
    pub logins: BTreeMap<Access, String>,
}

impl Surroundings {
    /// The function of a role.
    pub fn function(&self, role: Role) -> Function {
        let handler = role.handler();
        let name = format!("lambda-{handler}-local");
        let shared = [
            (env::METRIC_NAMESPACE, NAMESPACE.to_owned()),
            ("AWS_ENDPOINT_URL_S3", self.s3.clone()),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", self.secrets_manager.clone()),
        ];
        let variables = shared.into_iter().chain(self.variables(role));
        Function {
            arn: format!("arn:aws:lambda:us-east-1:000000000000:function:{name}"),
            name,
            handler: handler.to_owned(),
            bootstrap: self.bootstrap.clone(),
            variables: variables.map(|(name, value)| (name.to_owned(), value)).collect(),
            credentials: self.credentials.clone(),
            timeout: timeout(role),
            memory: MEMORY,
        }
    }

    fn variables(&self, role: Role) -> Vec<(&'static str, String)> {
        let quarantine = (env::QUARANTINE_BUCKET, QUARANTINE_BUCKET.to_owned());
        let archive = (env::ARCHIVE_BUCKET, ARCHIVE_BUCKET.to_owned());
        let horizon = (env::HORIZON_SECONDS, HORIZON_SECONDS.to_string());
        let retention = (env::STREAM_RETENTION_SECONDS, STREAM_RETENTION_SECONDS.to_string());
        let connections = Access::ALL.map(|access| (access.connections_variable(), CONNECTIONS.to_string()));
        match role {
            Role::Processor => [self.database(Access::Writer), self.cache(role), vec![quarantine, horizon]].concat(),
            Role::Archiver => vec![archive],
            Role::Catalog => [self.database(Access::Reader), self.cache(role)].concat(),
            Role::Maintain => [self.database(Access::Maintainer), self.cache(role), vec![horizon, retention]].concat(),
            Role::Migrate => [self.master(), self.secrets(), connections.into()].concat(),
            Role::Rotate => [self.master(), connections.into()].concat(),
        }
    }

    fn database(&self, access: Access) -> Vec<(&'static str, String)> {
        let mut variables = self.servers.database.variables();
        variables.push((env::DATABASE_SECRET_ARN, self.logins[&access].clone()));
        variables
    }

    fn master(&self) -> Vec<(&'static str, String)> {
        let mut variables = self.servers.database.variables();
        variables.push((env::DATABASE_MASTER_SECRET_ARN, self.master.clone()));
        variables
    }

    fn secrets(&self) -> Vec<(&'static str, String)> {
        self.logins.iter().map(|(access, arn)| (access.secret_variable(), arn.clone())).collect()
    }

    fn cache(&self, role: Role) -> Vec<(&'static str, String)> {
        let mut variables = self.servers.cache.variables(&format!("cache-user-{}-staging", role.handler()));
        variables.push((env::CACHE_VIEW_SECONDS, CACHE_VIEW_SECONDS.to_string()));
        variables
    }
}

/// As the stack sets them.
fn timeout(role: Role) -> Duration {
    match role {
        Role::Catalog => Duration::from_secs(10),
        Role::Maintain => Duration::from_secs(55),
        Role::Processor | Role::Archiver | Role::Rotate => Duration::from_mins(1),
        Role::Migrate => Duration::from_mins(5),
    }
}

/// Invokes a function that must succeed.
pub async fn invoke_once(host: &FunctionPool) -> anyhow::Result<()> {
    let invocation = host.invoke("{}".into()).await?;
    match invocation.outcome {
        Outcome::Answered(_) => Ok(()),
        Outcome::Failed => {
            let failure = invocation.failure.unwrap_or_default();
            anyhow::bail!("{} failed: {failure}", host.function().name)
        }
    }
}
