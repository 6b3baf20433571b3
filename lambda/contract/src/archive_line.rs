//! The lines of archived objects: one JSON object for each record. Every line has every field, because readers infer
//! the schema from the first lines (Polars drops a field that first appears later, `PyArrow` one that the first file
//! lacks).

/// The fields, each with its meaning. All are strings, except that one of the last two is null.
pub const FIELDS: [(&str, &str); 6] = [
    ("shard", "The shard's id"),
    ("sequence_number", "Unique in its shard; objects may overlap, so take each once"),
    ("arrived_at", "When the stream took the record: RFC 3339, UTC"),
    ("partition_key", "What the supplier had the record spread by"),
    ("event", "The record's bytes as the supplier sent them, null if they are not UTF-8"),
    ("event_base64", "The record's bytes in base64 if they are not UTF-8, else null"),
];
