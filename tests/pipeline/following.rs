//! A reader that follows the catalog, killed and started again while four writers change it: it misses no change.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use pipegen::servers::{ServerPlan, ServerSettings, free_port};
use pipegen::session::Session;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};

use crate::records::{lines, rearranged};
use crate::run::local::LocalCommand;

/// The time for a run.
const TIMEOUT: Duration = Duration::from_mins(10);

/// A reader as short as it can be. It keeps each page in a file that appears whole; the next page begins where the last
/// file ends. What is behind the last `"next":` is the cursor: a quote inside a view is escaped.
const READER: &str = r#"
number=$(ls "$PAGES" | wc -l)
while :; do
    after=
    if [ "$number" -gt 0 ]; then
        after="&after=$(sed -E 's/.*"next":"([^"]*)".*/\1/' "$PAGES/$(printf %06d "$number")")"
    fi
    if curl --silent --fail --output page "$URL/changes?limit=$LIMIT$after"; then
        if ! grep --quiet '"changes":\[\]' page || grep --quiet '"more":true' page; then
            number=$((number + 1))
            mv page "$PAGES/$(printf %06d "$number")"
        fi
    fi
    sleep 0.02
done
"#;

/// The reader's process.
struct Reader(Child);

impl Reader {
    fn start(folder: &Path, url: &str, limit: usize) -> Result<Self> {
        let mut command = Command::new("bash");
        command
            .args(["-c", READER])
            .env("PAGES", folder.join("pages"))
            .env("URL", url)
            .env("LIMIT", limit.to_string())
            .current_dir(folder);
        // A process group of its own, so that its children are killed with it.
        Ok(Self(command.stdin(Stdio::null()).process_group(0).spawn().context("bash does not start")?))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let pid = Pid::from_raw(i32::try_from(self.0.id()).expect("a process id fits"));
        killpg(pid, Signal::SIGKILL).ok();
        self.0.wait().ok();
    }
}

/// A page that the reader has kept: the version of each product on it, and where it ends.
struct Page {
    versions: BTreeMap<String, i64>,
    end: Place,
}

/// The place in the rows at which a page ends; a listing has none.
type Place = Option<(i64, i64, usize)>;

fn place(cursor: &str) -> Result<Place> {
    let text = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(cursor)?)?;
    let Some(place) = text.strip_prefix("1/changes/") else { return Ok(None) };
    let numbers: Vec<i64> = place.trim_end_matches('/').split(',').map(str::parse).collect::<Result<_, _>>()?;
    Ok(Some((numbers[0], numbers[1], usize::try_from(numbers[2])?)))
}

fn page(path: &Path) -> Result<Page> {
    let page: Value = serde_json::from_str(&fs::read_to_string(path)?)?;
    let mut versions = BTreeMap::new();
    for view in page["changes"].as_array().context("a list")? {
        let sku = view["sku"].as_str().context("a SKU")?.to_owned();
        let before = versions.insert(sku, view["version"].as_i64().context("a version")?);
        ensure!(before.is_none(), "a product is there twice: {}", path.display());
    }
    Ok(Page { versions, end: place(page["next"].as_str().context("a cursor")?)? })
}

/// Returns the pages' files, in order.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder.join("pages"))?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.sort();
    Ok(files)
}

/// The server takes passwords over TLS only, and a run trusts nobody's certificate for a server that it was given.
async fn allow_logins_without_tls(admin: &mut PgConnection) -> Result<()> {
    let path: String = sqlx::query_scalar("show hba_file").fetch_one(&mut *admin).await?;
    let rules = fs::read_to_string(&path)?;
    fs::write(&path, format!("host all all 127.0.0.1/32 scram-sha-256\n{rules}"))?;
    sqlx::raw_sql("select pg_reload_conf()").execute(admin).await?;
    Ok(())
}

/// A row of the database: its place before its first product, and the products.
type Change = (i64, DateTime<Utc>, Vec<String>);

