//! PostgreSQL: a temporary server, or the check of a given one.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use nix::sys::signal::Signal;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions as _, PgConnection};
use tokio::process::Command;
use uuid::Uuid;

use super::certificates::{Authority, HOST, ServerFiles};
use super::os_user::OsUser;
use super::server_process::{ServerProcess, ServerRecipe};
use super::settings::{ServerParameter, ServerSettings};
use crate::session::Session;
use crate::session::process::{Process, ProcessKind, StopPolicy};

mod programs;

use programs::OLDEST;
pub(super) use programs::Programs;

/// The server's folder in the working folder.
pub(super) const FOLDER: &str = "postgresql";
/// PostgreSQL's usual port.
pub(super) const PORT: u16 = 5432;
pub(super) const SUPERUSER: &str = "pipegen";
/// Each function process holds a few connections, and a killed one's stay until the server notices.
const CONNECTIONS: u32 = 200;
/// The longest start: a kept cluster that was killed has to recover.
const START_LIMIT: Duration = Duration::from_mins(2);

/// `pg_hba.conf`: the superuser may connect in plain text, everybody else with TLS only, as on RDS.
const ACCESS: &str = "host all pipegen 127.0.0.1/32 scram-sha-256\nhostssl all all 127.0.0.1/32 scram-sha-256\n";

/// A running server.
pub(super) struct Started {
    pub(super) port: u16,
    pub(super) database: String,
    /// The superuser's.
    pub(super) password: String,
    pub(super) process: ServerProcess,
}

impl Started {
    /// Returns the superuser's URL, in plain text.
    pub(super) fn url(&self) -> String {
        let Self { port, database, password, .. } = self;
        format!("postgres://{SUPERUSER}:{password}@127.0.0.1:{port}/{database}?sslmode=disable")
    }
}

/// Starts a server on a free port of loopback.
pub(super) async fn start(
    programs: &Programs,
    session: &Session,
    authority: &Authority,
    settings: &ServerSettings,
) -> anyhow::Result<Started> {
    let cluster = Cluster { programs, session, user: OsUser::unprivileged()?, folder: session.folder.join(FOLDER) };
    cluster.user.create_folder(&cluster.folder)?;
    let password = cluster.superuser_password()?;
    if !cluster.data().join("PG_VERSION").exists() {
        cluster.initialise().await?;
    }
    let files = cluster.write_files(authority)?;
    for _ in 0..super::START_ATTEMPTS {
        let port = super::free_port().context("there is no free port")?;
        let process = cluster.spawn(port, &files, &settings.database_parameters)?;
        let options = PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(port)
            .username(SUPERUSER)
            .password(&password)
            .database("postgres")
            .ssl_mode(PgSslMode::Disable);
        if let Some(mut connection) = ready(&options, &process.process()).await? {
            let database = settings.database_name.clone();
            create_database(&mut connection, &database).await?;
            return Ok(Started { port, database, password, process });
        }
    }
    anyhow::bail!("PostgreSQL finds no free port")
}

/// A data folder with the server that runs on it.
struct Cluster<'a> {
    programs: &'a Programs,
    session: &'a Session,
    user: OsUser,
    folder: PathBuf,
}

