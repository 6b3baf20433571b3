//! A pool of connections to PostgreSQL that keeps a connection only while it is known to be usable.
//!
//! sqlx's pool is not used: returning a connection waits for the server without a timeout (transact-rs/sqlx#4349), so
//! that a connection whose server does not answer occupies its place for ever; it keeps sessions that have become
//! useless (read-only after a failover); and it retries for seconds when the server has no connection left. Here a
//! connection that is not known to be usable is closed, whatever happened: an error, a timeout, a future that was
//! dropped.

use std::io;
use std::time::Duration;

use parking_lot::Mutex;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgTransactionManager};
use sqlx::{Connection as _, TransactionManager as _};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::error::{During, Error, ErrorKind};

/// The settings that each session asks of PostgreSQL, whatever is set for the database or the login. None of our
/// statements has a reason to take this long; a function that is frozen or cut off in the middle of a transaction must
/// not keep its locks. Every statement looks rows up by key; where one SKU holds most of the ledger, the planner, which
/// cannot see which keys come, would read all of the table for each of them, or compile the statement first.
const SESSION: [(&str, &str); 6] = [
    ("statement_timeout", "15s"),
    ("idle_in_transaction_session_timeout", "3s"),
    CONNECTION_CHECK,
    SEARCH_PATH,
    ("enable_seqscan", "off"),
    ("jit", "off"),
];

/// Ends what a client began that has closed its connection.
pub(crate) const CONNECTION_CHECK: (&str, &str) = ("client_connection_check_interval", "1s");

/// The schema that holds the tables, whatever path is set for the database or the login.
pub(crate) const SEARCH_PATH: (&str, &str) = ("search_path", "public");

/// The timeout of connecting, handshakes included.
const CONNECT_LIMIT: Duration = Duration::from_secs(3);

/// The time within which a healthy server answers a ping.
const PING_LIMIT: Duration = Duration::from_secs(1);

/// The timeout of a transaction. One that takes longer blocks others, and half a batch takes half the time.
const TRANSACTION_LIMIT: Duration = Duration::from_secs(20);

/// A bounded number of connections, opened when they are needed.
#[derive(Debug)]
pub(crate) struct Connections {
    options: Mutex<PgConnectOptions>,
    idle: Mutex<Vec<PgConnection>>,
    permits: Semaphore,
}

impl Connections {
    /// A pool of at most this many connections at once.
    pub(crate) fn new(options: PgConnectOptions, at_most: u32) -> Self {
        Self {
            options: Mutex::new(options.options(SESSION)),
            idle: Mutex::default(),
            permits: Semaphore::new(at_most as usize),
        }
    }

    /// Uses these options for connections made from now on.
    pub(crate) fn set_options(&self, options: PgConnectOptions) {
        *self.options.lock() = options.options(SESSION);
    }

    /// Runs statements on a connection of their own. They begin and commit transactions of several statements
    /// themselves.
    ///
    /// # Errors
    /// The work's own, or that connecting failed, or that the work timed out.
    pub(crate) async fn run<T>(
        &self,
        work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let _permit = self.permits.acquire().await.expect("the semaphore is never closed");
        let connection = match self.take_idle(async |connection| connection.ping().await).await {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        self.work(connection, work).await
    }

    /// Runs the statements of one transaction on a connection of its own. The `begin` is also the ping of a connection
    /// that was kept, which saves a round trip.
    ///
    /// # Errors
    /// The work's own, or that connecting failed, or that the transaction timed out.
    pub(crate) async fn transaction<T>(
        &self,
        work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let _permit = self.permits.acquire().await.expect("the semaphore is never closed");
        let connection = if let Some(connection) = self.take_idle(begin).await {
            connection
        } else {
            let mut connection = self.connect().await?;
            let begun = timeout(CONNECT_LIMIT, begin(&mut connection)).await;
            begun.unwrap_or_else(|_| Err(no_answer())).during("begin a transaction")?;
            connection
        };
        let transaction = async |connection: &mut PgConnection| {
            let worked = work(connection).await;
            match worked {
                Ok(_) => PgTransactionManager::commit(connection).await.during("commit a transaction")?,
                // It is sent with the next statement or ping.
                Err(_) => PgTransactionManager::start_rollback(connection),
            }
            worked
        };
        self.work(connection, transaction).await
    }

    /// Does the work within the time of a transaction, and keeps the connection if it can be used again.
    async fn work<T>(
        &self,
        mut connection: PgConnection,
        work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let worked = timeout(TRANSACTION_LIMIT, work(&mut connection)).await;
        let result = worked.unwrap_or_else(|_| Err(Error::too_slow()));
        if is_usable(&mut connection, &result).await {
            self.idle.lock().push(connection);
        }
        result
    }

    /// Returns a connection that was kept and on which this first statement succeeds in time.
    async fn take_idle(
        &self,
        first: impl AsyncFn(&mut PgConnection) -> Result<(), sqlx::Error>,
    ) -> Option<PgConnection> {
        loop {
            let mut connection = self.idle.lock().pop()?;
            if timeout(PING_LIMIT, first(&mut connection)).await.is_ok_and(|answer| answer.is_ok()) {
                return Some(connection);
            }
        }
    }

    async fn connect(&self) -> Result<PgConnection, Error> {
        let options = self.options.lock().clone();
        connect(&options, CONNECT_LIMIT).await
    }
}

async fn begin(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    PgTransactionManager::begin(connection, None).await
}

/// Connects within this time. Without a limit, packets that nobody answers take minutes to fail.
pub(crate) async fn connect(options: &PgConnectOptions, limit: Duration) -> Result<PgConnection, Error> {
    let connected = timeout(limit, PgConnection::connect_with(options)).await;
    connected.unwrap_or_else(|_| Err(no_answer())).during("connect")
}

pub(crate) fn no_answer() -> sqlx::Error {
    sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, "the server does not answer"))
}

/// Tells whether a connection can be used again after a transaction with this result.
async fn is_usable<T>(connection: &mut PgConnection, result: &Result<T, Error>) -> bool {
    match result.as_ref().map_err(Error::kind) {
        Ok(_) => true,
        // The ping also sends the transaction's rollback.
        Err(ErrorKind::Data | ErrorKind::Conflict) => answers(connection).await,
        Err(_) => false,
    }
}

async fn answers(connection: &mut PgConnection) -> bool {
    timeout(PING_LIMIT, connection.ping()).await.is_ok_and(|answer| answer.is_ok())
}