/// Checks that each page of changes has all products of the rows that it passes, in versions that are as new. Returns
/// the number of rows that the pages pass.
fn check(pages: &[Page], history: &[Change]) -> Result<usize> {
    let mut passed = BTreeSet::new();
    // Each product of a row with the place after it, in order.
    let mut entries = Vec::new();
    for (transaction, changed_at, skus) in history {
        let time = changed_at.timestamp_micros();
        entries.extend(skus.iter().zip(1..).map(|(sku, number)| ((*transaction, time, number), sku)));
    }
    for pair in pages.windows(2) {
        let (Some(from), Some(to)) = (pair[0].end, pair[1].end) else { continue };
        ensure!(from <= to, "the cursor goes back from {from:?} to {to:?}");
        let until = |end| entries.partition_point(|(place, _)| *place <= end);
        for ((transaction, time, _), sku) in &entries[until(from)..until(to)] {
            let version = pair[1].versions.get(*sku);
            ensure!(version.is_some_and(|version| version >= time), "{sku:?} of {transaction} is missed");
            passed.insert((*transaction, *time));
        }
    }
    Ok(passed.len())
}

#[test]
fn a_reader_that_is_killed_again_and_again_misses_no_change() -> Result<()> {
    let lines = rearranged::spread(&lines()?, 4)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let session = Session::open(None)?;
    let main = serde_json::from_str(include_str!("../golden/staging.main.tf.json"))?;
    let servers =
        runtime.block_on(ServerPlan::make(None, None, None)?.start(&session, &ServerSettings::from_stack(&main)?))?;
    let mut connection = runtime.block_on(PgConnection::connect(&servers.database_url))?;
    runtime.block_on(allow_logins_without_tls(&mut connection))?;
    let port = free_port()?;
    let local = LocalCommand::new()?;
    let (export, folder) = (local.path("export.jsonl"), local.path("reader"));
    fs::create_dir_all(folder.join("pages"))?;
    let rate = (lines.len() / 15).max(500);
    let mut running = local
        .records(&lines)?
        .option("--rate", rate.to_string())
        .option("--database-url", &servers.database_url)
        .option("--export", &export)
        .option("--catalog-port", port.to_string())
        .flag("--serve")
        .start()?;

    let url = format!("http://127.0.0.1:{port}");
    // Small pages end inside rows; with them a stream of a hundred times as many would take as much longer.
    let limit = if lines.len() > 20_000 { 500 } else { 50 };
    let mut chance = StdRng::seed_from_u64(7);
    let (deadline, mut kills) = (Instant::now() + TIMEOUT, 0);
    // The export appears when every record is processed.
    while !export.exists() {
        ensure!(running.is_alive()? && Instant::now() < deadline, "there is no export");
        let reader = Reader::start(&folder, &url, limit)?;
        thread::sleep(Duration::from_millis(chance.random_range(50..600)));
        drop(reader);
        kills += 1;
    }
    let mut views = BTreeMap::new();
    for view in fs::read_to_string(&export)?.lines() {
        let view: Value = serde_json::from_str(view)?;
        views.insert(view["sku"].as_str().context("a SKU")?.to_owned(), view["version"].as_i64().context("a version")?);
    }
    let history: Vec<Change> = runtime.block_on(
        sqlx::query_as("select transaction, changed_at, skus from change order by transaction, changed_at")
            .fetch_all(&mut connection),
    )?;
    let newest =
        history.last().map(|(transaction, changed_at, skus)| (*transaction, changed_at.timestamp_micros(), skus.len()));
    let reader = Reader::start(&folder, &url, limit)?;
    loop {
        if let Some(last) = files(&folder)?.last()
            && page(last)?.end == newest
        {
            break;
        }
        ensure!(Instant::now() < deadline, "the reader does not get to {newest:?}");
        thread::sleep(Duration::from_millis(100));
    }
    drop(reader);
    let pages: Vec<Page> = files(&folder)?.iter().map(|path| page(path)).collect::<Result<_>>()?;
    let passed = check(&pages, &history)?;
    let mut read = BTreeMap::new();
    for (sku, version) in pages.iter().flat_map(|page| &page.versions) {
        let before = read.insert(sku.clone(), *version);
        ensure!(before.is_none_or(|before| before <= *version), "{sku:?} goes back");
    }
    println!("{kills} kills, {} pages, {passed} of {} rows read as changes", pages.len(), history.len());
    assert_eq!(read, views, "the reader has what is in the catalog");
    assert!(kills > 10 && passed > 10, "{kills} kills, {passed} rows: nothing was followed");
    running.press_ctrl_c()?;
    running.wait_for_stop()?.succeeded()?;
    runtime.block_on(session.close())
}
