//! The connections to PostgreSQL, kept from one transaction to the next while they are known to be sound.
//!
//! Not sqlx's pool: its way back into the pool waits for the server without a limit (transact-rs/sqlx#4349), so that a
//! connection that has fallen silent keeps its place for ever; it keeps a session that can do nothing (read-only after a
//! failover); and it hides for seconds that no connection is left. Here a connection that is not handed back as sound is closed,
//! whatever became of the work: an error, a limit, a future that was dropped.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::error::{During, Error, Kind};

/// The longest that making a connection may take, handshakes included.
const CONNECT_LIMIT: Duration = Duration::from_secs(3);

/// The longest that a server that is well may take to say that it is there.
const PING_LIMIT: Duration = Duration::from_secs(1);

/// The longest that one transaction may take. One that takes longer is in everybody's way, and half a batch needs half of it.
const TRANSACTION_LIMIT: Duration = Duration::from_secs(20);

/// A bounded number of connections, made when they are needed.
#[derive(Debug)]
pub(crate) struct Connections {
    options: Mutex<PgConnectOptions>,
    idle: Mutex<Vec<PgConnection>>,
    permits: Semaphore,
}

impl Connections {
    /// At most this many at once.
    pub(crate) fn new(options: PgConnectOptions, at_most: u32) -> Self {
        Self { options: Mutex::new(options), idle: Mutex::default(), permits: Semaphore::new(at_most as usize) }
    }

    /// Uses these options for connections made from now on.
    pub(crate) fn set_options(&self, options: PgConnectOptions) {
        *locked(&self.options) = options;
    }

    /// Runs one transaction on a connection of its own.
    ///
    /// # Errors
    /// As the work's own, or if there is no connection, or if it takes too long.
    pub(crate) async fn run<T>(
        &self,
        work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let _permit = self.permits.acquire().await.expect("the semaphore is never closed");
        let mut connection = match self.kept().await {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let worked = timeout(TRANSACTION_LIMIT, work(&mut connection)).await;
        let result = worked.unwrap_or_else(|_| Err(Error::too_slow()));
        if is_sound(&mut connection, &result).await {
            locked(&self.idle).push(connection);
        }
        result
    }

    async fn kept(&self) -> Option<PgConnection> {
        loop {
            let mut connection = locked(&self.idle).pop()?;
            if answers(&mut connection).await {
                return Some(connection);
            }
        }
    }

    async fn connect(&self) -> Result<PgConnection, Error> {
        let options = locked(&self.options).clone();
        let connected = timeout(CONNECT_LIMIT, PgConnection::connect_with(&options)).await;
        let silent = |_| Err(sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, "the server does not answer")));
        connected.unwrap_or_else(silent).during("connect")
    }
}

/// Tells whether this result of a transaction says that its connection can be used again.
async fn is_sound<T>(connection: &mut PgConnection, result: &Result<T, Error>) -> bool {
    match result.as_ref().map_err(Error::kind) {
        Ok(_) => true,
        // The transaction's rollback is sent with this.
        Err(Kind::Data | Kind::Conflict) => answers(connection).await,
        Err(_) => false,
    }
}

async fn answers(connection: &mut PgConnection) -> bool {
    timeout(PING_LIMIT, connection.ping()).await.is_ok_and(|answer| answer.is_ok())
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Whole values come and go; none is left half-written.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
