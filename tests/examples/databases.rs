//! Databases for the examples that name one.

use anyhow::{Context as _, Result};
use pipegen::servers::{ServerPlan, ServerSettings, Servers};
use pipegen::session::Session;
use sqlx::{Connection as _, PgConnection};
use tokio::runtime::Runtime;

/// The addresses that the examples print: an empty database, and one with a catalog to compare with.
const EMPTY: &str = "postgres://localhost/rebuilt";
const OTHER: &str = "postgres://db/inventory";

/// A PostgreSQL whose databases stand for those of the examples.
pub(crate) struct Databases {
    runtime: Runtime,
    session: Session,
    servers: Servers,
    count: u32,
}

impl Databases {
    pub(crate) fn start() -> Result<Self> {
        let runtime = Runtime::new()?;
        let main = serde_json::from_str(include_str!("../golden/staging.main.tf.json"))?;
        let settings = ServerSettings::from_stack(&main)?;
        let (session, servers) = runtime.block_on(async {
            let session = Session::open(None)?;
            let servers = ServerPlan::make(None, None, None)?.start(&session, &settings).await?;
            anyhow::Ok((session, servers))
        })?;
        Ok(Self { runtime, session, servers, count: 0 })
    }

    /// Returns the example with addresses of this server in place of the printed ones: each gets an empty database of its
    /// own, and the other catalog is what an earlier example has rebuilt.
    pub(crate) fn put_into(&mut self, example: &str) -> Result<String> {
        if !example.contains(EMPTY) {
            return Ok(example.to_owned());
        }
        let earlier = self.url(self.count);
        self.count += 1;
        let create = format!("create database rebuilt_{} template template0 encoding 'UTF8'", self.count);
        self.runtime.block_on(async {
            let mut admin = PgConnection::connect(&self.servers.database_url).await?;
            sqlx::raw_sql(&create).execute(&mut admin).await
        })?;
        Ok(example.replace(EMPTY, &self.url(self.count)).replace(OTHER, &earlier))
    }

    fn url(&self, number: u32) -> String {
        let server = self.servers.database_url.rsplit_once('/').map_or("", |(server, _)| server);
        format!("{server}/rebuilt_{number}")
    }

    pub(crate) fn stop(self) -> Result<()> {
        self.runtime.block_on(self.session.close()).context("cannot stop PostgreSQL")
    }
}
