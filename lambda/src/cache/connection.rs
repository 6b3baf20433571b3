//! The connection to Redis, given up for a new one whenever a server does not do what it is asked.
//!
//! The client's own connection manager makes a new connection when the old one is closed, and then only. A server that was
//! demoted closes nothing and answers `READONLY` for ever; one that has fallen silent says nothing at all. A new connection looks
//! the name up again, which is how ElastiCache leads to the new primary.

use std::sync::{Mutex, MutexGuard, PoisonError};

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, RedisResult};

/// Where to connect to, and the connection in use, made when it is first used.
pub(super) struct Connection {
    client: Client,
    config: ConnectionManagerConfig,
    current: Mutex<Numbered>,
}

#[derive(Clone)]
struct Numbered {
    manager: ConnectionManager,
    /// How many were given up before.
    number: u64,
}

impl Connection {
    /// Does not connect yet.
    pub(super) fn new(client: Client, config: ConnectionManagerConfig) -> RedisResult<Self> {
        let manager = ConnectionManager::new_lazy_with_config(client.clone(), config.clone())?;
        Ok(Self { client, config, current: Mutex::new(Numbered { manager, number: 0 }) })
    }

    /// Asks the server. If that fails, whatever the reason, the next one is asked on a new connection. Work that is dropped says
    /// nothing about the connection.
    pub(super) async fn ask<T>(
        &self,
        work: impl AsyncFnOnce(&mut ConnectionManager) -> RedisResult<T>,
    ) -> RedisResult<T> {
        let Numbered { mut manager, number } = self.current().clone();
        let answer = work(&mut manager).await;
        if answer.is_err() {
            self.give_up(number);
        }
        answer
    }

    /// Takes the place of this connection, unless another one has already.
    fn give_up(&self, number: u64) {
        let mut current = self.current();
        if current.number == number
            && let Ok(manager) = ConnectionManager::new_lazy_with_config(self.client.clone(), self.config.clone())
        {
            *current = Numbered { manager, number: number + 1 };
        }
    }

    fn current(&self) -> MutexGuard<'_, Numbered> {
        // A whole value is replaced by another.
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
