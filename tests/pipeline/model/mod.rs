//! The naive model: the expected results of a list of records, computed directly from the definitions in
//! docs/ARCHITECTURE.md.
//!
//! It shares no code with the pipeline and uses none of its optimisations: it first collects every accepted event and
//! then computes each value by its definition. Nothing is folded, so the order of events cannot matter.
//!
//! - [`record`]: a line of a records file
//! - [`json`]: a JSON parser that keeps repeated names and the text of every part
//! - [`decode`]: a record to its events and rejections ("Events"), with [`aggregate`], [`envelope`], [`base64`],
//!   [`data`], [`currency`] and [`time`]
//! - [`catalog`]: a set of events to the product views ("Meaning")
//! - [`expected`]: the expected results of a whole file
//!
//! Four things are not modelled: `refused_by_database` (the checks before refuse everything that the database could
//! refuse), the ledger's floor (nothing is pruned during a run), `unknown_supplier` (a local run allows every supplier)
//! and `too_many_offers` (no records here have a thousand suppliers of one SKU; the order of events, which the model
//! does not know, decides which of more come first).

mod aggregate;
mod base64;
pub(crate) mod catalog;
mod currency;
pub(crate) mod data;
pub(crate) mod decode;
mod envelope;
pub(crate) mod expected;
pub(crate) mod json;
pub(crate) mod record;
pub(crate) mod time;
