//! An event source mapping: invokes a function with batches of a stream's records.
//!
//! - [`mapping`]: Lambda's rules, as a pure state machine
//! - [`poller`]: invokes a function by these rules
//! - [`feed`]: a thread that reads a file ahead
//! - [`pace`]: a steady rate for a file
//! - [`live`]: what is put on an open stream
//! - [`kinesis`]: readers for the shards of a stream in an account
//! - `generations`: the order of a stream's shards, children after their parents
//! - [`on_failure`]: the destination of discarded batches
//! - [`tally`], [`progress`]: counts of events and records, and their progress bar
//! - [`status`]: the work of a mapping as it goes on

pub mod feed;
mod generations;
pub mod kinesis;
pub mod live;
pub mod mapping;
pub mod on_failure;
pub mod pace;
pub mod poller;
pub mod progress;
pub mod status;
pub mod tally;