impl Cluster<'_> {
    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Returns the superuser's password, which is created with the cluster and kept beside it.
    fn superuser_password(&self) -> anyhow::Result<String> {
        let path = self.folder.join("password");
        match fs::read_to_string(&path) {
            Ok(password) => Ok(password),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let password = Uuid::new_v4().simple().to_string();
                // Nobody else can enter the folder, so the file itself need not be private.
                self.write(&path, &password)?;
                Ok(password)
            }
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    /// Writes the certificate and [`ACCESS`]. The server reads them as its own user.
    fn write_files(&self, authority: &Authority) -> anyhow::Result<ServerFiles> {
        let files = authority.write_server(&self.folder, HOST)?;
        for file in [&files.certificate, &files.key] {
            self.user.own(file).with_context(|| format!("cannot change the owner of {}", file.display()))?;
        }
        self.write(&self.access_file(), ACCESS)?;
        Ok(files)
    }

    fn access_file(&self) -> PathBuf {
        self.folder.join("access.conf")
    }

    fn write(&self, path: &Path, text: &str) -> anyhow::Result<()> {
        fs::write(path, text)
            .and_then(|()| self.user.own(path))
            .with_context(|| format!("cannot write {}", path.display()))
    }

    /// Returns a maker of commands that run a program as the server's user.
    fn command(&self, program: &str) -> impl Fn() -> Command + Send + Sync + use<> {
        let (program, user) = (self.programs.folder.join(program), self.user);
        move || {
            let mut command = Command::new(&program);
            command.env_clear().env("TZ", "UTC").current_dir("/");
            user.run(&mut command);
            command
        }
    }

    /// Creates the cluster. It takes 0.4 s without syncing, so copying a template would not pay.
    async fn initialise(&self) -> anyhow::Result<()> {
        // An earlier run may have been killed in the middle of it.
        let data = self.data();
        if data.exists() {
            fs::remove_dir_all(&data).with_context(|| format!("cannot remove the unfinished {}", data.display()))?;
        }
        let mut command = self.command("initdb")();
        command
            .env("PATH", "/usr/bin:/bin")
            .args(["--username", SUPERUSER, "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C"])
            .arg("--no-instructions")
            .args((!self.session.folder.is_kept()).then_some("--no-sync"))
            .arg("--pwfile")
            .arg(self.folder.join("password"))
            .arg("--pgdata")
            .arg(&data);
        let stop = StopPolicy { signal: Signal::SIGTERM, grace: Duration::from_secs(5) };
        let process = self
            .session
            .supervisor
            .spawn("initdb", ProcessKind::Server, stop, command, Arc::new(|_, _: &str| {}))
            .context("cannot run initdb")?;
        let status = process.exited().await;
        anyhow::ensure!(
            status.success(),
            "PostgreSQL cannot create its data folder {} ({status}); initdb's last lines: {}",
            data.display(),
            process.last_lines()
        );
        Ok(())
    }

    fn spawn(&self, port: u16, files: &ServerFiles, parameters: &[ServerParameter]) -> anyhow::Result<ServerProcess> {
        let kept = self.session.folder.is_kept();
        let paths = [
            format!("hba_file={}", self.access_file().display()),
            format!("ssl_cert_file={}", files.certificate.display()),
            format!("ssl_key_file={}", files.key.display()),
        ];
        let of_stack = parameters.iter().map(|ServerParameter { name, value }| format!("{name}={value}"));
        let parameters: Vec<_> = own_parameters(port, kept).into_iter().chain(paths).chain(of_stack).collect();
        let (postgres, data) = (self.command("postgres"), self.data());
        // A fast shutdown, which writes a checkpoint: an immediate one may lose the last commits of a server that does
        // not wait for its disk.
        let fast = StopPolicy { signal: Signal::SIGINT, grace: Duration::from_secs(30) };
        let immediate = StopPolicy { signal: Signal::SIGQUIT, grace: Duration::from_secs(5) };
        let recipe = ServerRecipe {
            name: "PostgreSQL",
            stop: if kept { fast } else { immediate },
            pause: fast,
            command: Box::new(move || {
                let mut command = postgres();
                command.arg("-D").arg(&data).args(parameters.iter().flat_map(|parameter| ["-c", parameter]));
                command
            }),
            lines: super::log_lines(FOLDER, &self.session.folder)?,
        };
        ServerProcess::start(&self.session.supervisor, recipe).context("cannot run postgres")
    }
}

/// Parameters that the stack does not set. Data that is thrown away need not survive a power cut.
fn own_parameters(port: u16, kept: bool) -> Vec<String> {
    let mut parameters = vec![
        "listen_addresses=127.0.0.1".to_owned(),
        format!("port={port}"),
        // Only the port is used, and a socket's path has a limit of some hundred characters.
        "unix_socket_directories=".to_owned(),
        format!("max_connections={CONNECTIONS}"),
        "shared_buffers=128MB".to_owned(),
        "timezone=UTC".to_owned(),
        "log_timezone=UTC".to_owned(),
        "ssl=on".to_owned(),
    ];
    if !kept {
        parameters.extend(["fsync=off", "full_page_writes=off", "synchronous_commit=off"].map(str::to_owned));
    }
    parameters
}

/// Waits until the server accepts connections. Returns none if its port was taken.
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

async fn create_database(connection: &mut PgConnection, name: &str) -> anyhow::Result<()> {
    let exists: bool = sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
        .bind(name)
        .fetch_one(&mut *connection)
        .await
        .context("cannot look for the database")?;
    if !exists {
        let create = format!("create database \"{name}\"");
        sqlx::query(&create).execute(connection).await.context("cannot create the database")?;
    }
    Ok(())
}

/// Checks that a given server answers and is new enough.
pub(super) async fn check_given(url: &str) -> anyhow::Result<()> {
    let options: PgConnectOptions = url.parse().context("is not a PostgreSQL URL")?;
    let connect = async {
        let mut connection = options.connect().await?;
        sqlx::query_scalar::<_, String>("select current_setting('server_version_num')").fetch_one(&mut connection).await
    };
    let version = tokio::time::timeout(Duration::from_secs(10), connect)
        .await
        .context("no answer within 10 s")?
        // The error's text already includes its causes.
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
        let has = |kept| own_parameters(1, kept).iter().any(|parameter| parameter == "fsync=off");
        assert!(has(false) && !has(true));
    }
}
