//! A record of the stream and its limits.

use chrono::{DateTime, Utc};

/// The largest data of a record, in bytes (the service's limit).
pub(crate) const DATA_LIMIT: usize = 1024 * 1024;
/// The longest partition key, in characters (the service's limit).
pub(crate) const PARTITION_KEY_LIMIT: usize = 256;
/// The longest shard id and sequence number, in characters (the service's limits).
pub(super) const IDENTIFIER_LIMIT: usize = 128;

/// A record of the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The id of the record's shard, `shardId-000000000000`.
    pub shard: String,
    /// Decimal digits. In a shuffled or doubled file they fall and repeat: only the position in the file is an order.
    pub sequence_number: String,
    pub partition_key: String,
    /// The time at which the stream accepted the record.
    pub arrived_at: DateTime<Utc>,
    /// The producer's bytes.
    pub data: Vec<u8>,
}
