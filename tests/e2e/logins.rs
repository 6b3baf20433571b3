//! The database's logins in the account's secrets.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use pipegen_contract::database::Access;
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions as _, Connection as _};

use crate::client::{Call, Client};
use crate::fixture::Fixture;

/// A secret's login for the database.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct DatabaseLogin {
    pub(crate) username: String,
    pub(crate) password: String,
}

/// Returns the logins in all secrets of the account, by the secret's ARN.
pub(crate) async fn all(client: &Client) -> Result<BTreeMap<String, DatabaseLogin>> {
    let secrets = client.call_one("secretsmanager", "list_secrets", json!({}), "SecretList[].ARN").await?;
    let secrets: Vec<String> = serde_json::from_value(secrets)?;
    let get = |secret: &String| Call {
        service: "secretsmanager",
        operation: "get_secret_value",
        parameters: json!({"SecretId": secret}),
        query: "SecretString",
    };
    let values = client.call(&secrets.iter().map(get).collect::<Vec<_>>()).await?;
    let login = |value: &Value| anyhow::Ok(serde_json::from_str(value.as_str().context("a secret is text")?)?);
    secrets.into_iter().zip(&values).map(|(secret, value)| Ok((secret, login(value)?))).collect()
}

impl DatabaseLogin {
    /// Returns whether it is a function's; the only other one is the master login.
    pub(crate) fn is_a_functions(&self) -> bool {
        Access::of_login(&self.username).is_some()
    }

    /// Logs in with it, over TLS.
    pub(crate) async fn works(&self, fixture: &Fixture) -> Result<()> {
        let endpoints = &fixture.endpoints;
        let options = PgConnectOptions::new_without_pgpass()
            .host(&endpoints.database_host)
            .port(endpoints.database_port)
            .username(&self.username)
            .password(&self.password)
            .database(&endpoints.database_name)
            .ssl_mode(PgSslMode::VerifyFull)
            .ssl_root_cert(&endpoints.authority);
        Ok(options.connect().await?.close().await?)
    }
}
