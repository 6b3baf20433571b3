//! Low stock: each crossing of a limit is told once, in whatever order and however often its events come, and wherever
//! functions are killed.

mod levels;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::ChildStdin;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use pipegen::servers::{ServerPlan, ServerSettings};
use pipegen::session::Session;
use serde::Deserialize;
use sqlx::{Connection as _, PgConnection};
use tokio::runtime::Runtime;

use self::levels::{CATEGORY, Levels};
use crate::crashes::{kill_a_busy_one, wait_for_processor};
use crate::run::batches::batches;
use crate::run::local::{LocalCommand, LocalProcess};
use crate::run::objects::files;
use crate::run::processes::{kill_now, with_role};

/// Limits of every kind. The levels walk around all of them.
const LIMITS: &str = "[environments.staging.low_stock]\ndefault = 5\nsku = { \"sku-0\" = 8, \"sku-1\" = 2 }\n";
const PARTS: usize = 12;
/// The time for a part of the records.
const TIMEOUT: Duration = Duration::from_mins(5);

/// The time by which one run is killed later than another.
const KILL_STEP: Duration = Duration::from_millis(5);

/// Lets functions connect without TLS, as to a database that is given by its URL.
const PLAIN_TEXT: &str = "
    do $$ begin
        execute format('copy (select %L) to %L', 'host all all 127.0.0.1/32 scram-sha-256', current_setting('hba_file'));
        perform pg_reload_conf();
    end $$";

/// Lets the minute pass for which a crossing stays open.
const MINUTE_PASSES: &str = "update crossing set crossed_at = crossed_at - interval '1 minute' where closed_at is null";

/// The content of a crossing's object or row.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, sqlx::FromRow)]
struct Crossing {
    sku: String,
    version: i64,
    is_low: bool,
    available: i64,
    limit: i64,
    crossings: i32,
}

/// Returns the limit of a SKU as the settings say.
fn limit(sku: &str) -> i64 {
    match sku {
        "sku-0" => 8,
        "sku-1" => 2,
        _ if Levels::is_described(sku) => 3,
        _ => 5,
    }
}

/// A run that tells crossings, on a database of the test's own.
struct TellingRun {
    runtime: Runtime,
    session: Session,
    process: LocalProcess,
    pipe: ChildStdin,
    database_url: String,
    /// The number of records fed.
    fed: usize,
    /// The content of every object that was ever seen, by key.
    seen: BTreeMap<String, String>,
    killed: usize,
}

#[test]
fn each_crossing_is_told_once_and_the_last_one_is_true() -> Result<()> {
    let levels = Levels::walking_around(5);
    let mut run = TellingRun::start()?;
    run.feed(&levels.first_counts())?;
    wait_for_processor(&mut run.process)?;
    run.wait_until_processed()?;
    ensure!(run.rows()?.is_empty(), "a product that is new crosses nothing");

    let records = levels.shuffled_doubled_and_recut();
    for (number, part) in records.chunks(records.len().div_ceil(PARTS)).enumerate() {
        run.feed(part)?;
        if kill_a_busy_one(&mut run.process)? {
            run.killed += 1;
        }
        run.execute(MINUTE_PASSES)?;
        run.tell(number % 2 == 1)?;
    }
    run.wait_until_processed()?;
    ensure!(run.killed >= PARTS / 2, "only {} functions were killed", run.killed);

    // What has not left yet is in the database.
    let levels = levels.last();
    run.check(&levels)?;
    run.execute(MINUTE_PASSES)?;
    run.tell(false)?;
    ensure!(run.rows()?.is_empty(), "all have left");
    run.check(&levels)?;

    let objects = run.objects()?;
    let flapped = objects.iter().filter(|crossing| crossing.crossings > 1).count();
    let low = objects.iter().filter(|crossing| crossing.is_low).count();
    ensure!(flapped > 0 && low > 20 && objects.len() - low > 20, "{low} low of {}, {flapped} flapped", objects.len());
    run.end()
}

async fn execute(database_url: &str, statement: &str) -> Result<()> {
    let mut admin = PgConnection::connect(database_url).await?;
    sqlx::raw_sql(statement).execute(&mut admin).await?;
    Ok(())
}

impl TellingRun {
    fn start() -> Result<Self> {
        let (runtime, session) = (Runtime::new()?, Session::open(None)?);
        let main = serde_json::from_str(include_str!("../golden/staging.main.tf.json"))?;
        let plan = ServerPlan::make(None, None, None)?;
        let servers = runtime.block_on(plan.start(&session, &ServerSettings::from_stack(&main)?))?;
        runtime.block_on(execute(&servers.database_url, PLAIN_TEXT))?;
        let local = LocalCommand::new()?.settings(&format!("{LIMITS}category = {{ \"{CATEGORY}\" = 3 }}\n"))?;
        let data = local.path("data");
        let local = local.option("--data", data).option("--database-url", &servers.database_url);
        let mut process = local.records_from_stdin().start()?;
        let pipe = process.pipe()?;
        let (database_url, seen) = (servers.database_url, BTreeMap::new());
        Ok(Self { runtime, session, process, pipe, database_url, fed: 0, seen, killed: 0 })
    }

