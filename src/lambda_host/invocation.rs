//! The result of an invocation.

use serde_json::Value;

use super::output::BatchLine;

/// The outcome of an invocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvocationOutcome {
    /// The function answered with this payload.
    Answered(Vec<u8>),
    /// A function error: the function reported an error, ended, or took too long.
    Failed,
}

impl InvocationOutcome {
    /// Returns true if the function has answered and reports no item of its batch as failed. Only then it has a batch
    /// line: what is reported comes again.
    pub(super) fn is_acknowledged(&self) -> bool {
        let Self::Answered(payload) = self else { return false };
        let answer: Value = serde_json::from_slice(payload).unwrap_or_default();
        answer["batchItemFailures"].as_array().is_none_or(Vec::is_empty)
    }
}

/// A finished invocation.
#[derive(Clone, Debug)]
pub struct Invocation {
    pub request_id: String,
    pub outcome: InvocationOutcome,
    /// The reason for a failure.
    pub failure: Option<String>,
    /// The line that the function logged about the batch, if it acknowledged it and writes such lines.
    pub batch_line: Option<BatchLine>,
}
