//! Redis: a temporary server, or the check of a given one. Valkey is named only where it differs.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use nix::sys::signal::Signal;
use redis::aio::MultiplexedConnection;
use tokio::process::Command;
use uuid::Uuid;

use super::certificates::{Authority, HOST, ServerFiles};
use super::installed::{Folders, parse_version};
use super::server_process::{ServerProcess, ServerRecipe};
use super::settings::{CacheUser, ServerParameter, ServerSettings};
use super::write_private;
use crate::session::Session;
use crate::session::process::{Process, StopPolicy};

const FOLDER: &str = "redis";
/// Redis' usual port.
pub(super) const PORT: u16 = 6379;
/// The oldest supported major version.
const OLDEST: u32 = 7;
const START_LIMIT: Duration = Duration::from_secs(30);

/// Programs in order of preference. Valkey continues the version numbers of Redis 7.
const PROGRAMS: [&str; 2] = ["redis-server", "valkey-server"];

/// Finds the first supported server.
pub(super) fn find(folders: &Folders) -> anyhow::Result<PathBuf> {
    let mut too_old = None;
    for program in &PROGRAMS {
        for (folder, (major, _)) in folders.holding(std::slice::from_ref(program)) {
            if major >= OLDEST {
                return Ok(folder.join(program));
            }
            too_old = Some((folder, major));
        }
    }
    let what = too_old.map_or("Redis is not installed".to_owned(), |(folder, major)| {
        format!("Redis {major} in {} is too old", folder.display())
    });
    anyhow::bail!(
        "{what}: version {OLDEST} or later is needed. Install it (`apt-get install redis-server`, `brew install redis`), \
         or name a server with --cache-url"
    )
}

/// A running server.
pub(super) struct Started {
    /// An administrator's URL, in plain text.
    pub(super) url: String,
    pub(super) endpoint: Endpoint,
    pub(super) process: ServerProcess,
}

/// The port that functions connect to.
#[derive(Clone, Copy)]
pub(super) enum Endpoint {
    Tls(u16),
    /// Because the server was built without TLS.
    Plaintext(u16),
}

/// Starts a server on free ports of loopback.
pub(super) async fn start(
    program: &Path,
    session: &Session,
    authority: &Authority,
    settings: &ServerSettings,
) -> anyhow::Result<Started> {
    let folder = session.folder.join(FOLDER);
    fs::create_dir_all(&folder).with_context(|| format!("cannot create the folder {}", folder.display()))?;
    let password = Uuid::new_v4().simple().to_string();
    let files = authority.write_server(&folder, HOST)?;
    let mut has_tls = true;
    for _ in 0..super::START_ATTEMPTS {
        let port = super::free_port().context("there is no free port")?;
        let tls_port = super::free_port().context("there is no free port")?;
        let tls = if has_tls { tls_lines(tls_port, &files) } else { String::new() };
        let own = own_lines(port, &password, &folder, session.folder.is_kept());
        let process = spawn(program, session, &folder, &[own, tls, stack_lines(settings)].concat())?;
        let url = format!("redis://:{password}@127.0.0.1:{port}/0");
        match ready(&url, &process.process()).await? {
            Readiness::Ready => {
                let endpoint = if has_tls { Endpoint::Tls(tls_port) } else { Endpoint::Plaintext(port) };
                return Ok(Started { url, endpoint, process });
            }
            Readiness::WithoutTls => has_tls = false,
            Readiness::PortTaken => {}
        }
    }
    anyhow::bail!("Redis finds no free port")
}

fn spawn(program: &Path, session: &Session, folder: &Path, configuration: &str) -> anyhow::Result<ServerProcess> {
    let file = folder.join("redis.conf");
    // The file holds the password, which an argument would show to everybody.
    write_private(&file, configuration).with_context(|| format!("cannot write {}", file.display()))?;
    let program = program.to_owned();
    let stop = StopPolicy { signal: Signal::SIGTERM, grace: Duration::from_secs(10) };
    let recipe = ServerRecipe {
        name: "Redis",
        stop,
        pause: stop,
        command: Box::new(move || {
            let mut command = Command::new(&program);
            command.arg(literal(&file)).env_clear().env("TZ", "UTC").current_dir("/");
            command
        }),
        lines: super::log_lines(FOLDER, &session.folder)?,
    };
    ServerProcess::start(&session.supervisor, recipe).context("cannot run redis-server")
}

