//! An event source mapping: records of a stream, handed to a function in batches.
//!
//! - [`mapping`]: Lambda's rules, as a pure state machine
//! - [`poller`]: follows them with real invocations
//! - [`kinesis`]: reads the shards of a stream in an account
//! - [`on_failure`]: keeps the batches that are given up
//! - [`tally`], [`progress`]: counts what was done, and shows it

pub mod kinesis;
pub mod mapping;
pub mod on_failure;
pub mod poller;
pub mod progress;
pub mod tally;
