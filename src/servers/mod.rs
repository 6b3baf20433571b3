//! PostgreSQL and Redis: temporary servers from the installed programs, or servers that are named by their URL.
//!
//! - [`settings`]: settings of a rendered stack that temporary servers are started with
//! - [`installed`]: the installed programs
//! - [`os_user`]: the operating system's user that runs PostgreSQL
//! - [`certificates`]: the temporary servers' certificates
//! - [`postgresql`], [`redis`]: start and stop of each server
//! - [`server_process`]: a server's process, which can be stopped and started again
//! - [`address`]: addresses of the servers, and variables with which functions trust them

use std::fs::File;
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;

use crate::session::Session;
use crate::session::process::{LineHandler, OutputStream};
use crate::session::working_folder::WorkingFolder;
use certificates::Authority;

mod address;
mod certificates;
mod installed;
mod os_user;
mod postgresql;
mod redis;
mod server_process;
mod settings;

pub use address::{CacheAddress, DatabaseAddress, MasterLogin};
pub use server_process::ServerProcess;
pub use settings::{CacheUser, ServerParameter, ServerSettings};

/// The most attempts to start a server, each on another port: one that was free a moment ago may be taken by now.
const START_ATTEMPTS: u32 = 4;
/// Time between two probes of a starting server.
const PROBE_PAUSE: Duration = Duration::from_millis(20);

/// The error of a server that is neither given nor installed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NotInstalled(String);

/// The servers that a run will use, found but not yet started.
pub struct ServerPlan {
    database: DatabaseSource,
    cache: CacheSource,
}

enum DatabaseSource {
    Given { url: String, address: DatabaseAddress },
    Temporary(postgresql::Programs),
}

enum CacheSource {
    Given { url: String },
    Temporary { program: PathBuf },
}

/// The running servers.
#[derive(Clone)]
pub struct Servers {
    /// An administrator's URL of the database. Never to be shown: it holds the password.
    pub database_url: String,
    /// An administrator's URL of the cache. Never to be shown.
    pub cache_url: String,
    pub database: DatabaseAddress,
    pub cache: CacheAddress,
    /// The processes of those that are this run's own.
    pub database_process: Option<Arc<ServerProcess>>,
    pub cache_process: Option<Arc<ServerProcess>>,
}

impl ServerPlan {
    /// Finds the programs that are needed beside the given servers, for the data in the kept folder if there is one.
    /// One error names everything that is missing.
    pub fn make(
        database_url: Option<String>,
        cache_url: Option<String>,
        kept: Option<&WorkingFolder>,
    ) -> anyhow::Result<Self> {
        let given = database_url.map(|url| DatabaseAddress::given(&url).map(|address| (url, address))).transpose()?;
        let folders = installed::Folders::from_environment();
        let cluster = kept.map(|folder| folder.join(postgresql::FOLDER));
        let database = match given {
            Some((url, address)) => Ok(DatabaseSource::Given { url, address }),
            None => postgresql::Programs::find(&folders, cluster.as_deref()).map(DatabaseSource::Temporary),
        };
        let cache = match cache_url {
            Some(url) => Ok(CacheSource::Given { url }),
            None => redis::find(&folders).map(|program| CacheSource::Temporary { program }),
        };
        match (database, cache) {
            (Ok(database), Ok(cache)) => Ok(Self { database, cache }),
            (Err(database), Err(cache)) => Err(NotInstalled(format!("{database}\n{cache}")).into()),
            (Err(error), Ok(_)) | (Ok(_), Err(error)) => Err(NotInstalled(format!("{error:#}")).into()),
        }
    }

    /// Checks the given servers, then starts the others side by side. They end with the session.
    pub async fn start(self, session: &Session, settings: &ServerSettings) -> anyhow::Result<Servers> {
        if let DatabaseSource::Given { url, .. } = &self.database {
            postgresql::check_given(url).await.context("--database-url")?;
        }
        if let CacheSource::Given { url } = &self.cache {
            redis::check_given(url).await.context("--cache-url")?;
        }
        let (authority, file) = (Authority::new()?, session.folder.join("authority.pem"));
        authority.write(&file)?;
        let database = async {
            match self.database {
                DatabaseSource::Given { url, address } => anyhow::Ok((url, address, None)),
                DatabaseSource::Temporary(programs) => {
                    let started = postgresql::start(&programs, session, &authority, settings).await?;
                    let address = DatabaseAddress::temporary(&started, &file);
                    Ok((started.url(), address, Some(Arc::new(started.process))))
                }
            }
        };
        let cache = async {
            match self.cache {
                CacheSource::Given { url } => anyhow::Ok((url.clone(), CacheAddress::Given { url }, None)),
                CacheSource::Temporary { program } => {
                    let started = redis::start(&program, session, &authority, settings).await?;
                    let address = CacheAddress::temporary(&started, &file);
                    Ok((started.url, address, Some(Arc::new(started.process))))
                }
            }
        };
        let ((database_url, database, database_process), (cache_url, cache, cache_process)) =
            tokio::try_join!(database, cache)?;
        Ok(Servers { database_url, cache_url, database, cache, database_process, cache_process })
    }
}

/// Returns a port of loopback that is free at this moment.
pub fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Writes a file that only its owner can read.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = File::options().create(true).write(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}

/// Appends a server's output to `{name}.log` if logs are kept.
fn log_lines(name: &str, folder: &WorkingFolder) -> anyhow::Result<LineHandler> {
    let Some(logs) = folder.logs() else { return Ok(Arc::new(|_: OutputStream, _: &str| {})) };
    let path = logs.join(format!("{name}.log"));
    let file = File::options()
        .create(true)
        .append(true)
        .open(&path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(Arc::new(move |_: OutputStream, line: &str| {
        // Appending to a file needs no lock: each line is one write.
        (&file).write_all(format!("{line}\n").as_bytes()).ok();
    }))
}
