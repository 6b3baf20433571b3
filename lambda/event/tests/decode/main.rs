//! What `decode` takes and refuses, and why.
//!
//! - `sample`: a good event of each type, and ways to spoil it
//! - `accepted`: good events, field by field
//! - `records`: JSON, UTF-8, depth, sizes, arrays
//! - `envelope`: the `CloudEvents` attributes, and the window around the arrival
//! - `data`: the fields of each event type
//! - `order`: which rejection wins where several would do, and what the details say
//! - `payload`: `data_base64` in the place of `data`
//! - `aggregates`: what the Kinesis Producer Library aggregated
//! - `lookalikes`: what a rejection says a text looks like
//! - `cases`: what suppliers' libraries really send
//! - `properties`: arbitrary bytes, spoilt events, arrays of events

mod accepted;
mod aggregates;
mod cases;
mod data;
mod envelope;
mod lookalikes;
mod order;
mod payload;
mod properties;
mod records;
mod sample;
