//! Redis servers that a test starts by itself, to have more than one, or one of another kind.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use pipegen::servers::free_port;
use redis::FromRedisValue;
use redis::aio::MultiplexedConnection;
use tempfile::TempDir;
use tokio::time::sleep;

/// A server in plain text, without a password. It ends with this value.
pub(crate) struct RedisServer {
    pub(crate) port: u16,
    _process: Running,
    /// A folder of its own: a replica stores its data there, and a server loads the data that it finds there.
    _folder: TempDir,
    connection: MultiplexedConnection,
}

impl RedisServer {
    /// A server with these settings beside the usual ones.
    pub(crate) async fn start(settings: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (port, bus) = (free_port().expect("a port"), free_port().expect("a port"));
        let process = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .args(["--repl-diskless-sync-delay", "0", "--cluster-port", &bus.to_string()])
            .args(settings)
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .spawn();
        let process = Running(process.expect("redis-server"));
        let client = redis::Client::open(url(port)).expect("a URL");
        for _ in 0..200 {
            if let Ok(connection) = client.get_multiplexed_async_connection().await {
                return Self { port, _process: process, _folder: folder, connection };
            }
            sleep(Duration::from_millis(50)).await;
        }
        panic!("redis-server does not start");
    }

    pub(crate) fn url(&self) -> String {
        url(self.port)
    }

    /// Sends a command as an administrator.
    pub(crate) async fn run<T: FromRedisValue>(&self, command: &str) -> T {
        let mut words = command.split(' ');
        let mut built = redis::cmd(words.next().expect("a command"));
        built.arg(words.collect::<Vec<_>>()).query_async(&mut self.connection.clone()).await.expect("executed")
    }

    /// Becomes a replica of another server, and waits until it has its data.
    pub(crate) async fn replicate(&self, primary: &Self) {
        self.run::<()>(&format!("REPLICAOF 127.0.0.1 {}", primary.port)).await;
        while !self.run::<String>("INFO replication").await.contains("master_link_status:up") {
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Becomes the primary, once it has all data of the old one. The old one is demoted, and closes no connection.
    pub(crate) async fn take_over_from(&self, old: &Self) {
        while self.offset().await != old.offset().await {
            sleep(Duration::from_millis(20)).await;
        }
        self.run::<()>("REPLICAOF NO ONE").await;
        old.demote().await;
    }

    /// Returns the replication offset.
    async fn offset(&self) -> String {
        let info: String = self.run("INFO replication").await;
        info.lines().find_map(|line| line.strip_prefix("master_repl_offset:")).expect("an offset").to_owned()
    }

    /// Demotes it to a replica of an unreachable server, so that it keeps its data. It closes no connection.
    pub(crate) async fn demote(&self) {
        self.run::<()>("REPLICAOF 127.0.0.1 1").await;
    }
}

/// A process that ends with this value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().expect("killed");
        self.0.wait().expect("ended");
    }
}

fn url(port: u16) -> String {
    format!("redis://127.0.0.1:{port}/")
}
