//! Mistakes of the user.

use thiserror::Error;

/// A mistake of the user: the exit code is 2 and nothing was written.
#[derive(Debug, Error)]
pub(super) enum UsageError {
    #[error("{0}")]
    Message(String),
    /// A report as [`crate::config::report`] makes it, which begins with `error:`.
    #[error("{0}")]
    Report(String),
}
