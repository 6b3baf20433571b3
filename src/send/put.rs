//! One `PutRecords` request, and what became of its records.

use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::error::SdkError;
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::PutRecordsRequestEntry;

use super::record::Record;
use crate::aws::{AwsFailure, FailureKind, explain};

/// The IAM action.
const ACTION: &str = "kinesis:PutRecords";

/// A request that failed as a whole.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) failure: AwsFailure,
    /// True if the same request may succeed later.
    pub(super) is_transient: bool,
}

/// Puts records on the stream. Returns for each whether it is there: an error code if not.
pub(super) async fn put(client: &Client, stream: &str, records: &[&Record]) -> Result<Vec<Option<String>>, Failed> {
    let entries = records.iter().map(|record| {
        let entry = PutRecordsRequestEntry::builder().data(Blob::new(record.data.as_slice()));
        entry.partition_key(&record.partition_key).build().expect("data and key are set")
    });
    let answer = client.put_records().stream_name(stream).set_records(Some(entries.collect())).send().await;
    let answer = answer.map_err(|error| {
        let failure = explain(ACTION, stream, &error);
        let by_status = error.raw_response().is_some_and(|response| response.status().as_u16() >= 500);
        let by_kind = matches!(failure.kind, FailureKind::Throttled | FailureKind::Unreachable);
        Failed { failure, is_transient: by_status || by_kind || matches!(error, SdkError::ResponseError(_)) }
    })?;
    let mut results = answer.records.into_iter().map(|result| match (result.error_code, result.sequence_number) {
        (None, Some(_)) => None,
        (code, _) => Some(code.unwrap_or_else(|| "no sequence number".to_owned())),
    });
    // A record that the answer says nothing of is not there.
    Ok(records.iter().map(|_| results.next().unwrap_or_else(|| Some("not in the answer".to_owned()))).collect())
}
