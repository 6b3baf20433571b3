//! What Lambda is told about a batch: that it is done, that it must come again, or that it must come again in halves.

use std::error::Error;
use std::fmt;

use aws_lambda_events::event::streams::KinesisEventResponse;
use lambda_runtime::Diagnostic;
use lambda_runtime::tracing::error;
use tokio::time::{Instant, timeout_at};

use crate::event::KinesisRecord;
use crate::logging::chain;

/// Why a batch has to come again.
#[derive(Debug)]
pub enum Again {
    /// What it needs is away or in trouble: it comes again as it is, however often, until that is over.
    Trouble {
        /// The stage that failed.
        stage: &'static str,
        /// Why, with all causes.
        why: String,
    },
    /// Its time does not suffice, and would not the next time.
    TooSlow {
        /// The stage that was cut off.
        stage: &'static str,
    },
}

/// Errors of a stage that know whether there was too much to do.
pub trait StageError: Error {
    /// Whether less of it at a time helps.
    fn is_too_slow(&self) -> bool {
        false
    }
}

/// The error of an invocation whose batch is too slow. Lambda halves a batch whose invocation fails; one that is reported by its
/// first record would come back whole.
#[derive(Debug, PartialEq, Eq)]
pub struct BatchTooSlow {
    /// The stage that was cut off.
    pub stage: &'static str,
    /// How many records the batch has.
    pub records: usize,
}

impl fmt::Display for BatchTooSlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stage, records } = self;
        write!(f, "the time does not suffice for the batch of {records} records: `{stage}` was cut off")
    }
}

impl Error for BatchTooSlow {}

impl From<BatchTooSlow> for Diagnostic {
    fn from(error: BatchTooSlow) -> Self {
        Self { error_type: "BatchTooSlow".to_owned(), error_message: error.to_string() }
    }
}

/// A stage's result, if it comes in time.
pub async fn within<T, E: StageError>(
    stop_at: Instant,
    stage: &'static str,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, Again> {
    match timeout_at(stop_at, work).await {
        Ok(Err(error)) if !error.is_too_slow() => Err(Again::Trouble { stage, why: chain(&error) }),
        Ok(Ok(done)) => Ok(done),
        Ok(Err(_)) | Err(_) => Err(Again::TooSlow { stage }),
    }
}

/// Tells Lambda to send a batch again: all of it, by a report of its first record, or in halves, by an error. Logs why.
///
/// # Errors
/// If its time does not suffice.
pub fn again(again: Again, records: &[KinesisRecord]) -> Result<KinesisEventResponse, BatchTooSlow> {
    let mut response = KinesisEventResponse::default();
    let Some(first) = records.first() else { return Ok(response) };
    let (shard, first_sequence_number) = (first.shard(), first.sequence_number());
    let records = records.len();
    match again {
        Again::Trouble { stage, why } => {
            error!(stage, why, shard, first_sequence_number, records, "the batch is reported and comes again");
            response.add_failure(first_sequence_number);
            Ok(response)
        }
        Again::TooSlow { stage } => {
            error!(stage, shard, first_sequence_number, records, "the batch is too slow and comes again in halves");
            Err(BatchTooSlow { stage, records })
        }
    }
}
