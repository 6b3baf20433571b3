//! The stream of a run, open to whoever puts records on it.
//!
//! - [`shards`]: the shards, and the one of a partition key
//! - [`sequence`]: sequence numbers
//! - [`open_stream`]: takes records, and keeps them until they are read

mod open_stream;
mod sequence;
pub mod shards;

pub use open_stream::{NewRecord, OpenStream, Placed, PutError, StreamReader};
