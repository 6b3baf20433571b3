//! The catalog in PostgreSQL: the effect of events, and the transactions that apply them.
//!
//! - `store`: the handle through which the tables are read and written
//! - `connections`: the connections to PostgreSQL, their settings and timeouts
//! - `apply`: application of a batch in one transaction, bisected if PostgreSQL refuses an event's data
//! - `working_set`: the part of the catalog that a batch touches
//! - `fold`: the effect of each event on it
//! - `adjustments`: the adjustments of a batch, and what they add to the levels
//! - `load`, `ledger`, `save`: the statements of the transaction
//! - `place`: the place of a row in its table
//! - `product_view`: the view that the cache holds and the catalog returns
//! - `feed`: the products that have changed, page by page, for readers that follow the catalog
//! - `export`: every product's view
//! - `maintenance`: pruning the ledger and the changes, and gauges
//! - `limits`, `crossings`: low-stock limits, and crossings of them on their way out
//! - `pending`: versions for which the cache could not be refreshed
//! - `schema`: migrations and logins
//! - `in_memory`: the tables in memory, for tests of the fold and for the simulation
//! - `error`: errors of PostgreSQL, classified by what can be done about them
//!
//! The SQL is in `queries/`, a file for each statement; the tables are in `../migrations`.
//!
//! Two words:
//!
//! - A later event *supersedes* an earlier one whose effect it replaces: a count the counts and adjustments up to its
//!   time, a price the former price, a description the former description.
//! - The ledger's *floor* is the latest time of an event that was pruned from the ledger.

mod adjustments;
mod apply;
mod connections;
mod crossings;
mod error;
mod export;
mod feed;
mod fold;
#[cfg(any(test, feature = "in-memory"))]
mod in_memory;
mod ledger;
mod limits;
mod load;
mod maintenance;
mod pending;
mod place;
mod product_view;
mod save;
mod schema;
mod store;
mod working_set;

pub use apply::{Applied, EventOutcome, ProductVersion};
pub use crossings::Crossing;
pub use error::{Error, ErrorKind};
pub use export::export;
pub use feed::{Cursor, FeedPlace, Page, PageLimits};
#[cfg(any(test, feature = "in-memory"))]
pub use in_memory::{InMemoryTables, too_slow, unreachable};
pub use limits::{LimitedProducts, LowStockLimit, set_low_stock_limits};
pub use maintenance::Gauges;
pub use product_view::View;
pub use schema::{Login, connect, lock_schema, migrate, set_login, try_access};
pub use store::Store;
pub use working_set::MAX_OFFERS;
