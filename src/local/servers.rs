//! PostgreSQL and Redis: throwaway ones from the installed programs, or given ones.
//!
//! - [`installed`]: finds the programs
//! - [`account`]: who PostgreSQL runs as when pipegen is root
//! - [`postgresql`], [`redis`]: start them
//! - [`url`]: connection URLs

use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;

use super::place::Place;
use super::process::{Lines, Stream, Supervisor};

mod account;
mod installed;
mod postgresql;
mod redis;
pub mod url;

/// How often a server is started on another free port, since a port that was free a moment ago may be taken by now.
const PORTS: u32 = 5;
/// How often a starting server is asked whether it is ready.
const PROBE_PAUSE: Duration = Duration::from_millis(20);

/// Which servers a run will use. Making the plan finds out whether they are there; nothing is started yet.
#[derive(Debug)]
pub struct Plan {
    database: Database,
    cache: Cache,
}

#[derive(Debug)]
enum Database {
    Given(String),
    Throwaway(postgresql::Programs),
}

#[derive(Debug)]
enum Cache {
    Given(String),
    Throwaway(PathBuf),
}

/// The running servers' URLs, logins included: never to be shown.
#[derive(Clone)]
pub struct Servers {
    /// An administrator's URL of the database.
    pub database_url: String,
    /// The URL of the cache.
    pub cache_url: String,
}

impl Plan {
    /// Finds the programs, for the data in the kept place if there is one. Everything that is missing is named in one error.
    pub fn make(database_url: Option<String>, cache_url: Option<String>, kept: Option<&Place>) -> anyhow::Result<Self> {
        if let Some(url) = &database_url {
            url::with_login(url, "name", "password").context(
                "--database-url must name an administrator, a host and a database: postgres://USER:PASSWORD@HOST:PORT/DATABASE",
            )?;
        }
        let folders = installed::Folders::from_environment();
        let mut missing = Vec::new();
        let database = match database_url {
            Some(url) => Some(Database::Given(url)),
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
    pub async fn start(self, place: &Place, supervisor: &Supervisor) -> anyhow::Result<Servers> {
        if let Database::Given(url) = &self.database {
            postgresql::check_given(url).await.context("--database-url")?;
        }
        if let Cache::Given(url) = &self.cache {
            redis::check_given(url).await.context("--cache-url")?;
        }
        let database = async {
            match self.database {
                Database::Given(url) => Ok(url),
                Database::Throwaway(programs) => postgresql::start(&programs, place, supervisor).await,
            }
        };
        let cache = async {
            match self.cache {
                Cache::Given(url) => Ok(url),
                Cache::Throwaway(program) => redis::start(&program, place, supervisor).await,
            }
        };
        let (database_url, cache_url) = tokio::try_join!(database, cache)?;
        Ok(Servers { database_url, cache_url })
    }
}

/// A port that is free at this moment.
fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Keeps a server's lines in `{name}.log`, if logs are kept.
fn log_lines(name: &str, place: &Place) -> anyhow::Result<Lines> {
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