    fn feed(&mut self, records: &[String]) -> Result<()> {
        self.fed += records.len();
        let text: String = records.iter().flat_map(|record| [record.as_str(), "\n"]).collect();
        self.pipe.write_all(text.as_bytes()).context("pipegen does not read on")
    }

    fn wait_until_processed(&mut self) -> Result<()> {
        let (log, deadline) = (self.process.path("data/logs/processor.log"), Instant::now() + TIMEOUT);
        while batches(&log)?.iter().sum::<usize>() < self.fed {
            ensure!(self.process.is_alive()?, "pipegen has ended by itself");
            ensure!(Instant::now() < deadline, "{} records are not processed", self.fed);
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    fn execute(&self, statement: &str) -> Result<()> {
        self.runtime.block_on(execute(&self.database_url, statement))
    }

    /// Invokes `maintain`, and perhaps kills it at some moment of its run.
    fn tell(&mut self, kill: bool) -> Result<()> {
        let invocation = self.process.invocation("lambda-maintain-staging")?;
        let invoked = thread::spawn(invocation);
        if kill {
            // Another moment each time: a run takes some 30 ms.
            thread::sleep(KILL_STEP * u32::try_from(self.killed % 6)?);
            for process in with_role(self.process.pid(), "maintain")? {
                self.killed += usize::from(kill_now(&process)?);
            }
        }
        let answer = invoked.join().map_err(|_| anyhow::anyhow!("the request has panicked"))?;
        ensure!(kill || answer.is_ok(), "{answer:?}");
        self.look()
    }

    /// Looks at every object, and whether one that was seen before is another one now.
    fn look(&mut self) -> Result<()> {
        let bucket = self.process.path("data/objects/s3-crossings-000000000000-staging");
        for path in files(&bucket)? {
            let key = path.strip_prefix(&bucket)?.to_str().context("a key is text")?.to_owned();
            let content = fs::read_to_string(&path)?;
            let before = self.seen.insert(key.clone(), content.clone());
            ensure!(before.is_none_or(|before| before == content), "{key} was another one before");
        }
        Ok(())
    }

    /// Returns what objects have told, in the order of versions.
    fn objects(&self) -> Result<Vec<Crossing>> {
        let mut told = Vec::new();
        for (key, content) in &self.seen {
            let crossing: Crossing = serde_json::from_str(content)?;
            let state = if crossing.is_low { "low" } else { "recovered" };
            let name = Path::new(key).components().skip(6).map(|part| part.as_os_str().to_string_lossy());
            let name: Vec<_> = name.collect();
            ensure!(name == [state, &format!("{}-{}.json", crossing.sku, crossing.version)], "{key}: {content}");
            told.push(crossing);
        }
        told.sort_by_key(|crossing| crossing.version);
        Ok(told)
    }

    /// Returns the crossings in the database, in the order of versions.
    fn rows(&self) -> Result<Vec<Crossing>> {
        let query =
            r#"select sku, version, is_low, available, quantity as "limit", crossings from crossing order by version"#;
        self.runtime.block_on(async {
            let mut admin = PgConnection::connect(&self.database_url).await?;
            Ok(sqlx::query_as(query).fetch_all(&mut admin).await?)
        })
    }

    /// Checks that what was told, and what is about to be, is every crossing and ends in the state of these levels.
    fn check(&self, levels: &BTreeMap<String, i64>) -> Result<()> {
        let objects = self.objects()?;
        // One that is stored may not be deleted yet; no others are there twice.
        let rows = self.rows()?.into_iter().filter(|row| !objects.contains(row));
        let mut crossings: BTreeMap<&str, Vec<Crossing>> = BTreeMap::new();
        for crossing in objects.iter().cloned().chain(rows) {
            let (sku, _) = levels.get_key_value(&crossing.sku).with_context(|| format!("{crossing:?}"))?;
            crossings.entry(sku).or_default().push(crossing);
        }
        for (sku, level) in levels {
            let mut is_low = false;
            for crossing in crossings.get(sku.as_str()).into_iter().flatten() {
                ensure!(crossing.limit == limit(sku), "{crossing:?}");
                ensure!(crossing.is_low == (crossing.available <= crossing.limit), "{crossing:?}");
                // What is told follows from what was told before: none is missing, and none is told twice.
                is_low ^= crossing.crossings % 2 == 1;
                ensure!(crossing.is_low == is_low, "{crossing:?} after others of {sku}: {crossings:?}");
            }
            ensure!(
                is_low == (*level <= limit(sku)),
                "{sku} has {level}, and was told last: {:?}",
                crossings.get(sku.as_str())
            );
        }
        Ok(())
    }

    fn end(self) -> Result<()> {
        let Self { runtime, session, process, pipe, .. } = self;
        drop(pipe);
        process.wait()?.succeeded()?;
        runtime.block_on(session.close())?;
        Ok(())
    }
}
