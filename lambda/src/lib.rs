//! The Lambda bootstrap: every role of the runtime in one binary, chosen by the handler name.
//!
//! - [`settings`]: environment variables, checked
//! - [`resources`]: what a function instance holds on to between invocations
//! - [`database`]: the catalog's connections and the login they use
//! - [`event`]: what Kinesis hands over
//! - [`processor`]: a batch of the stream into the catalog, the cache and the quarantine
//! - [`archiver`]: a batch of the stream into the archive
//! - [`catalog`]: the products that readers ask for
//! - [`maintain`]: what is left over, and the ledger's end
//! - [`migrate`]: the schema and the database logins
//! - [`rotate`]: a new database password
//! - [`cache`]: what Redis is told and asked
//! - [`pending`]: what Redis missed
//! - [`objects`]: lines of a batch as compressed objects in S3
//! - [`secrets`]: logins in Secrets Manager
//! - [`answer`]: what Lambda is told about a batch
//! - [`deadline`]: how long an invocation may work
//! - [`retry`]: what heals by itself, tried again
//! - [`failure`]: what Lambda is told of an invocation that failed
//! - [`logging`]: JSON lines
//! - [`metrics`]: lines that are metrics, too

pub mod answer;
pub mod archiver;
pub mod cache;
pub mod catalog;
pub mod database;
pub mod deadline;
pub mod event;
pub mod failure;
pub mod logging;
pub mod maintain;
pub mod metrics;
pub mod migrate;
pub mod objects;
pub mod pending;
pub mod processor;
pub mod resources;
pub mod retry;
pub mod rotate;
pub mod secrets;
pub mod settings;
