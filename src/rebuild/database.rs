//! A database that is empty, and gets the catalog's tables.

use anyhow::{Context as _, ensure};
use sqlx::postgres::{PgConnectOptions, PgConnection};

/// A database with the catalog's tables and nothing in them. As long as this lives, no other rebuilding or migration
/// begins in it.
#[derive(Debug)]
pub struct EmptyDatabase {
    /// Holds the lock.
    _connection: PgConnection,
}

/// Reads a URL.
pub fn options(url: &str) -> anyhow::Result<PgConnectOptions> {
    // The parser's message may repeat a part of the URL, which has a password.
    url.parse().ok().context("the database's URL is not like postgres://user:password@host/database")
}

impl EmptyDatabase {
    /// Makes the tables. A database that holds anything is refused.
    pub async fn prepare(options: &PgConnectOptions) -> anyhow::Result<Self> {
        let mut connection = pipegen_store::connect(options).await.context("cannot use the database")?;
        pipegen_store::lock_schema(&mut connection).await?;
        let is_catalog: bool = ask(&mut connection, "select to_regclass('product') is not null").await?;
        let is_filled = if is_catalog {
            "select exists (select from product) or exists (select from ledger)"
        } else {
            "select exists (select from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p'))"
        };
        ensure!(
            !ask(&mut connection, is_filled).await?,
            "the database is not empty: a catalog is rebuilt in an empty one only (`create database … encoding 'UTF8' \
             template template0`)"
        );
        pipegen_store::migrate(&mut connection).await.context("cannot make the tables")?;
        Ok(Self { _connection: connection })
    }
}

async fn ask(connection: &mut PgConnection, question: &'static str) -> anyhow::Result<bool> {
    sqlx::query_scalar(question).fetch_one(connection).await.context("cannot look into the database")
}
