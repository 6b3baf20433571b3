//! An empty catalog, filled from the archive as the processor would have filled it: events are judged by their records'
//! original arrival.
//!
//! - [`rules`]: which events are accepted
//! - [`database`]: the database, marked as unfinished until everything is in it
//! - [`filling`]: the records of the archive, applied
//! - [`compare`]: two catalogs, product by product

pub mod compare;
mod database;
mod filling;
mod rules;

pub use database::{UnfinishedCatalog, options};
pub use filling::{Filled, fill};
pub use rules::Rules;
