//! The functions of the local pipeline, and what they are set to.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use pipegen_contract::database::Access;
use pipegen_contract::env;
use pipegen_contract::role::Role;
use uuid::Uuid;

use super::host::{Function, Host};
use super::mapping::Outcome;
use super::objects::ObjectServer;
use super::servers::{Servers, url};

/// The bucket for rejected events and for batches that were given up.
pub const QUARANTINE_BUCKET: &str = "s3-quarantine-local";

/// Seconds; as the stack sets it by default.
const HORIZON_SECONDS: u32 = 7 * 24 * 3600;
/// Seconds; as the stack sets it by default.
const CACHE_VIEW_SECONDS: u32 = 300;
/// One for each environment at most, and as many for killed ones whose connection the server has not missed yet.
const WRITER_CONNECTIONS: usize = 2 * super::host::CONCURRENCY;
/// In MB.
const MEMORY: u32 = 512;

/// The writer's login: the name is the contract's, the password new in each run.
#[derive(Clone)]
pub struct Writer {
    url: String,
}

impl Writer {
    /// A new login for the database.
    pub fn new(servers: &Servers) -> anyhow::Result<Self> {
        let password = Uuid::new_v4().simple().to_string();
        let [name, _] = Access::Writer.logins();
        let url =
            url::with_login(&servers.database_url, name, &password).context("the database's URL names no host")?;
        Ok(Self { url })
    }
}

/// Brings the schema up to date and creates the writer's login.
pub fn migrate(bootstrap: &Path, servers: &Servers, writer: &Writer) -> Function {
    let variables = vec![
        (env::DEV_DATABASE_URL, servers.database_url.clone()),
        (env::DEV_WRITER_URL, writer.url.clone()),
        (env::DATABASE_WRITER_CONNECTIONS, WRITER_CONNECTIONS.to_string()),
    ];
    function(Role::Migrate, bootstrap, Duration::from_mins(5), variables)
}

/// Applies batches.
pub fn processor(bootstrap: &Path, servers: &Servers, writer: &Writer, objects: &ObjectServer) -> Function {
    let variables = vec![
        (env::DEV_DATABASE_URL, writer.url.clone()),
        (env::DEV_CACHE_URL, servers.cache_url.clone()),
        (env::QUARANTINE_BUCKET, QUARANTINE_BUCKET.to_owned()),
        (env::HORIZON_SECONDS, HORIZON_SECONDS.to_string()),
        (env::CACHE_VIEW_SECONDS, CACHE_VIEW_SECONDS.to_string()),
        ("AWS_ENDPOINT_URL_S3", objects.endpoint()),
    ];
    function(Role::Processor, bootstrap, Duration::from_mins(1), variables)
}

fn function(role: Role, bootstrap: &Path, timeout: Duration, variables: Vec<(&'static str, String)>) -> Function {
    Function {
        name: format!("lambda-{}-local", role.handler()),
        handler: role.handler(),
        bootstrap: bootstrap.to_owned(),
        variables,
        timeout,
        memory: MEMORY,
    }
}

/// Invokes a function that must succeed.
pub async fn invoke_once(host: &Host) -> anyhow::Result<()> {
    let invocation = host.invoke("{}".into()).await?;
    match invocation.outcome {
        Outcome::Answered(_) => Ok(()),
        Outcome::Failed => {
            let failure = invocation.failure.unwrap_or_default();
            anyhow::bail!("{} failed: {failure}", host.function().name)
        }
    }
}
