//! The catalog in PostgreSQL: what events mean, and the transactions that make it so.
//!
//! - [`Store`]: the catalog's tables
//! - `connections`: those to PostgreSQL, and how long each thing may take
//! - `apply`: a batch of events in one transaction, narrowed down where PostgreSQL refuses an event's data
//! - `catalog`: what a batch touches, as loaded and as it becomes
//! - `fold`: what each event does to it (pure)
//! - `product_view`: the view that the cache holds and the catalog returns (pure)
//! - `load`, `save`: the statements of the transaction, in `queries/`
//! - `maintenance`: pruning the ledger, and gauges
//! - `pending`: versions that the cache could not be told
//! - `schema`: migrations and logins
//! - [`Error`]: what went wrong, by what can be done about it

mod apply;
mod catalog;
mod connections;
mod error;
mod fold;
mod load;
mod maintenance;
mod pending;
mod product_view;
mod save;
mod schema;

pub use apply::{Applied, Outcome};
pub use catalog::MOST_OFFERS;
pub use error::{Error, Kind};
pub use maintenance::Gauges;
pub use product_view::{View, export};
pub use schema::{Login, connect, lock_schema, migrate, set_login, try_access};

use std::sync::Arc;

use sqlx::postgres::PgConnectOptions;

use connections::Connections;

/// What each session asks of PostgreSQL, whatever is set for the database or the login. None of our statements has a reason to
/// take this long; a function that is frozen or cut off in the middle of a transaction must not keep its locks. Every statement
/// looks rows up by key; where one SKU holds most of the ledger, the planner, which cannot see which keys come, would read all of
/// the table for each of them, or compile the statement first.
const SESSION: [(&str, &str); 6] = [
    ("statement_timeout", "15s"),
    ("idle_in_transaction_session_timeout", "3s"),
    ("client_connection_check_interval", "1s"),
    SEARCH_PATH,
    ("enable_seqscan", "off"),
    ("jit", "off"),
];

/// Where the tables are, whatever path is set for the database or the login.
const SEARCH_PATH: (&str, &str) = ("search_path", "public");

/// The catalog's tables. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    connections: Arc<Connections>,
}

impl Store {
    /// A store that connects when it is first used. A function instance serves one invocation at a time, so writers need
    /// one connection.
    pub fn new(options: PgConnectOptions, max_connections: u32) -> Self {
        Self { connections: Arc::new(Connections::new(options.options(SESSION), max_connections)) }
    }

    /// Uses these options for connections made from now on, after a password has changed.
    pub fn set_options(&self, options: PgConnectOptions) {
        self.connections.set_options(options.options(SESSION));
    }
}
