//! PostgreSQL and Redis: throwaway ones from the installed programs, or given ones.
//!
//! - [`installed`]: finds the programs
//! - [`account`]: who PostgreSQL runs as when pipegen is root
//! - [`certificates`]: what they prove their name with
//! - [`postgresql`], [`redis`]: start them
//! - [`reach`]: how the functions reach them

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;

use crate::session::process::{Lines, Stream, Supervisor};
use crate::session::working_folder::WorkingFolder;
use certificates::Authority;

mod account;
mod certificates;
mod installed;
mod postgresql;
mod reach;
mod redis;

pub use reach::{CacheReach, DatabaseReach, MasterLogin};

/// How often a server is started on another free port, since a port that was free a moment ago may be taken by now.
const PORTS: u32 = 5;
/// How often a starting server is asked whether it is ready.
const PROBE_PAUSE: Duration = Duration::from_millis(20);

/// Which servers a run will use. Making the plan finds out whether they are there; nothing is started yet.
pub struct Plan {
    database: Database,
    cache: Cache,
}

enum Database {
    Given(String, DatabaseReach),
    Throwaway(postgresql::Programs),
}

enum Cache {
    Given(String),
    Throwaway(PathBuf),
}

/// The running servers.
#[derive(Clone)]
pub struct Servers {
    /// An administrator's URL of the database. Never to be shown: it holds the login.
    pub database_url: String,
    /// An administrator's URL of the cache. Never to be shown.
    pub cache_url: String,
    /// How the functions reach the database.
    pub database: DatabaseReach,
    /// How the functions reach the cache.
    pub cache: CacheReach,
}

impl Plan {
    /// Finds the programs, for the data in the kept place if there is one. Everything that is missing is named in one error.
    pub fn make(
        database_url: Option<String>,
        cache_url: Option<String>,
        kept: Option<&WorkingFolder>,
    ) -> anyhow::Result<Self> {
        let given = database_url.map(|url| DatabaseReach::given(&url).map(|reach| (url, reach))).transpose()?;
        let folders = installed::Folders::from_environment();
        let mut missing = Vec::new();
        let database = match given {
            Some((url, reach)) => Some(Database::Given(url, reach)),
            None => postgresql::Programs::find(&folders, kept.map(|place| place.part(postgresql::FOLDER)).as_deref())
                .map(Database::Throwaway)
                .map_err(|error| missing.push(error.to_string()))
                .ok(),
        };
        let cache = match cache_url {
            Some(url) => Some(Cache::Given(url)),
            None => redis::find(&folders).map(Cache::Throwaway).map_err(|error| missing.push(error.to_string())).ok(),
        };
        match (database, cache) {
            (Some(database), Some(cache)) => Ok(Self { database, cache }),
            _ => anyhow::bail!("{}", missing.join("\n")),
        }
    }

    /// Checks the given servers; when they are right, starts the others, side by side.
    pub async fn start(self, place: &WorkingFolder, supervisor: &Supervisor) -> anyhow::Result<Servers> {
        if let Database::Given(url, _) = &self.database {
            postgresql::check_given(url).await.context("--database-url")?;
        }
        if let Cache::Given(url) = &self.cache {
            redis::check_given(url).await.context("--cache-url")?;
        }
        let (authority, file) = (Authority::new()?, place.part("authority.pem"));
        authority.write(&file)?;
        let database = async {
            match self.database {
                Database::Given(url, reach) => anyhow::Ok((url, reach)),
                Database::Throwaway(programs) => {
                    let started = postgresql::start(&programs, place, supervisor, &authority).await?;
                    Ok((started.url(), DatabaseReach::throwaway(&started, &file)))
                }
            }
        };
        let cache = async {
            match self.cache {
                Cache::Given(url) => anyhow::Ok((url.clone(), CacheReach::Given(url))),
                Cache::Throwaway(program) => {
                    let started = redis::start(&program, place, supervisor, &authority).await?;
                    Ok((started.url, CacheReach::throwaway(&started.port, &file)))
                }
            }
        };
        let ((database_url, database), (cache_url, cache)) = tokio::try_join!(database, cache)?;
        Ok(Servers { database_url, cache_url, database, cache })
    }
}

/// A port that is free at this moment.
fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Writes a file that only its owner reads.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = std::fs::File::options().create(true).write(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}

/// Keeps a server's lines in `{name}.log`, if logs are kept.
fn log_lines(name: &str, place: &WorkingFolder) -> anyhow::Result<Lines> {
    use std::io::Write as _;
    let Some(folder) = place.logs() else { return Ok(Arc::new(|_: Stream, _: &str| {})) };
    let path = folder.join(format!("{name}.log"));
    let file = std::fs::File::options()
        .create(true)
        .append(true)
        .open(&path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(Arc::new(move |_: Stream, line: &str| {
        // Appending to a file needs no lock: each line is one write.
        (&file).write_all(format!("{line}\n").as_bytes()).ok();
    }))
}
