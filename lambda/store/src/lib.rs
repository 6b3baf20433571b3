//! The catalog in PostgreSQL: the effect of events, and the transactions that apply them.
//!
//! - `store`: the handle through which the tables are read and written
//! - `connections`: the connections to PostgreSQL, their settings and timeouts
//! - `apply`: application of a batch in one transaction, bisected if PostgreSQL refuses an event's data
//! - `working_set`: the part of the catalog that a batch touches
//! - `fold`: the effect of each event on it
//! - `product_view`: the view that the cache holds and the catalog returns
//! - `load`, `save`: the statements of the transaction
//! - `maintenance`: pruning the ledger, and gauges
//! - `pending`: versions for which the cache could not be refreshed
//! - `schema`: migrations and logins
//! - `error`: errors of PostgreSQL, classified by what can be done about them
//!
//! The SQL is in `queries/`, a file for each statement; the tables are in `../migrations`.
//!
//! Two words:
//!
//! - A later event *supersedes* an earlier one whose effect it replaces: a count the counts and adjustments up to its
//!   time, a price the former price, a description the former description.
//! - The ledger's *floor* is the latest time of an event that was pruned from the ledger.

mod apply;
mod connections;
mod error;
mod fold;
mod load;
mod maintenance;
mod pending;
mod product_view;
mod save;
mod schema;
mod store;
mod working_set;

pub use apply::{Applied, EventOutcome};
pub use error::{Error, ErrorKind};
pub use maintenance::Gauges;
pub use product_view::{View, export};
pub use schema::{Login, connect, lock_schema, migrate, set_login, try_access};
pub use store::Store;
pub use working_set::MAX_OFFERS;
