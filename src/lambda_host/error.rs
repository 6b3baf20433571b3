//! The errors of a function that cannot be run at all.

use std::path::PathBuf;

/// An error of the host, as opposed to a function error.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The bootstrap could not be executed.
    #[error("cannot run the bootstrap {}{}", bootstrap.display(), appended(reason.as_deref()))]
    Spawn {
        bootstrap: PathBuf,
        /// The fault of the file, if it can be seen.
        reason: Option<String>,
        source: std::io::Error,
    },
    /// The process does not get as far as its first event.
    #[error("{function} does not start: {reason}; its last lines: {last_lines}")]
    Start { function: String, reason: String, last_lines: String },
}

fn appended(reason: Option<&str>) -> String {
    reason.map(|reason| format!(": {reason}")).unwrap_or_default()
}
