//! A change and its consequence.

/// A change that somebody should know of before it is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Whether it cannot be applied as it is.
    pub is_refused: bool,
    /// What would happen.
    pub message: String,
    /// The way round, or what to see to before.
    pub help: String,
}

impl Change {
    pub(super) fn refused(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { is_refused: true, message: message.into(), help: help.into() }
    }

    pub(super) fn warned(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { is_refused: false, message: message.into(), help: help.into() }
    }
}
