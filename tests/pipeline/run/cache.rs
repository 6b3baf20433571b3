//! A Redis server of the test's own, which outlives the run, and whose entries are compared with the export.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use redis::{Commands, Connection};
use tempfile::TempDir;

use super::export::Export;

/// A SKU of no record: its entry must not change.
pub(crate) const NEVER_SENT: &str = "never sent by anyone";

/// The TTL of entries that the test creates: longer than any run.
const SEED_SECONDS: i64 = 24 * 60 * 60;
/// The maximum TTL of a tombstone.
const MAX_TOMBSTONE_MILLISECONDS: i64 = 60_000;
/// The age up to which no tombstone of a server can have expired.
const NO_TOMBSTONE_EXPIRED: Duration = Duration::from_secs(50);

/// A running Redis server.
pub(crate) struct RedisServer {
    server: Child,
    port: u16,
    seeded: Vec<String>,
    /// True if readers fill the cache or it has lost entries: then any entry may hold a view.
    is_read: bool,
    started: Instant,
    folder: TempDir,
}

/// The client that may have put a view into an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FilledBy {
    /// The test, before the run.
    Test,
    /// Perhaps a reader.
    Reader,
    Nobody,
}

/// An entry in Redis.
struct CacheEntry {
    sku: String,
    version: u64,
    view: Option<String>,
    /// TTL in milliseconds.
    time_left: i64,
}

impl RedisServer {
    /// Starts an empty server.
    pub(crate) fn start() -> Result<Self> {
        // A free port may be taken a moment later.
        for _ in 0..5 {
            let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
            let folder = TempDir::new()?;
            let server = server(port, folder.path())?;
            let mut cache = Self { server, port, seeded: Vec::new(), is_read: false, started: Instant::now(), folder };
            if cache.is_ready()? {
                return Ok(cache);
            }
        }
        bail!("redis-server does not start")
    }

