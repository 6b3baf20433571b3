//! The connection to Redis, replaced by a new one after every error.
//!
//! The client's own connection manager reconnects only when the old connection is closed. A server that was demoted
//! closes nothing and responds `READONLY` for ever; one that hangs does not respond at all. A new connection resolves
//! the host name again, which is how ElastiCache leads to the new primary.

use parking_lot::Mutex;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, RedisResult};

/// The server, and the connection in use, made when it is first used.
pub(super) struct Connection {
    client: Client,
    config: ConnectionManagerConfig,
    current: Mutex<Generation>,
}

/// A connection, numbered by those that were replaced before it.
#[derive(Clone)]
struct Generation {
    manager: ConnectionManager,
    number: u64,
}

impl Connection {
    /// Makes a connection that does not connect yet.
    pub(super) fn new(client: Client, config: ConnectionManagerConfig) -> RedisResult<Self> {
        let manager = ConnectionManager::new_lazy_with_config(client.clone(), config.clone())?;
        Ok(Self { client, config, current: Mutex::new(Generation { manager, number: 0 }) })
    }

    /// Runs commands on the connection. If they fail, for any reason, the next ones run on a new connection. Dropped
    /// work does not replace the connection.
    pub(super) async fn run<T>(
        &self,
        work: impl AsyncFnOnce(&mut ConnectionManager) -> RedisResult<T>,
    ) -> RedisResult<T> {
        let Generation { mut manager, number } = self.current.lock().clone();
        let response = work(&mut manager).await;
        if response.is_err() {
            self.replace(number);
        }
        response
    }

    /// Replaces this connection, unless it has been replaced already.
    fn replace(&self, number: u64) {
        let mut current = self.current.lock();
        if current.number == number
            && let Ok(manager) = ConnectionManager::new_lazy_with_config(self.client.clone(), self.config.clone())
        {
            *current = Generation { manager, number: number + 1 };
        }
    }
}
