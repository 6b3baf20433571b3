//! A change and its consequence.

/// A change that should be known before it is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackChange {
    /// True if it cannot be applied as it is.
    pub is_refused: bool,
    pub message: String,
    /// The way around it, or what to do first.
    pub help: String,
}

impl StackChange {
    pub(super) fn refused(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { is_refused: true, message: message.into(), help: help.into() }
    }

    pub(super) fn warned(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { is_refused: false, message: message.into(), help: help.into() }
    }
}
