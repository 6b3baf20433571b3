//! The pipeline of one run: `pipegen local` with an open stream, and its servers behind wires.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use parking_lot::Mutex;
use pipegen::servers::{ServerPlan, ServerSettings, Servers, free_port};
use pipegen::session::Session;
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};
use tokio::runtime::Runtime;
use ureq::Agent;

use crate::nemesis::port;
use crate::plan::{Fault, Plan, Strike};
use crate::run::cache::RedisServer;
use crate::run::local::{LocalCommand, LocalOutput, LocalProcess};
use crate::run::reader::CatalogReader;
use crate::suppliers::{LOW, shared_products};
use crate::wire::Wire;

/// Views are in the cache for as short as can be, so that what is stale does not last. Stock of the shared products is low
/// at [`LOW`].
fn settings() -> String {
    let limits: Vec<String> = shared_products().map(|sku| format!("{sku:?} = {LOW}")).collect();
    format!("cache_view_seconds = 10\n[environments.staging.low_stock]\nsku = {{ {} }}\n", limits.join(", "))
}

/// The time for a start: the bootstrap may have to be built.
const START: Duration = Duration::from_mins(15);

/// The time for an answer.
const TIMEOUT: Duration = Duration::from_mins(1);

/// The PostgreSQL that all runs use, each with a database of its own.
pub(crate) struct Database {
    pub(crate) runtime: Runtime,
    pub(crate) servers: Servers,
    session: Session,
}

/// A running pipeline.
pub(crate) struct Pipeline<'a> {
    pub(crate) database: &'a Database,
    pub(crate) database_wire: Wire,
    pub(crate) cache_wire: Wire,
    pub(crate) cache: Mutex<RedisServer>,
    pub(crate) local: Mutex<LocalProcess>,
    /// Servers that were demoted, and still answer who is connected to them.
    pub(crate) demoted: Mutex<Vec<RedisServer>>,
    /// Held while PostgreSQL is stopped and started again.
    pub(crate) restarts: Mutex<()>,
    pub(crate) reader: CatalogReader,
    agent: Agent,
    url: String,
    /// The run's own database, past the wire.
    direct: String,
}

/// The remains of a pipeline that has ended.
pub(crate) struct EndedPipeline {
    pub(crate) output: LocalOutput,
    pub(crate) summary: Value,
    pub(crate) cache: RedisServer,
    /// Refreshes of the cache that nobody has made up for.
    pub(crate) pending: i64,
    /// The crossings that have not left yet, in the order of versions: SKU, version, number, state.
    pub(crate) crossings: Vec<(String, i64, i32, bool)>,
}

impl Database {
    pub(crate) fn start() -> Result<Self> {
        let runtime = Runtime::new()?;
        let settings =
            ServerSettings::from_stack(&serde_json::from_str(include_str!("../golden/staging.main.tf.json"))?)?;
        let (session, servers) = runtime.block_on(async {
            let session = Session::open(None)?;
            let servers = ServerPlan::make(None, None, None)?.start(&session, &settings).await?;
            // The functions' connections pass a wire, in plain text.
            fs::write(session.folder.join("postgresql/access.conf"), "host all all 127.0.0.1/32 scram-sha-256\n")?;
            let mut admin = PgConnection::connect(&servers.database_url).await?;
            sqlx::raw_sql("select pg_reload_conf()").execute(&mut admin).await?;
            anyhow::Ok((session, servers))
        })?;
        Ok(Self { runtime, servers, session })
    }

    pub(crate) fn stop(self) -> Result<()> {
        self.runtime.block_on(self.session.close()).context("cannot stop PostgreSQL")
    }

    /// Creates an empty database, and returns its URL.
    fn create(&self, name: &str) -> Result<String> {
        self.runtime.block_on(async {
            let mut admin = PgConnection::connect(&self.servers.database_url).await?;
            let create = format!("create database {name} template template0 encoding 'UTF8'");
            sqlx::raw_sql(&create).execute(&mut admin).await?;
            let server = self.servers.database_url.rsplit_once('/').map_or("", |(server, _)| server);
            Ok(format!("{server}/{name}"))
        })
    }
}

