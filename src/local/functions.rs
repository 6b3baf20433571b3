//! The functions of the local pipeline, and what they are set to.

use std::path::Path;
use std::time::Duration;

use pipegen_contract::database::Access;
use pipegen_contract::env;
use pipegen_contract::role::Role;

use super::host::{Function, Host};
use super::mapping::Outcome;
use super::objects::ObjectServer;
use super::servers::Servers;

/// The bucket for rejected events and for batches that were given up.
pub const QUARANTINE_BUCKET: &str = "s3-quarantine-local";

/// Where the master login lies.
pub const MASTER_SECRET_ARN: &str = "arn:aws:secretsmanager:us-east-1:000000000000:secret:rds!db-local";

/// Seconds; as the stack sets it by default.
const HORIZON_SECONDS: u32 = 7 * 24 * 3600;
/// Seconds; as the stack sets it by default.
const CACHE_VIEW_SECONDS: u32 = 300;
/// One for each environment at most, and as many for killed ones whose connection the server has not missed yet.
const WRITER_CONNECTIONS: usize = 2 * super::host::CONCURRENCY;
/// In MB.
const MEMORY: u32 = 512;

/// Where the secret with an access's login lies.
pub fn secret_arn(access: Access) -> String {
    let purpose = match access {
        Access::Writer => "writer",
        Access::Reader => "reader",
        Access::Maintainer => "maintainer",
    };
    format!("arn:aws:secretsmanager:us-east-1:000000000000:secret:secret-{purpose}-local")
}

/// Brings the schema up to date and creates the writer's login.
pub fn migrate(bootstrap: &Path, servers: &Servers, secrets: &str) -> Function {
    let mut variables = servers.database.variables();
    variables.extend([
        (env::DATABASE_MASTER_SECRET_ARN, MASTER_SECRET_ARN.to_owned()),
        (env::DATABASE_WRITER_SECRET_ARN, secret_arn(Access::Writer)),
        (env::DATABASE_WRITER_CONNECTIONS, WRITER_CONNECTIONS.to_string()),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", secrets.to_owned()),
    ]);
    function(Role::Migrate, bootstrap, Duration::from_mins(5), variables)
}

/// Applies batches.
pub fn processor(bootstrap: &Path, servers: &Servers, secrets: &str, objects: &ObjectServer) -> Function {
    let mut variables = servers.database.variables();
    variables.extend(servers.cache.variables(Role::Processor));
    variables.extend([
        (env::DATABASE_SECRET_ARN, secret_arn(Access::Writer)),
        (env::QUARANTINE_BUCKET, QUARANTINE_BUCKET.to_owned()),
        (env::HORIZON_SECONDS, HORIZON_SECONDS.to_string()),
        (env::CACHE_VIEW_SECONDS, CACHE_VIEW_SECONDS.to_string()),
        ("AWS_ENDPOINT_URL_S3", objects.endpoint()),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", secrets.to_owned()),
    ]);
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
