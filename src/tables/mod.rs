//! Tables (CSV) as events: a row becomes a count or a change of the stock, a price, a description, by a mapping of the
//! columns. Nothing here sends anything.
//!
//! - [`mapping`]: which column is what, checked
//! - `numbers`: quantities and prices as people write them
//! - `times`: times as people write them
//! - `header`: the columns of one file
//! - `cells`: the cells of one row
//! - [`rows`]: the rows of one file as events
//! - `event`: an event's text and its id
//! - `repeats`: rows that are there twice
//! - `row_limit`: the longest row

mod cells;
mod event;
mod header;
pub mod mapping;
mod numbers;
mod repeats;
mod row_limit;
pub mod rows;
mod times;

pub use cells::RowFault;
pub use mapping::Mapping;
pub use rows::{Columns, MappedEvent, Row, Rows};
