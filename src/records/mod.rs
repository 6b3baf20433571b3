//! Files of records: the records that Kinesis would deliver, one JSON text a line. A line is one of
//!
//! - a record: `{"shard", "sequence_number", "partition_key", "arrived_at", "data"}`, or `data_base64` instead of
//!   `data` if the bytes are not UTF-8;
//! - a line of the archive, which has `event` and `event_base64` instead;
//! - a line of the quarantine, which has the fields of the rejection as well; the rejected event becomes a record of
//!   its own;
//! - an event, or an array of events, as a supplier would send it.
//!
//! Parts:
//!
//! - [`source`]: files, standard input and the sample
//! - [`reader`]: the records of a source, line by line
//! - [`gzip`]: a decompressing reader
//! - `line`: one line as a record
//! - [`fields`]: lines with a record's fields
//! - [`events`]: lines that are events
//! - [`other_formats`]: files that do not hold records
//! - [`record`]: a record and its limits
//! - [`error`]: the errors of reading

mod error;
mod events;
mod fields;
mod gzip;
mod line;
mod other_formats;
mod reader;
mod record;
mod source;

pub(crate) use error::message;
pub use error::{LineError, ReadError};
pub use events::partition_key;
pub use reader::{RecordReader, decompressed};
pub use record::Record;
pub(crate) use record::{DATA_LIMIT, PARTITION_KEY_LIMIT};
pub use source::{Counted, RecordSource};

#[cfg(test)]
mod tests;
