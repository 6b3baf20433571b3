//! The connection to Redis, replaced by a new one after every error.
//!
//! The client's own connection manager reconnects only when the old connection is closed. A server that was demoted
//! closes nothing and responds `READONLY` for ever; one that hangs does not respond at all. A new connection resolves
//! the host name again, which is how ElastiCache leads to the new primary.

use parking_lot::Mutex;
use redis::aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig};
use redis::{Client, RedisResult};

/// A server that speaks Redis' protocol: [`Redis`], or the simulation's model of it.
pub trait Server: Send + Sync + 'static {
    type Connection: ConnectionLike + Clone + Send;

    /// Makes a connection that does not connect yet.
    fn connection(&self) -> RedisResult<Self::Connection>;
}

/// Redis at its address, with the way to log in.
pub struct Redis {
    pub(super) client: Client,
    pub(super) config: ConnectionManagerConfig,
}

impl Server for Redis {
    type Connection = ConnectionManager;

    fn connection(&self) -> RedisResult<ConnectionManager> {
        ConnectionManager::new_lazy_with_config(self.client.clone(), self.config.clone())
    }
}

/// The server, and the connection in use, made when it is first used.
pub(super) struct Connection<S: Server> {
    server: S,
    current: Mutex<Generation<S::Connection>>,
}

/// A connection, numbered by those that were replaced before it.
#[derive(Clone)]
struct Generation<C> {
    connection: C,
    number: u64,
}

impl<S: Server> Connection<S> {
    /// Makes a connection that does not connect yet.
    pub(super) fn new(server: S) -> RedisResult<Self> {
        let connection = server.connection()?;
        Ok(Self { server, current: Mutex::new(Generation { connection, number: 0 }) })
    }

    /// Runs commands on the connection. If they fail, for any reason, the next ones run on a new connection. Dropped
    /// work does not replace the connection.
    pub(super) async fn run<T>(&self, work: impl AsyncFnOnce(&mut S::Connection) -> RedisResult<T>) -> RedisResult<T> {
        let Generation { mut connection, number } = self.current.lock().clone();
        let response = work(&mut connection).await;
        if response.is_err() {
            self.replace(number);
        }
        response
    }

    /// Replaces this connection, unless it has been replaced already.
    fn replace(&self, number: u64) {
        let mut current = self.current.lock();
        if current.number == number
            && let Ok(connection) = self.server.connection()
        {
            *current = Generation { connection, number: number + 1 };
        }
    }
}
