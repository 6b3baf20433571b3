//! Logins and users that RDS and ElastiCache would create, on the real servers behind the emulated ones.

use anyhow::{Context as _, Result, ensure};
use pipegen::servers::{CacheUser, Servers};
use pipegen_contract::env;
use serde::Deserialize as _;
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};

/// Addresses that functions connect to.
pub(crate) struct ServerEndpoints {
    pub(crate) database_host: String,
    pub(crate) database_port: u16,
    pub(crate) database_name: String,
    pub(crate) cache_host: String,
    pub(crate) cache_port: u16,
    /// The file with the authority that signed their certificates.
    pub(crate) authority: String,
}

impl ServerEndpoints {
    pub(crate) fn of(servers: &Servers) -> Result<Self> {
        let Servers { database, cache, .. } = servers;
        let (cache_host, cache_port) = cache.host_and_port();
        let (variable, authority) = database.dev_variable();
        ensure!(variable == env::DEV_AUTHORITY, "the database has no certificate");
        Ok(Self {
            database_host: database.host.clone(),
            database_port: database.port,
            database_name: database.name.clone(),
            cache_host,
            cache_port,
            authority,
        })
    }
}

/// Creates the master login as RDS does: not a superuser, but the owner of the database, with the right to create
/// roles.
pub(crate) async fn create_master(
    servers: &Servers,
    endpoints: &ServerEndpoints,
    name: &str,
    password: &str,
) -> Result<()> {
    let mut admin = PgConnection::connect(&servers.database_url).await?;
    let database = &endpoints.database_name;
    let statements = format!(
        "create role {name} login createrole createdb password '{password}'; alter database {database} owner to {name}"
    );
    sqlx::raw_sql(&statements).execute(&mut admin).await?;
    Ok(())
}

/// Creates the rendered users in Redis. It cannot check IAM tokens, so it takes any password.
pub(crate) async fn create_cache_users(servers: &Servers, main: &Value) -> Result<()> {
    let users = main["resource"]["aws_elasticache_user"].as_object().context("the stack has no users")?;
    let mut redis = redis::Client::open(servers.cache_url.as_str())?.get_multiplexed_async_connection().await?;
    for user in users.values() {
        let CacheUser { name, access_string } = CacheUser::deserialize(user)?;
        // The tests themselves log in as this one.
        if name != "default" {
            let mut command = redis::cmd("ACL");
            command.arg("SETUSER").arg(&name).arg("nopass").arg(access_string.split(' ').collect::<Vec<_>>());
            command.query_async::<()>(&mut redis).await.with_context(|| format!("the access string of {name}"))?;
        }
    }
    Ok(())
}
