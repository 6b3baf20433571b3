//! The stream of a run, open to whoever puts records on it.
//!
//! - [`shards`]: equal ranges of hash keys, and the hash key of a partition key
//! - `shard_map`: the shards, which may be split and merged
//! - `lineage`: the parents of shards
//! - [`sequence`]: sequence numbers
//! - [`open_stream`]: takes records, and keeps them until they are read

mod lineage;
mod open_stream;
mod sequence;
mod shard_map;
pub mod shards;

pub use lineage::Lineage;
pub use open_stream::{NewRecord, OpenStream, Placed, PutError, StreamReader};
pub use shard_map::{ReshardError, Shard};
