//! PostgreSQL and Redis for one benchmark, with the settings of the rendered stack; they end with it.

use anyhow::{Context, Result};
use pipegen::servers::{ServerParameter, ServerPlan, ServerSettings, Servers};
use pipegen::session::Session;
use pipegen_store::Store;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::runtime::Runtime;

/// The rendered stack whose settings the servers have and whose functions run.
pub(crate) const STACK: &str = include_str!("../tests/golden/staging.main.tf.json");

/// The servers of one benchmark. Dropping them stops them and removes their data.
pub(crate) struct Throwaway {
    pub(crate) servers: Servers,
    /// Runs the benchmark's own tasks: children, emulators.
    pub(crate) runtime: Runtime,
    session: Option<Session>,
}

impl Throwaway {
    /// Starts PostgreSQL with the schema, and Redis. The parameters override the stack's and the throwaway servers'.
    pub(crate) fn start(parameters: &[(&str, &str)]) -> Result<Self> {
        let mut settings = ServerSettings::from_stack(&serde_json::from_str(STACK)?)?;
        let parameter =
            |(name, value): &(&str, &str)| ServerParameter { name: (*name).to_owned(), value: (*value).to_owned() };
        settings.database_parameters.extend(parameters.iter().map(parameter));
        let runtime = Runtime::new().context("cannot start the runtime")?;
        let (session, servers) = runtime.block_on(async {
            let session = Session::open(None)?;
            let servers = ServerPlan::make(None, None, None)?.start(&session, &settings).await?;
            pipegen_store::migrate(&mut PgConnection::connect(&servers.database_url).await?).await?;
            anyhow::Ok((session, servers))
        })?;
        Ok(Self { servers, runtime, session: Some(session) })
    }

    /// Returns an administrator's options for a database on the server.
    pub(crate) fn options(&self, database: &str) -> Result<PgConnectOptions> {
        let options: PgConnectOptions = self.servers.database_url.parse()?;
        Ok(if database.is_empty() { options } else { options.database(database) })
    }

    /// Creates another database with the schema.
    pub(crate) async fn create_database(&self, name: &str) -> Result<()> {
        let mut admin = self.options("")?.connect().await?;
        sqlx::raw_sql(&format!("create database {name}")).execute(&mut admin).await?;
        pipegen_store::migrate(&mut self.options(name)?.connect().await?).await?;
        Ok(())
    }

    /// Returns a writer's store on this database (the stack's own if the name is empty), as one function instance has.
    pub(crate) fn store(&self, database: &str) -> Result<Store> {
        Ok(Store::new(self.options(database)?, 1))
    }
}

impl Drop for Throwaway {
    fn drop(&mut self) {
        if let Some(session) = self.session.take() {
            self.runtime.block_on(session.close()).ok();
        }
    }
}
