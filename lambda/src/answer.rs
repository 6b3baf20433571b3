//! What Lambda is told about a batch: that it is done, that it must come again, or that it must come again in halves.

use std::error::Error;

use aws_lambda_events::event::streams::KinesisEventResponse;
use lambda_runtime::tracing::error;
use tokio::time::{Instant, timeout_at};

use crate::event::KinesisRecord;
use crate::failure::{Failure, What};
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
    /// A table or right is not there, and somebody has to see to that: an error shows it, a batch that keeps coming does not.
    NotPrepared {
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

/// Errors of a stage that know what can be done about them.
pub trait StageError: Error {
    /// Whether less of it at a time helps.
    fn is_too_slow(&self) -> bool {
        false
    }

    /// Whether nothing helps but somebody who sees to the database.
    fn is_not_prepared(&self) -> bool {
        false
    }
}

/// A stage's result, if it comes in time.
pub async fn within<T, E: StageError>(
    stop_at: Instant,
    stage: &'static str,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, Again> {
    match timeout_at(stop_at, work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) if error.is_not_prepared() => Err(Again::NotPrepared { stage, why: chain(&error) }),
        Ok(Err(error)) if !error.is_too_slow() => Err(Again::Trouble { stage, why: chain(&error) }),
        Ok(Err(_)) | Err(_) => Err(Again::TooSlow { stage }),
    }
}

/// Tells Lambda to send a batch again: all of it, by a report of its first record, or in halves, by an error. Logs why.
///
/// # Errors
/// If its time does not suffice, or somebody has to see to the database.
pub fn again(again: Again, records: &[KinesisRecord]) -> Result<KinesisEventResponse, Failure> {
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
        Again::NotPrepared { stage, why } => {
            error!(
                stage,
                why, shard, first_sequence_number, records, "the batch cannot be processed until somebody sees to it"
            );
            Err(Failure::new(What::DatabaseNotPrepared, why))
        }
        Again::TooSlow { stage } => {
            error!(stage, shard, first_sequence_number, records, "the batch is too slow and comes again in halves");
            let why = format!("the time does not suffice for the batch of {records} records: `{stage}` was cut off");
            Err(Failure::new(What::BatchTooSlow, why))
        }
    }
}
