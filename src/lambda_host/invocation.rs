//! The result of an invocation.

use super::output::BatchLine;

/// The outcome of an invocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvocationOutcome {
    /// The function answered with this payload.
    Answered(Vec<u8>),
    /// A function error: the function reported an error, ended, or took too long.
    Failed,
}

/// A finished invocation.
#[derive(Clone, Debug)]
pub struct Invocation {
    pub request_id: String,
    pub outcome: InvocationOutcome,
    /// The reason for a failure.
    pub failure: Option<String>,
    /// The line that the function logged about the batch, if it answered and writes such lines.
    pub batch_line: Option<BatchLine>,
}
