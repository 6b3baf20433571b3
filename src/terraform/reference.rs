//! The handle of a block.

use super::expression::Expression;

/// A block that is in the document. Only adding one makes one, so what refers to a block that is not there cannot be
/// written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    address: String,
}

impl Reference {
    pub(super) fn new(address: String) -> Self {
        Self { address }
    }

    /// Where the block stands, such as `aws_kms_key.main`: what `depends_on` takes.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The value of an attribute, such as `arn` or `master_user_secret[0].secret_arn`.
    pub fn attribute(&self, path: &str) -> Expression {
        Expression::of(&format!("{}.{path}", self.address))
    }
}
