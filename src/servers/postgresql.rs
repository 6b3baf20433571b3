//! PostgreSQL.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use nix::sys::signal::Signal;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions as _, PgConnection};
use tokio::process::Command;
use uuid::Uuid;

use super::account::{self, Account};
use super::certificates::{Authority, HOST, ServerFiles};
use crate::session::process::{Kind, Lines, Process, Stop, Stream, Supervisor};
use crate::session::working_folder::WorkingFolder;

mod programs;

use programs::OLDEST;
pub(super) use programs::Programs;

/// The cluster's folder in its place.
pub(super) const FOLDER: &str = "postgresql";
/// PostgreSQL's usual port.
pub(super) const PORT: u16 = 5432;
pub(super) const SUPERUSER: &str = "pipegen";
pub(super) const DATABASE: &str = "inventory";
/// Each environment holds a few connections, and a killed one's stay until the server notices.
const CONNECTIONS: u32 = 200;
/// How long a start may take; a kept cluster that was killed has to recover.
const START_LIMIT: Duration = Duration::from_mins(2);

/// Who may connect: the superuser in any way, everybody else with TLS, as on RDS.
const ACCESS: &str = "host all pipegen 127.0.0.1/32 scram-sha-256\nhostssl all all 127.0.0.1/32 scram-sha-256\n";

/// A running server.
pub(super) struct Started {
    pub(super) port: u16,
    /// The superuser's.
    pub(super) password: String,
}

impl Started {
    /// The superuser's URL, in plain text.
    pub(super) fn url(&self) -> String {
        let Self { port, password } = self;
        format!("postgres://{SUPERUSER}:{password}@127.0.0.1:{port}/{DATABASE}?sslmode=disable")
    }
}

/// Starts a server on a free port of loopback.
pub(super) async fn start(
    programs: &Programs,
    place: &WorkingFolder,
    supervisor: &Supervisor,
    authority: &Authority,
) -> anyhow::Result<Started> {
    let account = Account::unprivileged()?;
    let folder = place.part(FOLDER);
    account::own_folder(&folder, account)?;
    let password = superuser_password(&folder, account)?;
    let data = folder.join("data");
    if !data.join("PG_VERSION").exists() {
        initialise(programs, &folder, account, place.is_kept(), supervisor).await?;
    }
    let files = authority.write_server(&folder, HOST)?;
    let access = folder.join("access.conf");
    fs::write(&access, ACCESS).with_context(|| format!("cannot write {}", access.display()))?;
    for file in [&files.certificate, &files.key, &access] {
        account::own(file, account).with_context(|| format!("cannot hand over {}", file.display()))?;
    }
    for _ in 1..super::PORTS {
        if let Some(port) = start_once(programs, place, supervisor, account, &password, &files).await? {
            return Ok(Started { port, password });
        }
    }
    anyhow::bail!("PostgreSQL finds no free port")
}

