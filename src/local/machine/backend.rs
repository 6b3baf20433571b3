//! Emulators and servers as the backend of a rendered stack's functions.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use async_trait::async_trait;
use bytes::Bytes;
use pipegen_contract::env;
use pipegen_contract::role::Role;
use serde_json::json;

use crate::deployment::{Deployment, FunctionConfiguration, ServerAddresses};
use crate::emulators::s3::{Buckets, ObjectStorage};
use crate::emulators::secrets_manager::{RotationFunction, Secrets};
use crate::event_source::on_failure::Storage;
use crate::lambda_host::credentials::Credentials;
use crate::lambda_host::{Function, FunctionPool, InvocationOutcome};
use crate::local::runner::{self, FunctionBackend};
use crate::servers::{MasterLogin, Servers};

/// A URL that nothing listens at, for runs without an open stream: no other stream may be written to.
const NO_KINESIS: &str = "http://127.0.0.1:1";

/// Emulators and servers as the backend of the functions.
pub struct MachineBackend {
    pub deployment: Deployment,
    pub secrets: Arc<Secrets>,
    pub bootstrap: PathBuf,
    pub servers: Servers,
    /// The URL of S3.
    pub s3: String,
    /// The URL of Secrets Manager.
    pub secrets_manager: String,
    /// The URL of Kinesis, if a stream is open.
    pub kinesis: Option<String>,
    /// The key of every function.
    pub credentials: Credentials,
    pub buckets: Arc<Buckets>,
}

impl MachineBackend {
    /// Reads the stack, and makes its buckets and its secrets.
    pub fn new(
        main: &str,
        servers: Servers,
        bootstrap: PathBuf,
        objects: impl Into<ObjectStorage>,
        [s3, secrets_manager]: [String; 2],
    ) -> anyhow::Result<Self> {
        let deployment = Deployment::from_rendered(main, &addresses(&servers)).context("the rendered stack")?;
        let secrets = Secrets::default();
        for (arn, name) in &deployment.secrets {
            secrets.create(arn, name);
        }
        if let Some(arn) = &deployment.master_secret {
            // As RDS keeps it.
            let MasterLogin { username, password } = &servers.database.master;
            let login = json!({"username": username, "password": password}).to_string();
            secrets.create_with(arn, "rds!db", &login);
        }
        let buckets: Vec<_> = deployment.buckets.iter().map(String::as_str).collect();
        let buckets = Buckets::open(objects, &buckets).context("cannot create the buckets")?;
        Ok(Self {
            secrets: Arc::new(secrets),
            credentials: Credentials::generate(),
            buckets: Arc::new(buckets),
            deployment,
            bootstrap,
            servers,
            s3,
            secrets_manager,
            kinesis: None,
        })
    }

    /// Returns the function of a role.
    pub fn function(&self, role: Role) -> anyhow::Result<Function> {
        let function = self.deployment.function_of(role);
        let function = function.with_context(|| format!("the stack has no {}", role.handler()))?;
        runner::function(&self.deployment, function, self)
    }
}

fn addresses(servers: &Servers) -> ServerAddresses {
    let (cache_host, cache_port) = servers.cache.host_and_port();
    ServerAddresses {
        database_host: servers.database.host.clone(),
        database_port: servers.database.port,
        database_name: servers.database.name.clone(),
        cache_host,
        cache_port,
    }
}

impl FunctionBackend for MachineBackend {
    fn bootstrap(&self, _: &FunctionConfiguration) -> anyhow::Result<PathBuf> {
        Ok(self.bootstrap.clone())
    }

    fn variables(&self, function: &FunctionConfiguration) -> Vec<(String, String)> {
        let mut variables = BTreeMap::from([
            ("AWS_ENDPOINT_URL_S3", self.s3.clone()),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", self.secrets_manager.clone()),
        ]);
        if function.environment.contains_key(env::STREAM_NAME) {
            let url = self.kinesis.clone().unwrap_or_else(|| NO_KINESIS.to_owned());
            variables.insert("AWS_ENDPOINT_URL_KINESIS", url);
        }
        if function.environment.contains_key(env::DATABASE_HOST) {
            variables.extend([self.servers.database.dev_variable()]);
        }
        if let Some(user) = function.environment.get(env::CACHE_USER) {
            variables.extend([self.servers.cache.dev_variable(user)]);
        }
        variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    fn credentials(&self, _: &FunctionConfiguration) -> Credentials {
        self.credentials.clone()
    }

    fn storage(&self) -> Storage {
        Storage::Local(Arc::clone(&self.buckets))
    }
}

#[async_trait]
impl RotationFunction for FunctionPool {
    async fn step(&self, event: Bytes) -> Result<(), String> {
        let invocation = self.invoke(event).await.map_err(|error| error.to_string())?;
        match invocation.outcome {
            InvocationOutcome::Answered(_) => Ok(()),
            InvocationOutcome::Failed => Err(invocation.failure.unwrap_or_default()),
        }
    }
}