/// Returns the lines of `redis.conf` that the stack does not set: a cache small enough for a desktop.
fn own_lines(port: u16, password: &str, folder: &Path, kept: bool) -> String {
    let save = if kept { "save 60 1" } else { "save \"\"" };
    format!(
        "bind 127.0.0.1\nport {port}\nrequirepass {password}\ndir {folder}\n{save}\nappendonly no\n\
         maxmemory 256mb\ndaemonize no\n",
        folder = quoted(folder)
    )
}

fn tls_lines(port: u16, files: &ServerFiles) -> String {
    format!(
        "tls-port {port}\ntls-cert-file {certificate}\ntls-key-file {key}\ntls-ca-cert-file {certificate}\n\
         tls-auth-clients no\n",
        certificate = quoted(&files.certificate),
        key = quoted(&files.key),
    )
}

/// Returns the parameters and users of the stack. Redis cannot check an IAM token, so users have no password and any
/// token will do.
fn stack_lines(settings: &ServerSettings) -> String {
    let parameter = |ServerParameter { name, value }: &ServerParameter| format!("{name} {value}\n");
    let user = |CacheUser { name, access_string }: &CacheUser| format!("user {name} nopass {access_string}\n");
    settings.cache_parameters.iter().map(parameter).chain(settings.cache_users.iter().map(user)).collect()
}

/// Quotes a path for `redis.conf`.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\""))
}

/// Escapes a path for the command line of Redis, which takes it as a pattern if it contains `*`, `?` or `[`. A
/// backslash is an escape only in a pattern.
fn literal(path: &Path) -> String {
    let is_special = |character: char| matches!(character, '*' | '?' | '[');
    let text = path.display().to_string();
    if !text.contains(is_special) {
        return text;
    }
    let escape = |character: char| (character == '\\' || is_special(character)).then_some('\\');
    text.chars().flat_map(|character| escape(character).into_iter().chain([character])).collect()
}

/// The result of a start.
enum Readiness {
    Ready,
    PortTaken,
    WithoutTls,
}

/// Error messages of a server that was built without TLS: of Valkey and newer versions of Redis, and of older ones.
const WITHOUT_TLS: [&str; 2] = ["Failed finding TLS support", "'tls-port"];

/// Waits until the server answers, or ends for a reason that another start can avoid.
async fn ready(url: &str, process: &Process) -> anyhow::Result<Readiness> {
    let probe = async {
        while connect(url).await.is_err() {
            tokio::time::sleep(super::PROBE_PAUSE).await;
        }
    };
    tokio::select! {
        () = probe => Ok(Readiness::Ready),
        status = process.exited() => {
            let lines = process.last_lines();
            if lines.contains("Address already in use") {
                return Ok(Readiness::PortTaken);
            }
            if WITHOUT_TLS.iter().any(|words| lines.contains(words)) {
                return Ok(Readiness::WithoutTls);
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

/// Checks that a given server answers, is new enough, and takes the commands of the functions.
pub(super) async fn check_given(url: &str) -> anyhow::Result<()> {
    let ask = async {
        let mut connection = connect(url).await?;
        redis::cmd("INFO").arg("server").arg("cluster").query_async::<String>(&mut connection).await
    };
    let info = tokio::time::timeout(Duration::from_secs(10), ask)
        .await
        .context("no answer within 10 s")?
        // The error's text already includes its causes.
        .map_err(|error| anyhow::anyhow!("cannot connect: {error}"))?;
    let version = info.lines().find_map(|line| line.strip_prefix("redis_version:")).and_then(parse_version);
    let (major, _) = version.context("does not report its version")?;
    anyhow::ensure!(major >= OLDEST, "is Redis {major}; version {OLDEST} or later is needed");
    anyhow::ensure!(
        !info.lines().any(|line| line == "cluster_enabled:1"),
        "is in cluster mode, where one call cannot reach several products: name a server without it (`cluster-enabled no`)"
    );
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
        let text = |kept| own_lines(7000, "secret", Path::new("/x y"), kept);
        assert!(text(false).contains("save \"\"\n") && text(true).contains("save 60 1\n"));
        assert!(text(false).contains("dir \"/x y\"\n"));
    }

    #[test]
    fn paths_are_written_as_redis_reads_them() {
        assert_eq!(quoted(Path::new(r#"/a "b" \c"#)), r#""/a \"b\" \\c""#);
        assert_eq!(literal(Path::new(r"/a b\c")), r"/a b\c");
        assert_eq!(literal(Path::new(r"/a[1]*?\c")), r"/a\[1]\*\?\\c");
    }
}
