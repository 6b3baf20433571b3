//! The runtime's parts on a real PostgreSQL and a real Redis, with the faults that a whole run cannot be made to have.
//!
//! - [`meaning`]: batches in any order, size and number, also at the same time, leave the same catalog
//! - [`refusals`]: what PostgreSQL refuses, and what is not an event's fault
//! - [`floor`]: events in what was pruned from the ledger
//! - [`versions`]: a view's version only ever grows
//! - [`pending`]: versions that the cache could not be told
//! - [`cache`]: what the cache keeps and what it takes
//! - [`archive`]: every record is kept
//! - [`trust`]: who the functions speak to, and what they may do there
//! - [`parameters`]: the servers, and what the stack sets there
//! - [`workshop`]: what the tests are made with

mod archive;
mod cache;
mod floor;
mod meaning;
mod parameters;
mod pending;
mod refusals;
mod trust;
mod versions;
mod workshop;
