//! The supplier's event format: parse, check, schema. Pure: no network, no clock.
//!
//! - [`decode`]: one stream record to events and rejections
//! - [`Event`]: what a good event says
//! - [`Reason`], [`Rejection`]: why an event was refused
//! - [`Currency`]: ISO 4217 codes

mod currency;
mod decode;
mod event;
mod identifier;
mod reason;

pub use currency::Currency;
pub use decode::{Decoded, decode};
pub use event::{Change, Description, Event};
pub use identifier::{EventId, Invalid, Sku, Supplier};
pub use reason::{Reason, Rejection};
