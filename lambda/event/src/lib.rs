//! The suppliers' event format: parsing, checks, JSON Schema. No I/O and no clock. docs/ARCHITECTURE.md, "Events",
//! describes the format.
//!
//! The modules, in the order in which a text is checked, which is also the order of the rejections:
//!
//! - `decode`: decoding of a stream record, the order of the checks, the size limits
//! - `aggregate`: records that the Kinesis Producer Library aggregated
//! - `text`: JSON's grammar, depth and escapes, and the elements of an array
//! - `members`: the names and raw values of an object's members
//! - `envelope`: the `CloudEvents` attributes; `identifier`: the identifiers among them; `time`: the timestamp and its
//!   window
//! - `payload`: the text of `data`, or the text that `data_base64` encodes
//! - `data`: the fields of each event type, `required_fields` those that must be there; `value`: the values that they
//!   may have; `integer`: the notations of integers; `currency`: the codes of ISO 4217
//! - `event`: a valid event
//! - `sender`: the suppliers that may send
//! - `reason`: the reasons for rejections; `other_formats`: well-known formats that a rejected text resembles
//! - [`http_binding`]: events in HTTP requests
//! - `schema` (feature `schema`): the JSON Schema for suppliers, generated from the types in `data`
//! - `xregistry` (feature `schema`): the event types as an entry for event catalogs

mod aggregate;
mod currency;
mod data;
mod decode;
mod envelope;
mod event;
pub mod http_binding;
mod identifier;
mod integer;
mod members;
mod other_formats;
mod payload;
mod reason;
mod required_fields;
#[cfg(feature = "schema")]
mod schema;
mod sender;
mod text;
mod time;
mod value;
#[cfg(feature = "schema")]
mod xregistry;

pub use currency::Currency;
pub use decode::{Decoded, decode};
pub use event::{Change, Description, Event};
pub use identifier::{EventId, InvalidText, Sku, Supplier};
pub use reason::{Reason, Rejection};
#[cfg(feature = "schema")]
pub use schema::{schema, schemas_by_type};
pub use sender::check_sender;
pub use value::check_category;
#[cfg(feature = "schema")]
pub use xregistry::xregistry;
