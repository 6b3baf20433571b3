//! The runtime's parts on a real PostgreSQL and a real Redis, with the faults that a whole run cannot be made to have.
//!
//! - [`meaning`]: batches in any order, size and number, also at the same time, leave the same catalog
//! - [`refusals`]: what PostgreSQL refuses, and what is not an event's fault
//! - [`floor`]: events in what was pruned from the ledger
//! - [`versions`]: a view's version only ever grows
//! - [`pending`]: versions that the cache could not be told
//! - [`cache`]: what the cache keeps and what it takes
//! - [`archive`]: every record is kept
//! - [`failover`]: servers that fail over under a function that goes on
//! - [`too_slow`]: a batch that is too slow as a whole
//! - [`trust`]: who the functions speak to, and what they may do there
//! - [`parameters`]: the servers, and what the stack sets there
//! - [`functions`]: the functions on given servers
//! - [`redis_servers`]: Redis servers that a test starts by itself
//! - [`ledger`]: what a supplier may put behind one count, and on one SKU
//! - [`failures`]: what Lambda is told of an invocation that failed
//! - [`first_run`]: `migrate`, while policies, host names and servers are still on their way
//! - [`rights`]: what the logins may do in PostgreSQL, and what not
//! - [`duties`]: what the functions must not forget
//! - [`bootstrap`]: the real bootstrap in its roles
//! - [`workshop`]: what the tests are made with

mod archive;
mod bootstrap;
mod cache;
mod duties;
mod failover;
mod failures;
mod first_run;
mod floor;
mod functions;
mod ledger;
mod meaning;
mod parameters;
mod pending;
#[expect(dead_code, clippy::unwrap_used, reason = "it is the catalog's tests', which use all of it")]
#[path = "../catalog/proxy.rs"]
mod proxy;
mod redis_servers;
mod refusals;
mod rights;
mod too_slow;
mod trust;
mod versions;
mod workshop;
