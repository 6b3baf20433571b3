//! The handle of a block.

use super::expression::Expression;

/// A block that is in the document. Only adding a block makes one, so a reference to a block that does not exist cannot
/// be written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    address: String,
}

impl Reference {
    pub(super) fn new(address: String) -> Self {
        Self { address }
    }

    /// Returns the address of the block, such as `aws_kms_key.main`, as `depends_on` takes it.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Returns the value of an attribute, such as `arn` or `master_user_secret[0].secret_arn`.
    pub fn attribute(&self, path: &str) -> Expression {
        Expression::of(&format!("{}.{path}", self.address))
    }
}