impl<'a> Pipeline<'a> {
    pub(crate) fn start(plan: &Plan, run: usize, database: &'a Database) -> Result<Self> {
        let direct = database.create(&format!("history_{}_{run}", plan.seed))?;
        let mut cache = RedisServer::start()?;
        cache.allow_reads();
        let (database_wire, cache_wire) = database.runtime.block_on(async {
            let database_wire = Wire::to(SocketAddr::from(([127, 0, 0, 1], database.servers.database.port))).await?;
            anyhow::Ok((database_wire, Wire::to(SocketAddr::from(([127, 0, 0, 1], port(&cache)?))).await?))
        })?;
        let port = free_port()?;
        let through =
            direct.replacen(&format!(":{}/", database.servers.database.port), &format!(":{}/", database_wire.port), 1);
        let local = LocalCommand::new()?.settings(&settings())?.flag("--serve").flag("--no-records");
        let (data, export) = (local.path("data"), local.path("export.jsonl"));
        let mut local = local
            .option("--port", port.to_string())
            .option("--database-url", format!("{through}?sslmode=disable"))
            .option("--cache-url", format!("redis://127.0.0.1:{}/", cache_wire.port))
            .option("--archive-window", "1")
            .option("--maintain-every", "1")
            .option("--data", data)
            .option("--export", export);
        for Fault { at, strike, lasts } in &plan.faults {
            if *strike == Strike::Objects {
                local = local.option("--fault", format!("s3@{}ms+{}ms", at.as_millis(), lasts.as_millis()));
            }
        }
        if plan.rotates {
            local = local.option("--rotate-every", "2");
        }
        let config = Agent::config_builder().http_status_as_error(false).timeout_global(Some(TIMEOUT)).build();
        let pipeline = Self {
            database,
            database_wire,
            cache_wire,
            cache: Mutex::new(cache),
            local: Mutex::new(local.start()?),
            demoted: Mutex::default(),
            restarts: Mutex::default(),
            reader: CatalogReader::of(port),
            agent: config.into(),
            url: format!("http://127.0.0.1:{port}"),
            direct,
        };
        let deadline = Instant::now() + START;
        while pipeline.done().is_err() {
            ensure!(pipeline.local.lock().is_alive()? && Instant::now() < deadline, "the pipeline does not start");
            thread::sleep(Duration::from_millis(50));
        }
        Ok(pipeline)
    }

    /// Puts a body's events on the stream, and returns the shard and the sequence number of each.
    pub(crate) fn put(&self, media_type: &str, body: &str) -> Result<Vec<(String, String)>> {
        let request = self.agent.post(format!("{}/events", self.url)).header("content-type", media_type);
        let mut response = request.send(body)?;
        let text = response.body_mut().read_to_string()?;
        ensure!(response.status() == 202, "{text}");
        let answer: Value = serde_json::from_str(&text)?;
        let entries = answer["events"].as_array().context("no entries")?;
        let place = |entry: &Value| {
            let text = |name: &str| entry[name].as_str().map(str::to_owned);
            text("shard").zip(text("sequence_number")).with_context(|| format!("not taken: {entry}"))
        };
        entries.iter().map(place).collect()
    }

    /// Returns the page of the feed of changes after a cursor, or none if the answer is an error.
    pub(crate) fn changes(&self, after: Option<&str>) -> Result<Option<Value>> {
        let after = after.map(|cursor| format!("&after={cursor}")).unwrap_or_default();
        let mut response = self.agent.get(format!("{}/changes?limit=20{after}", self.url)).call()?;
        let text = response.body_mut().read_to_string()?;
        Ok(if response.status() == 200 { Some(serde_json::from_str(&text)?) } else { None })
    }

    /// Returns the number of transactions that write, in all databases.
    pub(crate) fn running_transactions(&self) -> Result<i64> {
        self.database.runtime.block_on(async {
            let mut admin = PgConnection::connect(&self.direct).await?;
            let running = "select count(*) from pg_stat_activity where backend_xid is not null";
            Ok(sqlx::query_scalar(running).fetch_one(&mut admin).await?)
        })
    }

    /// Begins a fault of `pipegen local`, and returns whether it could.
    pub(crate) fn begin_fault(&self, target: &str, lasts: Duration) -> Result<bool> {
        let url = format!("{}/faults/{target}?milliseconds={}", self.url, lasts.as_millis());
        let response = self.agent.post(url).header("x-pipegen", "1").send_empty()?;
        ensure!([202, 409].contains(&response.status().as_u16()), "{target}: {}", response.status());
        Ok(response.status() == 202)
    }

    /// Returns the number of records that are acknowledged, or discarded.
    pub(crate) fn done(&self) -> Result<u64> {
        let text = self.agent.get(format!("{}/status", self.url)).call()?.body_mut().read_to_string()?;
        let status: Value = serde_json::from_str(&text)?;
        let count = |name: &str| status["stream"][name].as_u64().context("no count");
        Ok(count("records")? + count("discarded")?)
    }

    /// Ends the run, and returns what is left.
    pub(crate) fn end(self) -> Result<EndedPipeline> {
        let local = self.local.into_inner();
        local.press_ctrl_c()?;
        let output = local.wait_for_stop()?.succeeded()?;
        let summary = serde_json::from_str(&output.stdout).context("no summary")?;
        let (pending, crossings) = self.database.runtime.block_on(async {
            let mut admin = PgConnection::connect(&self.direct).await?;
            let pending = sqlx::query_scalar("select count(*) from pending_refresh").fetch_one(&mut admin).await?;
            let crossings = "select sku, version, crossings, is_low from crossing order by version";
            anyhow::Ok((pending, sqlx::query_as(crossings).fetch_all(&mut admin).await?))
        })?;
        Ok(EndedPipeline { output, summary, cache: self.cache.into_inner(), pending, crossings })
    }
}

impl EndedPipeline {
    /// Returns the folder with a bucket's objects.
    pub(crate) fn bucket(&self, purpose: &str) -> PathBuf {
        self.output.path("data/objects").join(format!("s3-{purpose}-000000000000-staging"))
    }
}
