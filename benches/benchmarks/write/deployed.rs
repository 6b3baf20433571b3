//! The staging stack on servers of this machine: applied, and emptied before every run.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use pipegen::emulators::secrets_manager::Rotations;
use pipegen::emulators::{s3, secrets_manager};
use pipegen::lambda_host::{Function, FunctionPool};
use pipegen::local::machine::backend::MachineBackend;
use pipegen::local::runner::Runner;
use pipegen::servers::{CacheAddress, ServerParameter, ServerPlan, ServerSettings, Servers};
use pipegen::session::Session;
use pipegen::session::listener::Listener;
use pipegen_contract::role::Role;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{Connection as _, PgConnection};
use tokio::runtime::Runtime;

/// The rendered stack that is applied, which is what `pipegen render --env staging` writes.
const STACK: &str = include_str!("../../../tests/golden/staging.main.tf.json");

/// PostgreSQL with the catalog's schema and logins, Redis, S3 and Secrets Manager. Dropping it stops everything.
pub(super) struct Deployed {
    pub(super) runtime: Runtime,
    pub(super) servers: Servers,
    backend: MachineBackend,
    session: Option<Session>,
    authority: PathBuf,
    /// Serves the emulators.
    _runner: Runner,
}

impl Deployed {
    /// Starts everything and invokes what Terraform would invoke. The processor may have so many instances.
    pub(super) fn start(bootstrap: &Path, lanes: usize) -> Result<Self> {
        let runtime = Runtime::new().context("cannot start the runtime")?;
        let mut settings = ServerSettings::from_stack(&serde_json::from_str(STACK)?)?;
        let preloaded = ("shared_preload_libraries", "pg_stat_statements");
        let parameter = ServerParameter { name: preloaded.0.to_owned(), value: preloaded.1.to_owned() };
        settings.database_parameters.push(parameter);
        runtime.block_on(apply(&settings, bootstrap.to_owned(), lanes)).map(|(servers, backend, session, runner)| {
            Self {
                authority: session.folder.join("authority.pem"),
                session: Some(session),
                _runner: runner,
                runtime,
                servers,
                backend,
            }
        })
    }

    /// Returns the stack's processor, in so many instances at once.
    pub(super) fn processor(&self, concurrency: usize) -> Result<Function> {
        Ok(Function { concurrency, ..self.backend.function(Role::Processor)? })
    }

    /// Returns a pool of instances of a function. None has been started yet.
    pub(super) fn pool(&self, function: Function) -> Result<Arc<FunctionPool>> {
        let session = self.session.as_ref().context("the session is open until the end")?;
        let (supervisor, console) = (Arc::clone(&session.supervisor), Arc::clone(&session.console));
        Ok(Arc::new(FunctionPool::new(function, supervisor, console, None)?))
    }

    /// Returns the administrator's login, over TLS as the functions have theirs.
    pub(super) fn over_tls(&self) -> PgConnectOptions {
        let database = &self.servers.database;
        PgConnectOptions::new_without_pgpass()
            .host(&database.host)
            .port(database.port)
            .database(&database.name)
            .username(&database.master.username)
            .password(&database.master.password)
            .ssl_mode(PgSslMode::VerifyFull)
            .ssl_root_cert(&self.authority)
    }

    /// Returns the same as a connection string of libpq.
    pub(super) fn over_tls_for_libpq(&self) -> String {
        let database = &self.servers.database;
        format!(
            "host={} port={} dbname={} user={} password={} sslmode=verify-full sslrootcert={}",
            database.host,
            database.port,
            database.name,
            database.master.username,
            database.master.password,
            self.authority.display()
        )
    }

    /// Returns the cache's URL, over TLS where the server has it.
    pub(super) fn cache_url(&self) -> String {
        let plaintext = &self.servers.cache_url;
        match (&self.servers.cache, plaintext.rsplit_once('@')) {
            (CacheAddress::Tls { port, .. }, Some((login, _))) => {
                format!("{}@{}:{port}/0", login.replace("redis://", "rediss://"), self.servers.database.host)
            }
            _ => plaintext.clone(),
        }
    }

    pub(super) fn authority(&self) -> &Path {
        &self.authority
    }

    pub(super) async fn administrator(&self) -> Result<PgConnection> {
        Ok(PgConnection::connect(&self.servers.database_url).await?)
    }

    /// Empties the catalog, the tables of the alternatives and the cache. The tables that `migrate` has filled stay as
    /// they are.
    pub(super) async fn empty(&self) -> Result<()> {
        sqlx::raw_sql(include_str!("empty.sql")).execute(&mut self.administrator().await?).await?;
        let mut cache = redis::Client::open(&*self.servers.cache_url)?.get_multiplexed_async_connection().await?;
        Ok(redis::cmd("FLUSHALL").query_async(&mut cache).await?)
    }
}

impl Drop for Deployed {
    fn drop(&mut self) {
        if let Some(session) = self.session.take() {
            self.runtime.block_on(session.close()).ok();
        }
    }
}

async fn apply(
    settings: &ServerSettings,
    bootstrap: PathBuf,
    lanes: usize,
) -> Result<(Servers, MachineBackend, Session, Runner)> {
    let session = Session::open(None)?;
    let servers = ServerPlan::make(None, None, None)?.start(&session, settings).await?;
    let (for_s3, for_secrets) = (Listener::open(0)?, Listener::open(0)?);
    let urls = [for_s3.url(), for_secrets.url()];
    let mut backend = MachineBackend::new(STACK, servers.clone(), bootstrap, session.folder.join("objects"), urls)?;
    backend.deployment.override_parallelization(lanes);
    let mut runner = Runner::new(backend.deployment.clone(), &backend, &session)?;
    let rotate = backend.deployment.rotations.first().context("the stack rotates no secret")?;
    let rotations = Arc::new(Rotations::new(Arc::clone(&backend.secrets), runner.pool(&rotate.function)));
    runner.serve(s3::serve(for_s3, Arc::clone(&backend.buckets), &backend.credentials, &Arc::default())?);
    let console = Arc::clone(&session.console);
    runner.serve(secrets_manager::serve(for_secrets, rotations, backend.credentials.clone(), console)?);
    runner.apply().await?;
    let mut administrator = PgConnection::connect(&servers.database_url).await?;
    sqlx::raw_sql(include_str!("../../python/tables.sql")).execute(&mut administrator).await?;
    sqlx::raw_sql("create extension pg_stat_statements").execute(&mut administrator).await?;
    Ok((servers, backend, session, runner))
}
