//! A record for the stream, and the limits of requests.

/// The most records that `PutRecords` takes.
/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html>
pub const REQUEST_RECORDS: usize = 500;

/// The most bytes of data and partition keys in a request: half of what `PutRecords` takes. A shard takes 1 MB a second,
/// so a larger request would only be throttled.
pub const REQUEST_BYTES: usize = 5 * 1024 * 1024;

/// The most bytes of data and partition key in a record; a stream takes larger ones only if it is told to.
pub const RECORD_BYTES: usize = 1024 * 1024;

/// The most events in a record's array.
pub const RECORD_EVENTS: usize = 1000;

/// A record that is to be put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub partition_key: String,
    /// An event, or an array of events.
    pub data: Vec<u8>,
    /// The number of events in it.
    pub events: u64,
}

impl Record {
    /// Returns what it takes of a request.
    pub fn bytes(&self) -> usize {
        self.partition_key.len() + self.data.len()
    }
}