/// The superuser's password, made with the cluster and kept beside it.
fn superuser_password(folder: &Path, account: Option<Account>) -> anyhow::Result<String> {
    let path = folder.join("password");
    match fs::read_to_string(&path) {
        Ok(password) => Ok(password),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let password = Uuid::new_v4().simple().to_string();
            // The folder lets nobody else in, so the file need not be guarded once more.
            fs::write(&path, &password)
                .and_then(|()| account::own(&path, account))
                .with_context(|| format!("cannot write {}", path.display()))?;
            Ok(password)
        }
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Makes the cluster. Costs 0.4 s without syncing, so there is no template that would be copied.
async fn initialise(
    programs: &Programs,
    folder: &Path,
    account: Option<Account>,
    kept: bool,
    supervisor: &Supervisor,
) -> anyhow::Result<()> {
    // An earlier run may have been killed in the middle of it.
    let data = folder.join("data");
    if data.exists() {
        fs::remove_dir_all(&data).with_context(|| format!("cannot remove the unfinished {}", data.display()))?;
    }
    let mut command = Command::new(programs.folder.join("initdb"));
    command
        .args(["--username", SUPERUSER, "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C"])
        .arg("--no-instructions")
        .args((!kept).then_some("--no-sync"))
        .arg("--pwfile")
        .arg(folder.join("password"))
        .arg("--pgdata")
        .arg(&data)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("TZ", "UTC")
        .current_dir("/");
    account::run_as(&mut command, account);
    let stop = Stop { signal: Signal::SIGTERM, grace: Duration::from_secs(5) };
    let lines: Lines = Arc::new(|_: Stream, _: &str| {});
    let process = supervisor.spawn("initdb", Kind::Server, stop, command, lines).context("cannot run initdb")?;
    let status = process.exited().await;
    anyhow::ensure!(
        status.success(),
        "PostgreSQL cannot make its data folder {} ({status}); initdb's last lines: {}",
        data.display(),
        process.last_lines()
    );
    Ok(())
}

/// Starts on one port; none if that was taken in between.
async fn start_once(
    programs: &Programs,
    place: &WorkingFolder,
    supervisor: &Supervisor,
    account: Option<Account>,
    password: &str,
    files: &ServerFiles,
) -> anyhow::Result<Option<u16>> {
    let port = super::free_port().context("there is no free port")?;
    let mut command = Command::new(programs.folder.join("postgres"));
    let folder = place.part(FOLDER);
    command.arg("-D").arg(folder.join("data")).env_clear().env("TZ", "UTC").current_dir("/");
    let paths = [
        format!("hba_file={}", folder.join("access.conf").display()),
        format!("ssl_cert_file={}", files.certificate.display()),
        format!("ssl_key_file={}", files.key.display()),
    ];
    for setting in settings(port, place.is_kept()).into_iter().chain(paths) {
        command.arg("-c").arg(setting);
    }
    account::run_as(&mut command, account);
    let stop = if place.is_kept() {
        // A fast shutdown, which writes a checkpoint.
        Stop { signal: Signal::SIGINT, grace: Duration::from_secs(30) }
    } else {
        Stop { signal: Signal::SIGQUIT, grace: Duration::from_secs(5) }
    };
    let lines = super::log_lines(FOLDER, place)?;
    let process = supervisor.spawn("PostgreSQL", Kind::Server, stop, command, lines).context("cannot run postgres")?;
    let options = PgConnectOptions::new_without_pgpass()
        .host("127.0.0.1")
        .port(port)
        .username(SUPERUSER)
        .password(password)
        .database("postgres")
        .ssl_mode(PgSslMode::Disable);
    match ready(&options, &process).await? {
        Some(mut connection) => create_database(&mut connection).await?,
        None => return Ok(None),
    }
    Ok(Some(port))
}

/// The server's settings. Data that is thrown away need not survive a power cut.
fn settings(port: u16, kept: bool) -> Vec<String> {
    let mut settings = vec![
        "listen_addresses=127.0.0.1".to_owned(),
        format!("port={port}"),
        // Only the port is used, and a socket's path has a limit of some hundred characters.
        "unix_socket_directories=".to_owned(),
        format!("max_connections={CONNECTIONS}"),
        "shared_buffers=128MB".to_owned(),
        "timezone=UTC".to_owned(),
        "log_timezone=UTC".to_owned(),
        "ssl=on".to_owned(),
        // As in the stack: a password in a statement would be seen.
        "log_statement=ddl".to_owned(),
        "log_parameter_max_length=0".to_owned(),
        "log_parameter_max_length_on_error=0".to_owned(),
    ];
    if !kept {
        settings.extend(["fsync=off", "full_page_writes=off", "synchronous_commit=off"].map(str::to_owned));
    }
    settings
}

/// Waits until the server takes connections; nothing if its port was taken.
async fn ready(options: &PgConnectOptions, process: &Process) -> anyhow::Result<Option<PgConnection>> {
    let probe = async {
        loop {
            if let Ok(connection) = options.connect().await {
                return connection;
            }
            tokio::time::sleep(super::PROBE_PAUSE).await;
        }
    };
    tokio::select! {
        connection = probe => Ok(Some(connection)),
        status = process.exited() => {
            let lines = process.last_lines();
            if lines.contains("Address already in use") {
                return Ok(None);
            }
            anyhow::bail!("PostgreSQL does not start ({status}); its last lines: {lines}")
        }
        () = tokio::time::sleep(START_LIMIT) => {
            anyhow::bail!("PostgreSQL is not ready after {} s; its last lines: {}", START_LIMIT.as_secs(), process.last_lines())
        }
    }
}

async fn create_database(connection: &mut PgConnection) -> anyhow::Result<()> {
    let exists: bool = sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
        .bind(DATABASE)
        .fetch_one(&mut *connection)
        .await
        .context("cannot look for the database")?;
    if !exists {
        sqlx::query("create database inventory").execute(connection).await.context("cannot create the database")?;
    }
    Ok(())
}

/// Whether a given server answers and is new enough.
pub(super) async fn check_given(url: &str) -> anyhow::Result<()> {
    let options: PgConnectOptions = url.parse().context("is no PostgreSQL URL")?;
    let connect = async {
        let mut connection = options.connect().await?;
        sqlx::query_scalar::<_, String>("select current_setting('server_version_num')").fetch_one(&mut connection).await
    };
    let version = tokio::time::timeout(Duration::from_secs(10), connect)
        .await
        .context("no answer within 10 s")?
        // Its text names its own causes.
        .map_err(|error| anyhow::anyhow!("cannot connect: {error}"))?;
    let major = version.parse::<u32>().unwrap_or_default() / 10_000;
    anyhow::ensure!(major >= OLDEST, "is PostgreSQL {major}; version {OLDEST} or later is needed");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_thrown_away_data_is_not_synced() {
        let has = |kept| settings(1, kept).iter().any(|setting| setting == "fsync=off");
        assert!(has(false) && !has(true));
    }
}
