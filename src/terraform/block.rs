//! A resource or a data source before it is added to a document.

use serde_json::Value;

use super::reference::Reference;

/// A resource or a data source.
#[derive(Clone, Debug)]
pub struct Block {
    pub(super) kind: &'static str,
    pub(super) label: String,
    pub(super) body: Value,
    pub(super) depends_on: Vec<String>,
}

impl Block {
    /// Creates a block of the provider's type `kind`, with a body in the provider's own attribute names.
    pub fn new(kind: &'static str, label: impl Into<String>, body: Value) -> Self {
        Self { kind, label: label.into(), body, depends_on: Vec::new() }
    }

    /// Adds dependencies: the block is created after these and destroyed before them, besides those that the body
    /// refers to.
    #[must_use]
    pub fn after<'a>(mut self, others: impl IntoIterator<Item = &'a Reference>) -> Self {
        self.depends_on.extend(others.into_iter().map(|other| other.address().to_owned()));
        self.depends_on.sort();
        self.depends_on.dedup();
        self
    }
}
