//! The stages of processing a batch: each must end in time, and each error says what can be done about it.

use std::error::Error;

use tokio::time::{Instant, timeout_at};

use crate::logging::chain;

/// A stage that failed, by what Lambda should do with the batch.
#[derive(Debug)]
pub enum StageFailure {
    /// A service is unavailable: the batch is retried unchanged, until the service is back.
    Transient {
        /// The name of the stage.
        stage: &'static str,
        /// The error and its causes.
        message: String,
    },
    /// A table or right is missing in the database, and somebody has to see to that: the invocation fails, so that an
    /// alarm shows it; endless retries would hide it.
    NotPrepared {
        /// The name of the stage.
        stage: &'static str,
        /// The error and its causes.
        message: String,
    },
    /// The time does not suffice for the batch, and would not the next time either: it has to be bisected.
    TooSlow {
        /// The name of the stage that was cut off.
        stage: &'static str,
    },
}

/// An error of a stage, classified by what can be done about it; by default, a retry helps.
pub trait StageError: Error {
    /// Returns true if a smaller batch helps.
    fn is_too_slow(&self) -> bool {
        false
    }

    /// Returns true if no retry helps before somebody has seen to the database.
    fn is_not_prepared(&self) -> bool {
        false
    }
}

/// Runs a stage until `stop_at` at the latest.
///
/// # Errors
/// If the stage fails or does not end in time.
pub async fn run_stage<T, E: StageError>(
    stop_at: Instant,
    stage: &'static str,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, StageFailure> {
    match timeout_at(stop_at, work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) if error.is_not_prepared() => Err(StageFailure::NotPrepared { stage, message: chain(&error) }),
        Ok(Err(error)) if !error.is_too_slow() => Err(StageFailure::Transient { stage, message: chain(&error) }),
        Ok(Err(_)) | Err(_) => Err(StageFailure::TooSlow { stage }),
    }
}
