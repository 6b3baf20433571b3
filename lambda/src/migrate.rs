//! `migrate`: brings the schema up to date and creates the database roles. Running it again changes nothing.

use lambda_runtime::Error;
use pipegen_store::Login;
use postgres_protocol::password::scram_sha_256;
use serde::Serialize;
use sqlx::ConnectOptions;

use crate::resources::url_options;
use crate::settings::{Database, MigrateSettings, WriterLogin};

/// What was done: counts only, because the answer lies in Terraform's state.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Migrated {
    /// Migrations that this run applied.
    pub migrations: usize,
}

/// Migrates the database that the settings name.
pub async fn handle(lookup: impl Fn(&str) -> Option<String>) -> Result<Migrated, Error> {
    let settings = MigrateSettings::read(lookup)?;
    let Database::Url(url) = &settings.database else {
        return Err("a managed login is not there yet".into());
    };
    let WriterLogin::Url(writer) = &settings.writer else {
        return Err("a managed login is not there yet".into());
    };
    let mut connection = url_options(url)?.connect().await?;
    let migrations = pipegen_store::migrate(&mut connection).await?;
    let (username, password) = url_login(&writer.0).ok_or("the writer's URL names no user or no password")?;
    let login = Login {
        name: &username,
        verifier: &scram_sha_256(password.as_bytes()),
        connection_limit: settings.writer_connections,
    };
    pipegen_store::create_writer(&mut connection, login).await?;
    Ok(Migrated { migrations })
}

/// User and password of a URL, which hold nothing that would have to be escaped.
fn url_login(url: &str) -> Option<(String, String)> {
    let (_, rest) = url.split_once("://")?;
    let (login, _) = rest.split_once('@')?;
    let (username, password) = login.split_once(':')?;
    Some((username.to_owned(), password.to_owned()))
}
