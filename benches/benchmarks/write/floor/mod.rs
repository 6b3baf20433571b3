//! The floor: the cheapest set-based SQL that leaves the same rows.
//!
//! While the processor works through the batches once, triggers note every version of every row. The last version that
//! each batch left of a row is what the floor writes: per batch one transaction, and in it one statement for each table
//! with rows to write, one for each with rows to delete. Nothing is read, decoded or decided, and there is no cache.
//!
//! - [`capture`]: the rows that each batch has written
//! - [`column`]: a column's values as PostgreSQL takes them in an array
//! - [`write`]: the statements, and their execution

pub(super) mod capture;
mod column;
pub(super) mod write;
