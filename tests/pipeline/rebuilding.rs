//! A catalog rebuilt from the archive of a run, also after an earlier attempt was interrupted or killed.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};

use crate::kept::{output, text, views};
use crate::records::lines;
use crate::run::databases::Databases;
use crate::run::local::{LocalCommand, LocalOutput};

/// The time for a rebuilding to come to where it waits, and to end after a signal.
const TIMEOUT: Duration = Duration::from_mins(5);

/// The archive of a run, and databases to rebuild its catalog in.
struct Rebuilding {
    run: LocalOutput,
    data: PathBuf,
    databases: Databases,
}

impl Rebuilding {
    fn new() -> Result<Self> {
        let local = LocalCommand::new()?;
        let (data, export) = (local.path("data"), local.path("views.jsonl"));
        let run = local.records(&lines()?)?.option("--data", &data).option("--export", &export).start()?;
        Ok(Self { run: run.wait()?.succeeded()?, data, databases: Databases::start()? })
    }

    /// Rebuilds the catalog in this database.
    fn rebuild(&self, url: &str, more: &[&str]) -> Result<Output> {
        output(&[&["rebuild", "--json", "--folder", text(&self.data)?, "--database-url", url], more].concat())
    }

    /// Creates a database with a rebuilt catalog, and returns its URL and what became of the events.
    fn rebuilt(&self, name: &str) -> Result<(String, Value)> {
        let url = self.databases.create(name)?;
        let output = self.rebuild(&url, &[])?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok((url, outcomes(&output)?))
    }

    /// Begins to rebuild the catalog in this database, and waits until it waits for a lock in the database `locked`.
    fn begin_and_wait_for_lock(&self, url: &str, locked: &str, more: &[&str]) -> Result<Child> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pipegen"));
        command.args(["rebuild", "--json", "--folder", text(&self.data)?, "--database-url", url]).args(more);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let deadline = Instant::now() + TIMEOUT;
        let waits =
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
        while self.ask::<i64>(locked, waits)? == 0 {
            if child.try_wait()?.is_some() {
                anyhow::bail!("the rebuilding has ended by itself: {:?}", child.wait_with_output()?);
            }
            ensure!(Instant::now() < deadline, "the rebuilding waits for no lock");
            thread::sleep(Duration::from_millis(10));
        }
        Ok(child)
    }

    /// Begins to rebuild the catalog in a new database, and waits until the connection that has to create a product of
    /// the whole catalog waits for somebody who has just created it; the others commit theirs.
    fn begin_and_wait_for_product(&self, name: &str, whole: &str) -> Result<(String, PgConnection, Child)> {
        let url = self.databases.create(name)?;
        // Of a day without records: it makes the tables.
        let empty = self.rebuild(&url, &["--from", "2000-01-01", "--to", "2000-01-02"])?;
        ensure!(empty.status.success(), "{}", String::from_utf8_lossy(&empty.stderr));
        let sku: String = self.ask(whole, "select min(sku) from product")?;
        let lock = self.lock(&url, &format!("insert into product (sku) values ('{sku}')"))?;
        let child = self.begin_and_wait_for_lock(&url, &url, &[])?;
        Ok((url, lock, child))
    }

    fn ask<T>(&self, url: &str, question: &str) -> Result<T>
    where
        T: Send + Unpin + for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
    {
        self.databases.runtime.block_on(async {
            let mut connection = PgConnection::connect(url).await?;
            Ok(sqlx::query_scalar(question).fetch_one(&mut connection).await?)
        })
    }

    /// Returns a connection that has begun a transaction and holds what these statements lock, for as long as a
    /// rebuilding takes: the stack's settings would end it after a minute.
    fn lock(&self, url: &str, statements: &str) -> Result<PgConnection> {
        self.databases.runtime.block_on(async {
            let mut connection = PgConnection::connect(url).await?;
            let begin = format!("set idle_in_transaction_session_timeout = 0; begin; {statements}");
            sqlx::raw_sql(&begin).execute(&mut connection).await?;
            Ok(connection)
        })
    }

    /// Returns the rows of all tables, without what depends on when they were written.
    fn rows(&self, url: &str) -> Result<Vec<(String, String)>> {
        let tables: String = self.ask(
            url,
            "select string_agg(tablename, ' ' order by tablename) from pg_tables where schemaname = 'public'",
        )?;
        let rows = tables.split(' ').map(|table| {
            let rows = format!(
                "select coalesce(string_agg(row, e'\\n' order by row), '') from (
                    select (to_jsonb({table}) - '{{version,available_version,updated_at,applied_at,changed_at,transaction,installed_on,execution_time}}'::text[])::text
                    from {table}
                ) as rows (row)"
            );
            Ok((table.to_owned(), self.ask(url, &rows)?))
        });
        rows.collect()
    }
}

