//! Redis.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use nix::sys::signal::Signal;
use pipegen_contract::cache::{READER_RIGHTS, WRITER_RIGHTS};
use pipegen_contract::role::Role;
use redis::aio::MultiplexedConnection;
use tokio::process::Command;
use uuid::Uuid;

use super::certificates::{Authority, HOST, ServerFiles};
use super::installed::{Folders, parse_version};
use super::write_private;
use crate::local::place::Place;
use crate::local::process::{Kind, Process, Stop, Supervisor};

const FOLDER: &str = "redis";
/// The oldest major version that will do.
const OLDEST: u32 = 7;
const START_LIMIT: Duration = Duration::from_secs(30);

/// The first `redis-server` that will do.
pub(super) fn find(folders: &Folders) -> anyhow::Result<PathBuf> {
    let mut too_old = None;
    for (folder, (major, _)) in folders.holding(&["redis-server"]) {
        if major >= OLDEST {
            return Ok(folder.join("redis-server"));
        }
        too_old = Some((folder, major));
    }
    let what = too_old.map_or("Redis is not installed".to_owned(), |(folder, major)| {
        format!("Redis {major} in {} is too old", folder.display())
    });
    anyhow::bail!(
        "{what}: version {OLDEST} or later is needed. Install it (`apt-get install redis-server`, `brew install redis`), \
         or name a server with --cache-url"
    )
}

/// The functions' users, with the very rights that the stack gives them. Redis cannot check a token, so any will do.
const USERS: [(Role, &str); 3] =
    [(Role::Processor, WRITER_RIGHTS), (Role::Maintain, WRITER_RIGHTS), (Role::Catalog, READER_RIGHTS)];

/// A running server.
pub(super) struct Started {
    /// An administrator's URL, in plain text.
    pub(super) url: String,
    /// Where the functions speak TLS.
    pub(super) tls_port: u16,
}

/// Starts a server on free ports of loopback.
pub(super) async fn start(
    program: &Path,
    place: &Place,
    supervisor: &Supervisor,
    authority: &Authority,
) -> anyhow::Result<Started> {
    let folder = place.part(FOLDER);
    fs::create_dir_all(&folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let password = Uuid::new_v4().simple().to_string();
    let files = authority.write_server(&folder, HOST)?;
    for _ in 1..super::PORTS {
        let port = super::free_port().context("there is no free port")?;
        let tls_port = super::free_port().context("there is no free port")?;
        let file = folder.join("redis.conf");
        // The file holds the password, which an argument would show to everybody.
        write_private(&file, &configuration([port, tls_port], &password, &folder, &files, place.is_kept()))
            .with_context(|| format!("cannot write {}", file.display()))?;
        let mut command = Command::new(program);
        command.arg(&file).env_clear().env("TZ", "UTC").current_dir("/");
        let stop = Stop { signal: Signal::SIGTERM, grace: Duration::from_secs(10) };
        let lines = super::log_lines(FOLDER, place)?;
        let process =
            supervisor.spawn("Redis", Kind::Server, stop, command, lines).context("cannot run redis-server")?;
        let url = format!("redis://:{password}@127.0.0.1:{port}/0");
        if ready(&url, &process).await? {
            return Ok(Started { url, tls_port });
        }
    }
    anyhow::bail!("Redis finds no free port")
}

/// The server's configuration: a cache as the stack has it, small enough for a desk.
fn configuration([port, tls_port]: [u16; 2], password: &str, folder: &Path, files: &ServerFiles, kept: bool) -> String {
    let save = if kept { "save 60 1" } else { "save \"\"" };
    let users = USERS.map(|(role, rights)| format!("user {} nopass {rights}\n", role.handler())).concat();
    format!(
        "bind 127.0.0.1\nport {port}\ntls-port {tls_port}\ntls-cert-file \"{certificate}\"\ntls-key-file \"{key}\"\n\
         tls-ca-cert-file \"{certificate}\"\ntls-auth-clients no\n{users}requirepass {password}\ndir \"{folder}\"\n{save}\n\
         appendonly no\nmaxmemory 256mb\nmaxmemory-policy allkeys-lru\ndaemonize no\n",
        certificate = files.certificate.display(),
        key = files.key.display(),
        folder = folder.display()
    )
}

/// Waits until the server answers; false if its port was taken.
async fn ready(url: &str, process: &Process) -> anyhow::Result<bool> {
    let probe = async {
        while connect(url).await.is_err() {
            tokio::time::sleep(super::PROBE_PAUSE).await;
        }
    };
    tokio::select! {
        () = probe => Ok(true),
        status = process.exited() => {
            let lines = process.last_lines();
            if lines.contains("Address already in use") {
                return Ok(false);
            }
            anyhow::bail!("Redis does not start ({status}); its last lines: {lines}")
        }
        () = tokio::time::sleep(START_LIMIT) => {
            anyhow::bail!("Redis is not ready after {} s; its last lines: {}", START_LIMIT.as_secs(), process.last_lines())
        }
    }
}

async fn connect(url: &str) -> redis::RedisResult<MultiplexedConnection> {
    let mut connection = redis::Client::open(url)?.get_multiplexed_async_connection().await?;
    redis::cmd("PING").query_async::<()>(&mut connection).await?;
    Ok(connection)
}

/// Whether a given server answers and is new enough.
pub(super) async fn check_given(url: &str) -> anyhow::Result<()> {
    let ask = async {
        let mut connection = connect(url).await?;
        redis::cmd("INFO").arg("server").query_async::<String>(&mut connection).await
    };
    let info = tokio::time::timeout(Duration::from_secs(10), ask)
        .await
        .context("no answer within 10 s")?
        // Its text names its own causes.
        .map_err(|error| anyhow::anyhow!("cannot connect: {error}"))?;
    let version = info.lines().find_map(|line| line.strip_prefix("redis_version:")).and_then(parse_version);
    let (major, _) = version.context("does not say its version")?;
    anyhow::ensure!(major >= OLDEST, "is Redis {major}; version {OLDEST} or later is needed");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_server_is_named_with_what_to_do() {
        let message = find(&Folders::of(&[])).expect_err("nothing there").to_string();
        for part in ["Redis is not installed", "apt-get install redis-server", "brew install redis", "--cache-url"] {
            assert!(message.contains(part), "{message}");
        }
    }

    #[test]
    fn only_a_kept_cache_is_saved() {
        let files = ServerFiles { certificate: "/c".into(), key: "/k".into() };
        let text = |kept| configuration([7000, 7001], "secret", Path::new("/x y"), &files, kept);
        assert!(text(false).contains("save \"\"\n") && text(true).contains("save 60 1\n"));
        assert!(text(false).contains("dir \"/x y\"\n"));
    }
}