    /// Returns the URL for `--cache-url`.
    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Creates entries of unknown SKUs (version 0, an empty view), as readers' misses do, so that the processor writes
    /// views there.
    pub(crate) fn seed<'s>(&mut self, skus: impl IntoIterator<Item = &'s String>) -> Result<()> {
        let mut connection = self.connection()?;
        for sku in skus.into_iter().map(String::as_str).chain([NEVER_SENT]) {
            let key = format!("product:{sku}");
            () = connection.hset_multiple(&key, &[("version", "0"), ("view", "")])?;
            () = connection.expire(&key, SEED_SECONDS)?;
            self.seeded.push(sku.to_owned());
        }
        Ok(())
    }

    /// Tells whether the SKU's entry existed before the run.
    pub(crate) fn was_seeded(&self, sku: &str) -> bool {
        self.seeded.iter().any(|seeded| seeded == sku)
    }

    /// Allows views in any entry, because readers fill the cache during the run.
    pub(crate) fn allow_reads(&mut self) {
        self.is_read = true;
    }

    /// Stops the server's process, which keeps its entries but does not answer.
    pub(crate) fn freeze(&self) -> Result<()> {
        self.signal(Signal::SIGSTOP)
    }

    /// Continues the server's process.
    pub(crate) fn thaw(&self) -> Result<()> {
        self.signal(Signal::SIGCONT)
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        Ok(kill(Pid::from_raw(i32::try_from(self.server.id())?), signal)?)
    }

    /// Kills the server, which loses its entries.
    pub(crate) fn stop(&mut self) -> Result<()> {
        self.server.kill()?;
        self.server.wait()?;
        self.seeded.clear();
        self.is_read = true;
        Ok(())
    }

    /// Starts the server again on the same port.
    pub(crate) fn restart(&mut self) -> Result<()> {
        self.server = server(self.port, self.folder.path())?;
        ensure!(self.is_ready()?, "redis-server does not start again");
        Ok(())
    }

    /// Checks that every entry has its product's version and its view, or is a tombstone where nobody cached a view.
    pub(crate) fn check(&self, export: &Export) -> Result<()> {
        let entries = self.entries()?;
        for entry in &entries {
            check(entry, export, self.filled_by(&entry.sku))?;
        }
        let lost: Vec<&String> =
            self.seeded.iter().filter(|sku| !entries.iter().any(|entry| entry.sku == **sku)).collect();
        ensure!(lost.is_empty(), "seeded entries are gone: {lost:?}");
        if self.started.elapsed() < NO_TOMBSTONE_EXPIRED && !self.is_read {
            assert_eq!(
                entries.len(),
                export.len() + 1,
                "a product without an entry: no tombstone can have run out yet"
            );
        }
        Ok(())
    }

    fn filled_by(&self, sku: &str) -> FilledBy {
        match (self.was_seeded(sku), self.is_read) {
            (true, _) => FilledBy::Test,
            (false, true) => FilledBy::Reader,
            (false, false) => FilledBy::Nobody,
        }
    }

    fn entries(&self) -> Result<Vec<CacheEntry>> {
        let mut connection = self.connection()?;
        let keys: Vec<String> = connection.keys("*")?;
        let mut entries = Vec::new();
        for key in keys {
            let fields: Vec<(String, String)> = connection.hgetall(&key)?;
            let time_left = connection.pttl(&key)?;
            // A tombstone may expire before either command.
            if !fields.is_empty() && time_left != NO_KEY {
                entries.push(entry(&key, &fields, time_left)?);
            }
        }
        Ok(entries)
    }

    fn connection(&self) -> Result<Connection> {
        Ok(redis::Client::open(self.url())?.get_connection()?)
    }

    /// Waits until the server answers; returns false if it has ended.
    fn is_ready(&mut self) -> Result<bool> {
        let deadline = Instant::now() + Duration::from_secs(20);
        while Instant::now() < deadline && self.server.try_wait()?.is_none() {
            if self.connection().is_ok() {
                return Ok(true);
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(false)
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // SIGKILL also ends a stopped process.
        self.server.kill().ok();
        self.server.wait().ok();
    }
}

fn server(port: u16, folder: &Path) -> Result<Child> {
    let mut command = Command::new("redis-server");
    command.args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", "", "--appendonly", "no", "--dir"]);
    let started = command.arg(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    started.context("redis-server is not on the PATH: install Redis 7 or later")
}

/// The TTL of a key that does not exist; -1 is that of a key without expiry.
const NO_KEY: i64 = -2;

fn entry(key: &str, fields: &[(String, String)], time_left: i64) -> Result<CacheEntry> {
    let field = |name: &str| fields.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone());
    ensure!(fields.iter().all(|(name, _)| name == "version" || name == "view"), "{key} holds {fields:?}");
    Ok(CacheEntry {
        sku: key.strip_prefix("product:").with_context(|| format!("{key} is not the key of a product"))?.to_owned(),
        version: field("version").with_context(|| format!("{key} has no version"))?.parse()?,
        view: field("view"),
        time_left,
    })
}

fn check(entry: &CacheEntry, export: &Export, filled_by: FilledBy) -> Result<()> {
    let CacheEntry { sku, version, view, time_left } = entry;
    ensure!(*time_left >= 0, "the entry of {sku:?} never ends: {time_left}");
    let Some(exported) = export.get(sku) else {
        ensure!(filled_by != FilledBy::Nobody, "there is an entry of {sku:?}, but no such product");
        let is_unknown = (*version, view.as_deref()) == (0, Some(""));
        ensure!(is_unknown, "the entry of {sku:?}, which no record holds: {version} {view:?}");
        return Ok(());
    };
    let newest = exported.version;
    ensure!(*version == newest, "the entry of {sku:?} has version {version}, the product {newest}");
    match (view, filled_by) {
        (Some(view), FilledBy::Test | FilledBy::Reader) => {
            ensure!(
                *view == exported.line,
                "the view in the entry of {sku:?} is {view}, the product's {}",
                exported.line
            );
        }
        (None, FilledBy::Nobody | FilledBy::Reader) => {
            ensure!(*time_left <= MAX_TOMBSTONE_MILLISECONDS, "the tombstone of {sku:?} lives another {time_left} ms");
        }
        (Some(_), FilledBy::Nobody) => bail!("the entry of {sku:?} was not cached and must be a tombstone"),
        (None, FilledBy::Test) => bail!("the view of {sku:?} was cached and is gone"),
    }
    Ok(())
}
