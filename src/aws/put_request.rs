//! One `PutRecords` request, and what became of each of its records.

use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::error::SdkError;
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::PutRecordsRequestEntry;
use thiserror::Error;

use super::failure::{AwsFailure, FailureKind, explain};

/// The most records that a request takes.
/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html>
pub const REQUEST_RECORDS: usize = 500;

/// The most bytes of data and partition keys in a request: half of what it takes. A shard takes 1 MB a second, so a larger
/// request would only be throttled.
pub const REQUEST_BYTES: usize = 5 * 1024 * 1024;

/// The place of a record on the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    pub shard: String,
    pub sequence_number: String,
}

/// A request that failed as a whole.
#[derive(Debug, Error)]
#[error("{failure}")]
pub struct FailedRequest {
    pub failure: AwsFailure,
    /// True if the same request may succeed later.
    pub is_transient: bool,
}

/// Puts records, each a partition key and its data, on the stream. Returns the place of each, or the error code with
/// which the stream refused it.
pub async fn put<'a>(
    client: &Client,
    stream: &str,
    records: impl IntoIterator<Item = (&'a str, &'a [u8])>,
) -> Result<Vec<Result<Placed, String>>, FailedRequest> {
    let entries = records.into_iter().map(|(partition_key, data)| {
        let entry = PutRecordsRequestEntry::builder().data(Blob::new(data)).partition_key(partition_key);
        entry.build().expect("data and key are set")
    });
    let entries: Vec<_> = entries.collect();
    let count = entries.len();
    let answer = client.put_records().stream_name(stream).set_records(Some(entries)).send().await;
    let answer = answer.map_err(|error| {
        let failure = explain("kinesis:PutRecords", stream, &error);
        let by_status = error.raw_response().is_some_and(|response| response.status().is_server_error());
        let by_kind = matches!(failure.kind, FailureKind::Throttled | FailureKind::Unreachable);
        FailedRequest { failure, is_transient: by_status || by_kind || matches!(error, SdkError::ResponseError(_)) }
    })?;
    let mut results = answer.records.into_iter().map(|result| match (result.shard_id, result.sequence_number) {
        (Some(shard), Some(sequence_number)) => Ok(Placed { shard, sequence_number }),
        _ => Err(result.error_code.unwrap_or_else(|| "no sequence number".to_owned())),
    });
    // A record that the answer says nothing of is not there.
    Ok((0..count).map(|_| results.next().unwrap_or_else(|| Err("not in the answer".to_owned()))).collect())
}
