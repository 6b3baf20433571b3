//! The Lambda bootstrap: every role of the runtime in one binary, chosen by the handler name.
//!
//! - [`settings`]: the environment variables, checked
//! - [`resources`]: the clients that a function instance keeps between invocations
//! - the roles: [`processor`], [`archiver`], [`catalog`], [`ingest`], [`maintain`], [`migrate`], [`rotate`]
//! - [`url`]: the event and the result of a call of a function's URL
//! - [`bodies`]: the invocations' bodies, as Lambda sent them
//! - [`kinesis`]: the event of the event source mapping
//! - [`stage`]: the stages of processing a batch
//! - [`batch_response`]: the response to Lambda for a batch that failed
//! - [`aws`]: the AWS SDK's configuration
//! - [`database`]: the connections to the catalog's tables, and their login
//! - [`cache`]: the product views in Redis
//! - [`singleflight`]: one database query for misses of one SKU that overlap
//! - [`refresh`]: refreshing of the cache after a commit
//! - [`pending`]: draining of pending refreshes
//! - [`stream`]: the stream, as `ingest` writes to it
//! - [`objects`]: objects in S3
//! - [`secrets`]: logins in Secrets Manager
//! - [`deadline`]: the time that an invocation has
//! - [`retry`]: retries of transient failures
//! - [`failure`]: the failure of an invocation
//! - [`logging`]: JSON lines
//! - [`metrics`]: log lines that carry metrics

pub mod archiver;
pub mod aws;
pub mod batch_response;
pub mod bodies;
pub mod cache;
pub mod catalog;
pub mod database;
pub mod deadline;
pub mod failure;
pub mod ingest;
pub mod kinesis;
pub mod logging;
pub mod maintain;
pub mod metrics;
pub mod migrate;
pub mod objects;
pub mod pending;
pub mod processor;
pub mod refresh;
pub mod resources;
pub mod retry;
pub mod rotate;
pub mod secrets;
pub mod settings;
pub mod singleflight;
pub mod stage;
pub mod stream;
pub mod url;
