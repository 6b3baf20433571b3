//! The size of an invocation's payload.

/// The largest payload of a synchronous invocation and the largest answer to one, in bytes. Event source mappings cut
/// batches at it, too.
///
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
pub const LARGEST_PAYLOAD: usize = 6 * 1024 * 1024;
