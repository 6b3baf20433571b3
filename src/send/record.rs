//! A record for the stream, and its limits.

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
