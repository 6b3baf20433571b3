//! The checks: functions of any bytes, which panic if the product does what it never may. Fuzzers and `cargo test` run
//! the same ones.
//!
//! - [`decoder`]: records of the stream, aggregates among them, to events and rejections
//! - [`kinesis_event`]: the event that Lambda makes of a batch of records
//! - [`records_file`]: the files that `pipegen local` plays
//! - [`settings_file`]: the settings, `pipegen.toml`
//! - [`catalog_request`]: the catalog's requests and cursors
//! - [`ingest_request`]: requests with suppliers' events
//! - [`archive_object`]: objects of the archive and the quarantine, and their keys
//! - [`table`]: tables of `send` and their mappings
//!
//! Parts that several of them use:
//!
//! - `events`: what holds of every decoded event
//! - `generated`: events that are nearly valid, made of any bytes
//! - `model`: the naive model of the whole pipeline's tests, which shares no code with it
//! - `bounded`: a bound on the memory that some work may hold

mod archive_object;
mod bounded;
mod catalog_request;
mod decoder;
mod events;
mod generated;
mod ingest_request;
mod kinesis_event;
#[expect(dead_code, reason = "only its decoder is asked here")]
#[path = "../../pipeline/model/mod.rs"]
mod model;
mod records_file;
mod settings_file;
mod table;

/// A check: its name, by which its corpus and its fuzzer are called, and its function.
pub(crate) type Check = (&'static str, fn(&[u8]));

/// Every check.
pub(crate) const ALL: [Check; 8] = [
    ("archive_object", archive_object::check),
    ("catalog_request", catalog_request::check),
    ("decoder", decoder::check),
    ("ingest_request", ingest_request::check),
    ("kinesis_event", kinesis_event::check),
    ("records_file", records_file::check),
    ("settings_file", settings_file::check),
    ("table", table::check),
];
