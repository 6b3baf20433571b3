//! A PostgreSQL server with empty databases.

use anyhow::Result;
use pipegen::servers::{ServerPlan, ServerSettings, Servers};
use pipegen::session::Session;
use sqlx::{Connection as _, PgConnection};
use tokio::runtime::Runtime;
use url::Url;

/// A server with the stack's settings.
pub(crate) struct Databases {
    pub(crate) runtime: Runtime,
    session: Session,
    servers: Servers,
}

impl Databases {
    pub(crate) fn start() -> Result<Self> {
        let runtime = Runtime::new()?;
        let session = Session::open(None)?;
        let main = serde_json::from_str(include_str!("../../golden/staging.main.tf.json"))?;
        let settings = ServerSettings::from_stack(&main)?;
        let servers = runtime.block_on(ServerPlan::make(None, None, None)?.start(&session, &settings))?;
        Ok(Self { runtime, session, servers })
    }

    /// Creates an empty database, and returns its URL.
    pub(crate) fn create(&self, name: &str) -> Result<String> {
        self.execute(
            &self.servers.database_url,
            &format!("create database {name} encoding 'UTF8' template template0"),
        )?;
        let mut url: Url = self.servers.database_url.parse()?;
        url.set_path(name);
        Ok(url.to_string())
    }

    /// Executes statements in the database of this URL.
    pub(crate) fn execute(&self, url: &str, statements: &str) -> Result<()> {
        self.runtime.block_on(async {
            let mut connection = PgConnection::connect(url).await?;
            sqlx::raw_sql(statements).execute(&mut connection).await?;
            connection.close().await
        })?;
        Ok(())
    }

    pub(crate) fn stop(self) -> Result<()> {
        self.runtime.block_on(self.session.close())
    }
}
