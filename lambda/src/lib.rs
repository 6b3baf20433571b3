//! The Lambda bootstrap: every role of the runtime in one binary, chosen by the handler name.
//!
//! - [`settings`]: environment variables, checked
//! - [`resources`]: what a function instance holds on to between invocations
//! - [`database`]: the catalog's connections and the login they use
//! - [`event`]: what Kinesis hands over
//! - [`processor`]: a batch of the stream into the catalog, the cache and the quarantine
//! - [`migrate`]: the schema and the database roles
//! - [`cache`]: what Redis is told
//! - [`objects`]: lines of a batch as compressed objects in S3
//! - [`secrets`]: logins in Secrets Manager
//! - [`logging`]: JSON lines

pub mod cache;
pub mod database;
pub mod event;
pub mod logging;
pub mod migrate;
pub mod objects;
pub mod processor;
pub mod resources;
pub mod secrets;
pub mod settings;
