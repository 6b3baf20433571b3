//! The stream, as `ingest` writes to it.

use std::sync::OnceLock;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::error::{DisplayErrorContext, ProvideErrorMetadata as _, SdkError};
use aws_sdk_kinesis::operation::put_records::PutRecordsError;
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::{PutRecordsRequestEntry, PutRecordsResultEntry};

use serde::Serialize;

use crate::failure::{Failure, FailureKind};

/// The time limit of one request, so that one that hangs leaves time for another. A full one takes less than a second.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);

/// Error codes of a request that may be accepted later.
const TRANSIENT: [&str; 6] = [
    "ProvisionedThroughputExceededException",
    "LimitExceededException",
    "KMSThrottlingException",
    "ThrottlingException",
    "InternalFailure",
    "ServiceUnavailable",
];

/// Error codes of a request that the role, the key or its policy does not allow.
const DENIED: [&str; 9] = [
    "AccessDeniedException",
    "KMSAccessDeniedException",
    "KMSDisabledException",
    "KMSInvalidStateException",
    "KMSNotFoundException",
    "KMSOptInRequired",
    "UnrecognizedClientException",
    "ExpiredTokenException",
    "InvalidSignatureException",
];

/// A record for the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRecord<'a> {
    pub partition_key: String,
    pub data: &'a [u8],
}

impl NewRecord<'_> {
    /// Returns the size that counts for the stream's limits.
    pub fn size(&self) -> usize {
        self.partition_key.len() + self.data.len()
    }
}

/// The place of a record on the stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    pub shard: String,
    pub sequence_number: String,
}

/// The outcome of putting one record: its place, or the code of the last error, which may pass.
pub type Put = Result<Place, String>;

/// The error of a request as a whole.
#[derive(Debug)]
pub enum PutError {
    /// One that may pass, by its code.
    Transient(String),
    /// One that somebody has to see to.
    Permanent(Failure),
}

/// The client of the stream, made when it is first used.
#[derive(Debug)]
pub struct Stream {
    aws: SdkConfig,
    name: String,
    client: OnceLock<Client>,
}

impl Stream {
    /// Makes a client that is not there yet.
    pub fn new(aws: &SdkConfig, name: &str) -> Self {
        Self { aws: aws.clone(), name: name.to_owned(), client: OnceLock::new() }
    }

    /// Puts records on the stream, with one request. Its caller retries: it knows the deadline, and the client does not.
    pub async fn put(&self, records: &[&NewRecord<'_>]) -> Result<Vec<Put>, PutError> {
        let request = self.client().put_records().stream_name(&self.name);
        match request.set_records(Some(records.iter().map(|record| entry(record)).collect())).send().await {
            Ok(output) if output.records.len() == records.len() => Ok(output.records.into_iter().map(put).collect()),
            Ok(_) => Err(PutError::Transient("UnexpectedResponse".to_owned())),
            Err(error) => Err(self.classified(&error)),
        }
    }

    fn client(&self) -> &Client {
        self.client.get_or_init(|| {
            let timeouts = self.aws.timeout_config().map(TimeoutConfig::to_builder).unwrap_or_default();
            let config = aws_sdk_kinesis::config::Builder::from(&self.aws)
                .retry_config(RetryConfig::disabled())
                .timeout_config(timeouts.operation_attempt_timeout(ATTEMPT_TIMEOUT).build());
            Client::from_conf(config.build())
        })
    }

    fn classified(&self, error: &SdkError<PutRecordsError>) -> PutError {
        let code = error.code().unwrap_or_default();
        let is_server_error = || error.raw_response().is_some_and(|response| response.status().is_server_error());
        let kind = match error {
            SdkError::TimeoutError(_) => return PutError::Transient("Timeout".to_owned()),
            SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => {
                return PutError::Transient("Unreachable".to_owned());
            }
            _ if TRANSIENT.contains(&code) => return PutError::Transient(code.to_owned()),
            _ if is_server_error() => return PutError::Transient("InternalFailure".to_owned()),
            _ if code == "ResourceNotFoundException" => FailureKind::StreamNotFound,
            _ if DENIED.contains(&code) => FailureKind::StreamDenied,
            _ => FailureKind::StreamFailed,
        };
        PutError::Permanent(Failure::new(kind, format!("Kinesis: {}: {}", self.name, DisplayErrorContext(error))))
    }
}

fn entry(record: &NewRecord<'_>) -> PutRecordsRequestEntry {
    PutRecordsRequestEntry::builder()
        .partition_key(&record.partition_key)
        .data(Blob::new(record.data))
        .build()
        .expect("both fields are there")
}

/// The error's message stays here: it names the account.
fn put(entry: PutRecordsResultEntry) -> Put {
    match (entry.shard_id, entry.sequence_number) {
        (Some(shard), Some(sequence_number)) => Ok(Place { shard, sequence_number }),
        _ => Err(entry.error_code.unwrap_or_else(|| "InternalFailure".to_owned())),
    }
}
