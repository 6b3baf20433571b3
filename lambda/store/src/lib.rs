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
pub use schema::{Login, lock_schema, migrate, set_login, try_access};

use std::sync::Arc;

use sqlx::postgres::PgConnectOptions;

use connections::Connections;

/// The catalog's tables. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    connections: Arc<Connections>,
}

impl Store {
    /// A store that connects when it is first used. A function instance serves one invocation at a time, so writers need
    /// one connection.
    pub fn new(options: PgConnectOptions, max_connections: u32) -> Self {
        Self { connections: Arc::new(Connections::new(options, max_connections)) }
    }

    /// Uses these options for connections made from now on, after a password has changed.
    pub fn set_options(&self, options: PgConnectOptions) {
        self.connections.set_options(options);
    }
}
