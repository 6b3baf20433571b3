//! A Redis of the test's own, which outlives the run, held against the export.

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

/// A SKU that no record holds: nobody may touch its entry.
pub(crate) const NEVER_SENT: &str = "never sent by anyone";

/// How long an entry that the test makes lives, in seconds: longer than any run.
const SEED_SECONDS: i64 = 24 * 60 * 60;
/// How long a tombstone lives at most, in milliseconds.
const TOMBSTONE: i64 = 60_000;
/// The age of a cache in which no tombstone can have run out.
const YOUNG: Duration = Duration::from_secs(50);

/// A running server.
pub(crate) struct Cache {
    server: Child,
    port: u16,
    seeded: Vec<String>,
    /// Whether others fill it, or it has lost entries: any entry may hold a view.
    is_read: bool,
    started: Instant,
    folder: TempDir,
}

/// Who may have put a view into an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The test, before the run.
    Seeded,
    /// A reader, perhaps.
    Filled,
    /// Nobody.
    Untouched,
}

/// An entry as it lies in Redis.
struct Entry {
    sku: String,
    version: u64,
    view: Option<String>,
    /// In milliseconds.
    time_left: i64,
}

impl Cache {
    /// Starts a server that holds nothing.
    pub(crate) fn start() -> Result<Self> {
        // A port that is free now can be taken a moment later.
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

    /// What `--cache-url` takes.
    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Remembers SKUs as unknown (version 0, an empty view), as readers' misses would, so that views get there at all.
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

    /// Whether the SKU's entry was there before the run.
    pub(crate) fn was_seeded(&self, sku: &str) -> bool {
        self.seeded.iter().any(|seeded| seeded == sku)
    }

    /// Readers fill it during the run.
    pub(crate) fn is_read_by_others(&mut self) {
        self.is_read = true;
    }

    /// It does not answer any more, and keeps what it holds.
    pub(crate) fn freeze(&self) -> Result<()> {
        self.signal(Signal::SIGSTOP)
    }

    /// It answers again.
    pub(crate) fn thaw(&self) -> Result<()> {
        self.signal(Signal::SIGCONT)
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        Ok(kill(Pid::from_raw(i32::try_from(self.server.id())?), signal)?)
    }

    /// It is gone, with all that it held.
    pub(crate) fn stop(&mut self) -> Result<()> {
        self.server.kill()?;
        self.server.wait()?;
        self.seeded.clear();
        self.is_read = true;
        Ok(())
    }

    /// It is there again, at the same port.
    pub(crate) fn start_again(&mut self) -> Result<()> {
        self.server = server(self.port, self.folder.path())?;
        ensure!(self.is_ready()?, "redis-server does not start again");
        Ok(())
    }

    /// Every entry must be at its product's version, and hold its view or, where nobody cached one, be a tombstone.
    pub(crate) fn check(&self, export: &Export) -> Result<()> {
        let entries = self.entries()?;
        for entry in &entries {
            check(entry, export, self.kind_of(&entry.sku));
        }
        let lost: Vec<&String> =
            self.seeded.iter().filter(|sku| !entries.iter().any(|entry| entry.sku == **sku)).collect();
        ensure!(lost.is_empty(), "seeded entries are gone: {lost:?}");
        if self.started.elapsed() < YOUNG && !self.is_read {
            assert_eq!(
                entries.len(),
                export.len() + 1,
                "a product without an entry: no tombstone can have run out yet"
            );
        }
        Ok(())
    }

    fn kind_of(&self, sku: &str) -> Kind {
        match (self.was_seeded(sku), self.is_read) {
            (true, _) => Kind::Seeded,
            (false, true) => Kind::Filled,
            (false, false) => Kind::Untouched,
        }
    }

    fn entries(&self) -> Result<Vec<Entry>> {
        let mut connection = self.connection()?;
        let keys: Vec<String> = connection.keys("*")?;
        let mut entries = Vec::new();
        for key in keys {
            let fields: Vec<(String, String)> = connection.hgetall(&key)?;
            let time_left = connection.pttl(&key)?;
            // A tombstone may run out in between, before either question.
            if !fields.is_empty() && time_left != GONE {
                entries.push(entry(&key, &fields, time_left)?);
            }
        }
        Ok(entries)
    }

    fn connection(&self) -> Result<Connection> {
        Ok(redis::Client::open(self.url())?.get_connection()?)
    }

    /// Waits until it answers; false if it ended.
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

impl Drop for Cache {
    fn drop(&mut self) {
        // A kill ends a frozen one, too.
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

/// The time that is left to a key that is not there; -1 would be a key that never ends.
const GONE: i64 = -2;

fn entry(key: &str, fields: &[(String, String)], time_left: i64) -> Result<Entry> {
    let field = |name: &str| fields.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone());
    ensure!(fields.iter().all(|(name, _)| name == "version" || name == "view"), "{key} holds {fields:?}");
    Ok(Entry {
        sku: key.strip_prefix("product:").with_context(|| format!("{key} is no product's key"))?.to_owned(),
        version: field("version").with_context(|| format!("{key} has no version"))?.parse()?,
        view: field("view"),
        time_left,
    })
}

fn check(entry: &Entry, export: &Export, kind: Kind) {
    let Entry { sku, version, view, time_left } = entry;
    assert!(*time_left >= 0, "the entry of {sku:?} never ends: {time_left}");
    let Some(exported) = export.get(sku) else {
        assert!(kind != Kind::Untouched, "there is an entry of {sku:?}, but no such product");
        assert_eq!((*version, view.as_deref()), (0, Some("")), "the entry of {sku:?}, which no record holds");
        return;
    };
    assert_eq!(*version, exported.version, "the version in the entry of {sku:?}");
    match (view, kind) {
        (Some(view), Kind::Seeded | Kind::Filled) => {
            assert_eq!(*view, exported.line, "the view in the entry of {sku:?}");
        }
        (None, Kind::Untouched | Kind::Filled) => {
            assert!(*time_left <= TOMBSTONE, "the tombstone of {sku:?} lives another {time_left} ms");
        }
        (Some(_), Kind::Untouched) => panic!("the entry of {sku:?} was not cached and must be a tombstone"),
        (None, Kind::Seeded) => panic!("the view of {sku:?} was cached and is gone"),
    }
}
