//! Redis.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use nix::sys::signal::Signal;
use redis::aio::MultiplexedConnection;
use tokio::process::Command;
use uuid::Uuid;

use super::installed::{Folders, parse_version};
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

/// Starts a server on a free port of loopback; its URL.
pub(super) async fn start(program: &Path, place: &Place, supervisor: &Supervisor) -> anyhow::Result<String> {
    let folder = place.part(FOLDER);
    fs::create_dir_all(&folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let password = Uuid::new_v4().simple().to_string();
    for _ in 1..super::PORTS {
        let port = super::free_port().context("there is no free port")?;
        let file = folder.join("redis.conf");
        write_private(&file, &configuration(port, &password, &folder, place.is_kept()))
            .with_context(|| format!("cannot write {}", file.display()))?;
        let mut command = Command::new(program);
        command.arg(&file).env_clear().env("TZ", "UTC").current_dir("/");
        let stop = Stop { signal: Signal::SIGTERM, grace: Duration::from_secs(10) };
        let lines = super::log_lines(FOLDER, place)?;
        let process =
            supervisor.spawn("Redis", Kind::Server, stop, command, lines).context("cannot run redis-server")?;
        let url = format!("redis://:{password}@127.0.0.1:{port}/0");
        if ready(&url, &process).await? {
            return Ok(url);
        }
    }
    anyhow::bail!("Redis finds no free port")
}

/// The server's configuration: a cache as the stack has it, small enough for a desk.
fn configuration(port: u16, password: &str, folder: &Path, kept: bool) -> String {
    let save = if kept { "save 60 1" } else { "save \"\"" };
    format!(
        "bind 127.0.0.1\nport {port}\nrequirepass {password}\ndir \"{}\"\n{save}\nappendonly no\nmaxmemory 256mb\n\
         maxmemory-policy allkeys-lru\ndaemonize no\n",
        folder.display()
    )
}

/// Writes a file that only its owner reads: it holds the password, which an argument would show to everybody.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = fs::File::options().create(true).write(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
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
        let text = |kept| configuration(7000, "secret", Path::new("/x y"), kept);
        assert!(text(false).contains("save \"\"\n") && text(true).contains("save 60 1\n"));
        assert!(text(false).contains("dir \"/x y\"\n"));
    }
}
