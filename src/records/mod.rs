//! The records to play: what Kinesis would deliver, one line each. A line is one of
//!
//! - a record: `{"shard", "sequence_number", "partition_key", "arrived_at", "data"}`, or `data_base64` in the place of `data` where the
//!   bytes are not UTF-8;
//! - a line of the archive, which has `event` and `event_base64` instead;
//! - a line of the quarantine, which has the fields of the rejection as well: the event that was rejected is put on the stream by itself;
//! - an event, or an array of them, as a supplier would send it.
//!
//! Parts:
//!
//! - `fields`: the first three
//! - `events`: the last
//! - `lookalike`: what a file is that holds none of these
//! - `source`: where lines come from
//! - `gzip`: unpacks them
//! - `feed`: reads ahead

use chrono::{DateTime, Utc};

mod events;
mod feed;
mod fields;
mod gzip;
mod lookalike;
mod source;

pub use feed::{Chunk, Feed, feed};
pub use source::{ReadError, Records, Source};

/// What a Kinesis record may hold at most, in bytes (the service's limit).
const DATA_LIMIT: usize = 1024 * 1024;
/// The longest partition key, in characters (the service's limit).
const PARTITION_KEY_LIMIT: usize = 256;
/// The longest shard id and sequence number, in characters (the service's limits).
const IDENTIFIER_LIMIT: usize = 128;

/// One record of the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The shard it lies in, `shardId-000000000000`.
    pub shard: String,
    /// Decimal digits. In a shuffled or doubled file they fall and repeat: only the position in the file is an order.
    pub sequence_number: String,
    /// What decides about shard and lane.
    pub partition_key: String,
    /// When the stream took it.
    pub arrived_at: DateTime<Utc>,
    /// The producer's bytes.
    pub data: Vec<u8>,
}

/// Why a line is no record.
#[derive(Debug, PartialEq, Eq)]
pub struct LineError {
    /// The field at fault; none if the line as a whole is.
    pub field: Option<&'static str>,
    /// What is wrong with it.
    pub detail: String,
}

impl std::fmt::Display for LineError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.field {
            Some(field) => write!(f, "`{field}` {}", self.detail),
            None => f.write_str(&self.detail),
        }
    }
}

impl std::error::Error for LineError {}

impl Record {
    /// Reads a line. Its number in the file, from 1, is the sequence number of what has none.
    pub fn parse(line: &[u8], number: u64) -> Result<Self, LineError> {
        // Each form begins with a field that the other has not, so that the wrong attempt ends there.
        match fields::read(line) {
            Ok(record) => Ok(record),
            Err(error) if error.field.is_none() => events::read(line, number).unwrap_or(Err(error)),
            Err(error) => Err(error),
        }
    }
}

fn whole(detail: impl Into<String>) -> LineError {
    LineError { field: None, detail: detail.into() }
}

fn at(field: &'static str, detail: impl Into<String>) -> LineError {
    LineError { field: Some(field), detail: detail.into() }
}

#[cfg(test)]
mod tests;