/// Returns what became of the events.
fn outcomes(output: &Output) -> Result<Value> {
    let report: Value = serde_json::from_slice(&output.stdout)?;
    Ok(report["rebuilt"].clone())
}

/// Checks that the tables are equal; an error names the first row that is not.
fn same_rows(left: &[(String, String)], right: &[(String, String)]) -> Result<()> {
    let tables = |rows: &[(String, String)]| rows.iter().map(|(table, _)| table.clone()).collect::<Vec<_>>();
    ensure!(tables(left) == tables(right), "the tables are {:?} and {:?}", tables(left), tables(right));
    for ((table, left), (_, right)) in left.iter().zip(right) {
        let mut pairs = left.lines().zip(right.lines());
        let first = pairs.find(|(left, right)| left != right);
        ensure!(left == right, "{table} differs: {first:?}");
    }
    Ok(())
}

/// Sends a signal and waits for the end.
fn end(child: Child, signal: Signal) -> Result<Output> {
    let mut child = child;
    let pid = Pid::from_raw(i32::try_from(child.id())?);
    kill(pid, signal)?;
    let deadline = Instant::now() + TIMEOUT;
    while child.try_wait()?.is_none() {
        if Instant::now() > deadline {
            child.kill()?;
            anyhow::bail!("it does not end after {signal}");
        }
        thread::sleep(Duration::from_millis(10));
    }
    // A child process of its own would keep the pipes open.
    Ok(child.wait_with_output()?)
}

/// The catalog is rebuilt with the original arrival times, and compared.
#[test]
fn a_catalog_is_rebuilt_from_the_archive() -> Result<()> {
    let rebuilding = Rebuilding::new()?;
    let first = rebuilding.databases.create("first")?;
    let output = rebuilding.rebuild(&first, &[])?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout)?;
    ensure!(report["rebuilt"]["records"].as_u64() > Some(1000), "{report}");
    let exported = rebuilding.data.join("rebuilt.jsonl");
    let mut text = String::new();
    let mut write = |view: &str| {
        text.push_str(view);
        text.push('\n');
        Ok(())
    };
    rebuilding.databases.runtime.block_on(pipegen_store::export(&first, &mut write))?;
    fs::write(&exported, text)?;
    ensure!(views(&rebuilding.run.path("views.jsonl"))? == views(&exported)?, "the catalogs differ");

    let refused = rebuilding.rebuild(&first, &[])?;
    ensure!(refused.status.code() == Some(1) && String::from_utf8_lossy(&refused.stderr).contains("not empty"));
    // What a probe has left until `maintain` removes it.
    let probe = "insert into product (sku, version, updated_at) values ('pipegen-probe-1', 1, now())";
    rebuilding.databases.execute(&first, probe)?;
    let again = rebuilding.databases.create("again")?;
    let equal = rebuilding.rebuild(&again, &["--compare", &first])?;
    let report: Value = serde_json::from_slice(&equal.stdout)?;
    ensure!(equal.status.success() && report["compared"]["differences"] == 0, "{report}");
    let change = "update offer set on_hand = on_hand + 1000000 where sku = (select min(sku) from offer)";
    rebuilding.databases.execute(&again, change)?;
    let different = rebuilding.rebuild(&rebuilding.databases.create("third")?, &["--compare", &again])?;
    let report: Value = serde_json::from_slice(&different.stdout)?;
    ensure!(different.status.code() == Some(1) && report["compared"]["differences"] == 1, "{report}");
    rebuilding.databases.stop()
}

