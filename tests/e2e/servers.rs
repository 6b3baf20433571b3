//! Makes the real servers what the emulated ones claim to be.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use pipegen::servers::Servers;
use pipegen_contract::env;
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};

/// Where the servers listen for functions.
pub(crate) struct Reach {
    pub(crate) database_host: String,
    pub(crate) database_port: u16,
    pub(crate) database_name: String,
    pub(crate) cache_host: String,
    pub(crate) cache_port: u16,
    /// The file with the authority behind their certificates.
    pub(crate) authority: String,
}

impl Reach {
    pub(crate) fn of(servers: &Servers) -> Result<Self> {
        let variables = servers.database.variables().into_iter().chain(servers.cache.variables(""));
        let mut variables: BTreeMap<_, _> = variables.collect();
        let mut text = |name| variables.remove(name).with_context(|| format!("the servers set no {name}"));
        Ok(Self {
            database_host: text(env::DATABASE_HOST)?,
            database_port: text(env::DATABASE_PORT)?.parse()?,
            database_name: text(env::DATABASE_NAME)?,
            cache_host: text(env::CACHE_HOST)?,
            cache_port: text(env::CACHE_PORT)?.parse()?,
            authority: text(env::DEV_AUTHORITY)?,
        })
    }
}

/// Creates the master login as RDS does: no superuser, but the database's owner, who may create roles.
pub(crate) async fn create_master(servers: &Servers, reach: &Reach, name: &str, password: &str) -> Result<()> {
    let mut admin = PgConnection::connect(&servers.database_url).await?;
    let database = &reach.database_name;
    let statements = format!(
        "create role {name} login createrole createdb password '{password}'; alter database {database} owner to {name}"
    );
    sqlx::raw_sql(&statements).execute(&mut admin).await?;
    Ok(())
}

/// Gives Redis the rendered users with their rendered rights. It cannot check IAM tokens, so any password will do.
pub(crate) async fn create_cache_users(servers: &Servers, main: &Value) -> Result<()> {
    let users = main["resource"]["aws_elasticache_user"].as_object().context("no users are rendered")?;
    let mut redis = redis::Client::open(servers.cache_url.as_str())?.get_multiplexed_async_connection().await?;
    for user in users.values() {
        let (name, rights) = (user["user_name"].as_str(), user["access_string"].as_str());
        let (name, rights) = name.zip(rights).context("a user without a name or rights")?;
        // The tests themselves come in by this one.
        if name != "default" {
            let mut command = redis::cmd("ACL");
            command.arg("SETUSER").arg(name).arg("nopass").arg(rights.split(' ').collect::<Vec<_>>());
            command.query_async::<()>(&mut redis).await.with_context(|| format!("the rights of {name}"))?;
        }
    }
    Ok(())
}
