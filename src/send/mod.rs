//! Suppliers' events, from files to a stream: `pipegen send`.
//!
//! A thread reads the files, checks every event as the pipeline would, and hands over what is good; lanes put it on the
//! stream, each with one request under way. Memory is bounded, whatever the size of a file.
//!
//! - [`files`]: the files, opened and decompressed
//! - [`units`]: the lines of a file, one by one
//! - `check`: the events in a line: good ones as records, refused ones with their reasons
//! - [`refusals`]: what was refused, listed and counted
//! - `feed`: reads and checks all files
//! - [`record`]: a record for the stream, and its limits
//! - `queues`: the way from the reading thread to the lanes
//! - `lane`: batches and retries
//! - `watermark`: how far everything is on the stream
//! - [`checkpoint`]: the same, kept in a file for the next run
//! - [`delivery`]: the lanes, the checkpoint and the reading thread together
//! - [`summary`]: what happened

mod check;
pub mod checkpoint;
pub mod delivery;
mod feed;
pub mod files;
mod lane;
mod queues;
pub mod record;
pub mod refusals;
pub mod summary;
pub mod units;
mod watermark;

pub use check::Checker;
