//! Tables (CSV) as events: a row becomes a count or a change of the stock, a price, a description, by a mapping of the
//! columns. Nothing here sends anything.
//!
//! - [`mapping`]: which column is what, checked
//! - `numbers`: quantities and prices as people write them
//! - `times`: times as people write them
//! - `header`: the columns of one file
//! - [`rows`]: the rows of one file as events
//! - `event`: an event's text and its id
//! - `repeats`: rows that are there twice

mod event;
mod header;
pub mod mapping;
mod numbers;
mod repeats;
pub mod rows;
mod times;

pub use mapping::Mapping;
pub use rows::{Columns, MappedEvent, Row, RowFault, Rows};
