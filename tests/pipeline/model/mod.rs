//! The model: what must become of a list of records, computed from the design's definitions and from nothing else.
//!
//! It shares no code with the pipeline and takes no short cut that the pipeline takes: it first collects every accepted
//! event and then looks each answer up by its definition. Nothing is folded, so no order can matter.
//!
//! - [`record`]: a line of a records file
//! - [`json`]: JSON as the grammar has it, keeping names that come twice and the text of every part
//! - [`judge`]: a record to its events and rejections (§3), with [`aggregate`], [`envelope`], [`base64`], [`data`], [`currency`]
//!   and [`time`]
//! - [`catalog`]: a set of events to the product views (§4)
//! - [`expected`]: all of it for a whole file
//!
//! Four things never happen in a model: `refused_by_database` (whatever the database could refuse is refused before), the ledger
//! floor (nothing is pruned within one run), `unknown_supplier` (a local run names no suppliers) and `too_many_offers` (no records
//! here have a thousand suppliers of one SKU; which of more come first is decided by their order, which a model does not know).

mod aggregate;
mod base64;
pub(crate) mod catalog;
mod currency;
pub(crate) mod data;
mod envelope;
pub(crate) mod expected;
pub(crate) mod json;
pub(crate) mod judge;
pub(crate) mod record;
pub(crate) mod time;
