//! The archive and the quarantine as they lie in S3 or in a folder: found by time, read in order, verified.
//!
//! Everything is read as a stream: what is in memory at a time are a few objects, however long the range is.
//!
//! - [`time_range`]: times as people type them, and spans of arrival times
//! - [`object_key`]: the parts of an object's key
//! - [`source`]: a bucket or a folder; [`folder`] and [`bucket`] list and read them
//! - [`objects`]: objects in the order of hour, shard and first sequence number, read ahead
//! - [`text`]: an object's lines, decompressed
//! - [`mod@line`]: a line's fields, checked
//! - [`sequence_number`]: the order in a shard
//! - [`merged`]: each record once, in order, although objects overlap
//! - [`lookup`]: one record's line
//! - [`discarded`]: batches that Lambda discarded, unpacked
//! - [`event_filter`]: events by supplier, SKU and type
//! - [`rejections`]: everything in the quarantine, event by event
//! - [`verify`]: the objects, held to what they should be

pub mod bucket;
pub mod discarded;
pub mod event_filter;
pub mod folder;
pub mod line;
pub mod lookup;
pub mod merged;
pub mod object_key;
pub mod objects;
pub mod rejections;
pub mod sequence_number;
pub mod source;
pub mod text;
pub mod time_range;
pub mod verify;
