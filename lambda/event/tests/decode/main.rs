//! `decode`: the events that it accepts and rejects, with the reasons; and `check_sender` after it.
//!
//! - `sample`: a valid event of each type, and functions that break it
//! - `accepted`: valid events, field by field
//! - `records`: JSON, UTF-8, depth, sizes, arrays
//! - `envelope`: the `CloudEvents` attributes, and the window around the arrival
//! - `data`: the fields of each event type
//! - `order`: the precedence of reasons, and the content of the details
//! - `senders`: the suppliers that may send
//! - `payload`: `data_base64` in the place of `data`
//! - `aggregates`: records that the Kinesis Producer Library aggregated
//! - `other_formats`: well-known formats that rejections name
//! - `memory`: the memory that decoding holds
//! - `cases`: records of suppliers' libraries
//! - `properties`: arbitrary bytes, broken events, arrays of events

mod accepted;
mod aggregates;
mod cases;
mod data;
mod envelope;
mod memory;
mod order;
mod other_formats;
mod payload;
mod properties;
mod records;
mod sample;
mod senders;