/// The remains of a rebuilding that did not reach its end are known as that, and the next one begins anew.
#[test]
fn a_rebuilding_that_was_cut_off_is_begun_anew() -> Result<()> {
    let rebuilding = Rebuilding::new()?;
    let (whole, events) = rebuilding.rebuilt("whole")?;
    let expected = rebuilding.rows(&whole)?;
    let products: i64 = rebuilding.ask(&whole, "select count(*) from product")?;
    for (name, signal, code) in [("interrupted", Signal::SIGINT, Some(130)), ("killed", Signal::SIGKILL, None)] {
        let (url, lock, child) = rebuilding.begin_and_wait_for_product(name, &whole)?;
        let deadline = Instant::now() + TIMEOUT;
        while rebuilding.ask::<i64>(&url, "select count(*) from product")? == 0 {
            ensure!(Instant::now() < deadline, "no connection commits");
            thread::sleep(Duration::from_millis(10));
        }
        let ended = end(child, signal)?;
        ensure!(ended.status.code() == code && ended.stdout.is_empty(), "{ended:?}");
        rebuilding.databases.runtime.block_on(lock.close())?;
        let left: i64 = rebuilding.ask(&url, "select count(*) from product")?;
        ensure!((1..products).contains(&left), "{left} of {products} products are there");

        let again = rebuilding.rebuild(&url, &[])?;
        let said = String::from_utf8_lossy(&again.stderr);
        ensure!(again.status.success() && said.contains("begun anew"), "{said}");
        same_rows(&rebuilding.rows(&url)?, &expected).context(name)?;
        // Events that were applied before would be duplicates.
        ensure!(outcomes(&again)? == events, "{name}: {} instead of {events}", outcomes(&again)?);
        let refused = rebuilding.rebuild(&url, &[])?;
        let said = String::from_utf8_lossy(&refused.stderr);
        ensure!(refused.status.code() == Some(1) && said.contains("not empty"), "{said}");
    }
    // Cut off at the very beginning.
    let marked = rebuilding.databases.create("marked")?;
    rebuilding.databases.execute(&marked, "create table pipegen_unfinished_rebuild ()")?;
    let again = rebuilding.rebuild(&marked, &[])?;
    ensure!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
    same_rows(&rebuilding.rows(&marked)?, &expected)?;
    rebuilding.databases.stop()
}

/// A connection that the server ends does not end a rebuilding of hours: its batch is applied again.
#[test]
fn a_rebuilding_survives_a_lost_connection() -> Result<()> {
    let rebuilding = Rebuilding::new()?;
    let (whole, events) = rebuilding.rebuilt("whole")?;
    let (url, lock, child) = rebuilding.begin_and_wait_for_product("lost", &whole)?;
    rebuilding.databases.execute(
        &url,
        "select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'",
    )?;
    rebuilding.databases.runtime.block_on(lock.close())?;
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    ensure!(outcomes(&output)? == events, "{} instead of {events}", outcomes(&output)?);
    same_rows(&rebuilding.rows(&url)?, &rebuilding.rows(&whole)?)?;
    rebuilding.databases.stop()
}

/// A comparison ends at once, whatever it waits for; the rebuilt catalog is whole.
#[test]
fn ctrl_c_ends_a_comparison() -> Result<()> {
    let rebuilding = Rebuilding::new()?;
    let (other, _) = rebuilding.rebuilt("other")?;
    let lock = rebuilding.lock(&other, "lock table product in access exclusive mode")?;
    let url = rebuilding.databases.create("rebuilt")?;
    let child = rebuilding.begin_and_wait_for_lock(&url, &other, &["--compare", &other])?;
    let ended = end(child, Signal::SIGINT).context("in the comparison")?;
    ensure!(ended.status.code() == Some(130) && ended.stdout.is_empty(), "{ended:?}");
    rebuilding.databases.runtime.block_on(lock.close())?;
    same_rows(&rebuilding.rows(&url)?, &rebuilding.rows(&other)?)?;
    rebuilding.databases.stop()
}
