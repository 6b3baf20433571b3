//! The lines of archived objects: a JSON object a record, all of its fields strings.

/// The fields, each with its meaning. A line has one of the last two.
pub const FIELDS: [(&str, &str); 6] = [
    ("shard", "The shard's id"),
    ("sequence_number", "Unique in its shard; objects may overlap, so take each once"),
    ("arrived_at", "When the stream took the record: RFC 3339, UTC"),
    ("partition_key", "What the supplier had the record spread by"),
    ("event", "The record's bytes as the supplier sent them, if they are UTF-8"),
    ("event_base64", "The record's bytes in base64, if they are not"),
];
