//! Requests to put records on the stream, with the limits that Kinesis has.
//!
//! <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html>

use base64_simd::STANDARD;
use serde::Deserialize;

use crate::emulators::api_error::ApiError;
use crate::records::{DATA_LIMIT, PARTITION_KEY_LIMIT};
use crate::stream::{NewRecord, OpenStream};

/// The most records in a request.
const RECORDS: usize = 500;
/// The largest request: the data and the partition keys of all records. It was 5 MiB until October 2025.
const REQUEST_BYTES: usize = 10 * 1024 * 1024;
/// The largest body of such a request: base64, and room for the other fields of 500 records.
pub(super) const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// The stream that a request names.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct StreamReference {
    stream_name: Option<String>,
    #[serde(rename = "StreamARN")]
    stream_arn: Option<String>,
}

impl StreamReference {
    /// Refuses every stream but the run's.
    pub(super) fn check(&self, stream: &OpenStream) -> Result<(), ApiError> {
        let Self { stream_name, stream_arn } = self;
        let named = match (stream_name, stream_arn) {
            (None, None) => {
                return Err(invalid("either StreamName or StreamARN must be there"));
            }
            (Some(name), None) if name == stream.name() => return Ok(()),
            (_, Some(arn)) if arn == stream.arn() => return Ok(()),
            (Some(name), None) => name,
            (_, Some(arn)) => arn,
        };
        let message = format!("Stream {named} not found: this run has the stream {}", stream.arn());
        Err(ApiError::new("ResourceNotFoundException", message))
    }
}

/// `PutRecord`.
#[derive(Deserialize)]
pub(super) struct PutRecord {
    #[serde(flatten)]
    pub(super) stream: StreamReference,
    #[serde(flatten)]
    pub(super) record: RecordEntry,
}

/// `PutRecords`.
#[derive(Deserialize)]
pub(super) struct PutRecords {
    #[serde(flatten)]
    pub(super) stream: StreamReference,
    #[serde(rename = "Records")]
    records: Vec<RecordEntry>,
}

/// `SplitShard`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SplitShard {
    #[serde(flatten)]
    pub(super) stream: StreamReference,
    pub(super) shard_to_split: String,
    new_starting_hash_key: String,
}

/// `MergeShards`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct MergeShards {
    #[serde(flatten)]
    pub(super) stream: StreamReference,
    pub(super) shard_to_merge: String,
    pub(super) adjacent_shard_to_merge: String,
}

/// A record of a request.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RecordEntry {
    data: String,
    partition_key: Option<String>,
    explicit_hash_key: Option<String>,
}

impl PutRecords {
    /// Checks every record. As on Kinesis, one that breaks a limit refuses the whole request.
    pub(super) fn checked(self) -> Result<Vec<NewRecord>, ApiError> {
        if !(1..=RECORDS).contains(&self.records.len()) {
            return Err(invalid(format!("Records must have 1 to {RECORDS} records, not {}", self.records.len())));
        }
        let records = self.records.into_iter().enumerate();
        let records = records.map(|(index, record)| record.checked(&format!("Records[{index}]: ")));
        let records = records.collect::<Result<Vec<_>, _>>()?;
        let size: usize = records.iter().map(size).sum();
        if size > REQUEST_BYTES {
            let message = format!("Records have {size} bytes with their partition keys, more than {REQUEST_BYTES}");
            return Err(ApiError::new("InvalidArgumentException", message));
        }
        Ok(records)
    }
}

impl SplitShard {
    pub(super) fn new_starting_hash_key(&self) -> Result<u128, ApiError> {
        hash_key("NewStartingHashKey", &self.new_starting_hash_key, "")
    }
}

impl RecordEntry {
    /// Checks the record; `place` says where it is.
    pub(super) fn checked(self, place: &str) -> Result<NewRecord, ApiError> {
        let partition_key = self.partition_key.ok_or_else(|| invalid(format!("{place}PartitionKey is missing")))?;
        let length = partition_key.chars().count();
        if !(1..=PARTITION_KEY_LIMIT).contains(&length) {
            let message = format!("{place}PartitionKey must have 1 to {PARTITION_KEY_LIMIT} characters, not {length}");
            return Err(invalid(message));
        }
        let data = STANDARD
            .decode_to_vec(self.data)
            .map_err(|_| ApiError::new("SerializationException", format!("{place}Data is not base64")))?;
        let explicit_hash_key =
            self.explicit_hash_key.map(|key| hash_key("ExplicitHashKey", &key, place)).transpose()?;
        let record = NewRecord { partition_key, explicit_hash_key, data };
        if size(&record) > DATA_LIMIT {
            let message = format!(
                "{place}the record has {} bytes with its partition key, and the stream takes {DATA_LIMIT}",
                size(&record)
            );
            return Err(invalid(message));
        }
        Ok(record)
    }
}

/// Reads a hash key: a decimal number of 128 bits, without leading zeros.
fn hash_key(name: &str, text: &str, place: &str) -> Result<u128, ApiError> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    let number = plain.then(|| text.parse().ok()).flatten();
    number.ok_or_else(|| {
        let message = format!("{place}{name} must be a decimal number of at most 128 bits");
        ApiError::new("InvalidArgumentException", message)
    })
}

fn size(record: &NewRecord) -> usize {
    record.partition_key.len() + record.data.len()
}

pub(super) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("ValidationException", message)
}
