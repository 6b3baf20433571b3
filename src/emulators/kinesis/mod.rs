//! Kinesis for whoever puts records on the run's stream: `PutRecord`, `PutRecords`, `ListShards`, `SplitShard`,
//! `MergeShards` and `DescribeStreamSummary`.
//!
//! - [`request`]: the requests, checked
//! - [`protocol`]: the operations, in AWS' JSON 1.1 protocol

mod protocol;
mod request;

pub use protocol::{Kinesis, TARGET};

#[cfg(test)]
mod tests;
