//! Terraform JSON, without any knowledge of the resources in it.
//!
//! - `expression`: text that Terraform evaluates; the only file that writes `${…}`
//! - `reference`: the handle of a block, and the only way to refer to one
//! - `block`: a resource or a data source before it is added
//! - `document`: collects blocks, refuses a second use of an address
//! - [`declared`]: a rendered file read back
//! - [`rate`]: the period in `rate(5 minutes)`
//! - `tree`: JSON values in a fixed order, literal text escaped
//! - `json`: JSON text with references in it
//! - `writer`: text with sorted keys and a final newline
//!
//! Bodies are `serde_json::json!` in the provider's own attribute names. A `null` in a body leaves the attribute out.

mod block;
pub mod declared;
mod document;
mod expression;
mod json;
pub mod rate;
mod reference;
mod tree;
mod writer;

pub use block::Block;
pub use document::{Document, InvalidBlock};
pub use expression::Expression;
pub use reference::Reference;
pub use writer::literal_text;
