//! The supplier's event format: parse, check, schema. Pure: no network, no clock.
//!
//! Text becomes an event in this order, which is also the order of the rejections:
//!
//! - `decode`: one stream record to events and rejections, the order of the checks, sizes
//! - `aggregate`: what the Kinesis Producer Library aggregated
//! - `text`: JSON's grammar, depth and escapes; cuts an array into its elements
//! - `members`: an object's members, names and raw values
//! - `envelope`: the `CloudEvents` attributes; `identifier` has the names among them, `time` the timestamp and its window
//! - `payload`: the text of `data`, or what `data_base64` encodes
//! - `data`: the fields of each event type; `value` has what they may hold, `integer` how whole numbers are written,
//!   `currency` the codes of ISO 4217
//! - `event`: what a good event says
//! - `reason`: why an event was refused; `lookalike` what it seems to be instead
//! - `schema` (feature `schema`): the JSON Schema for suppliers, made of the types in `data`

mod aggregate;
mod currency;
mod data;
mod decode;
mod envelope;
mod event;
mod identifier;
mod integer;
mod lookalike;
mod members;
mod payload;
mod reason;
#[cfg(feature = "schema")]
mod schema;
mod text;
mod time;
mod value;

pub use currency::Currency;
pub use decode::{Decoded, decode};
pub use event::{Change, Description, Event};
pub use identifier::{EventId, Invalid, Sku, Supplier};
pub use reason::{Reason, Rejection};
#[cfg(feature = "schema")]
pub use schema::{schema, schemas_by_type};
