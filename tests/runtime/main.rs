//! The runtime's parts on a real PostgreSQL and a real Redis, with the faults that a whole run cannot be made to have.
//!
//! - [`available`]: what is available of each product, and what each transaction has changed
//! - [`crossings`]: crossings of low-stock limits
//! - [`meaning`]: batches in any order, size and number, also concurrent ones, leave the same catalog
//! - [`refusals`]: data that PostgreSQL refuses, and errors that are not an event's fault
//! - [`floor`]: events from before the ledger's floor, below which rows were pruned
//! - [`versions`]: the version of a view only ever grows
//! - [`pending`]: pending refreshes in the database
//! - [`cache`]: refreshing of cache entries
//! - [`push`]: the channel on which the cache publishes what has changed
//! - [`feed`]: the feed of changes, for readers that miss none
//! - [`archive`]: every record is archived
//! - [`failover`]: servers that fail over under a function that goes on
//! - [`too_slow`]: a batch that is too slow as a whole
//! - [`trust`]: certificates that the functions trust, and rights in Redis
//! - [`parameters`]: the servers' versions, and the parameters that the stack sets
//! - [`statements`]: the number of statements of a batch
//! - [`ledger`]: bounds on what a supplier can put behind one count, and on one SKU
//! - [`failures`]: the error types and messages of failed invocations
//! - [`first_run`]: the first run of `migrate`, with policies, host names and servers that come late
//! - [`rights`]: the rights of the logins in PostgreSQL
//! - [`ingest`]: events over HTTPS, on a stream that fails as it is told
//! - [`low_stock`]: low-stock limits, and crossings of them
//! - [`processor_and_maintain`]: quarantine, suppliers, pruning and metrics of the real bootstrap
//!
//! Shared by the tests:
//!
//! - [`test_catalog`]: servers of a test's own, events, and the views in the catalog
//! - [`functions`]: the functions in this process, on given servers
//! - [`bootstrap`]: the real bootstrap in its roles
//! - [`redis_servers`]: Redis servers beside the test's own
//! - [`product_view`]: product views as the tests compare them

mod archive;
mod available;
mod bootstrap;
mod cache;
mod crossings;
mod failover;
mod failures;
mod feed;
mod first_run;
mod floor;
mod functions;
mod ingest;
mod ledger;
mod low_stock;
mod meaning;
mod parameters;
mod pending;
mod processor_and_maintain;
#[path = "../e2e/product_view.rs"]
mod product_view;
#[expect(dead_code, clippy::unwrap_used, reason = "the catalog's tests use all of it")]
#[path = "../catalog/proxy.rs"]
mod proxy;
mod push;
mod redis_servers;
mod refusals;
mod rights;
mod statements;
mod test_catalog;
mod too_slow;
mod trust;
mod versions;
