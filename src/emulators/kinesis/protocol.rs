//! The operations in AWS' JSON 1.1 protocol, in which the header `X-Amz-Target` names the operation.
//!
//! <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_Operations.html>

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::request::{BODY_LIMIT, MergeShards, PutRecord, PutRecords, SplitShard, StreamReference};
use crate::emulators::api_error::ApiError;
use crate::stream::{OpenStream, Placed, PutError, ReshardError, Shard};

/// The prefix of the operation's name.
pub const TARGET: &str = "Kinesis_20131202.";

/// The API of one stream. It takes every signature.
#[derive(Clone)]
pub struct Kinesis {
    pub stream: Arc<OpenStream>,
    /// Hours for which the stack's stream keeps a record.
    pub retention_hours: u64,
}

impl Kinesis {
    /// Answers a request.
    pub async fn answer(&self, parts: &Parts, body: Body) -> Response {
        let target = parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
        let answer = if let Ok(body) = to_bytes(body, BODY_LIMIT).await {
            self.call(target, &body)
        } else {
            let message = format!("the request must be readable and have at most {BODY_LIMIT} bytes");
            Err(ApiError::new("SerializationException", message).with_status(StatusCode::PAYLOAD_TOO_LARGE))
        };
        match answer {
            Ok(answer) => ([(CONTENT_TYPE, "application/x-amz-json-1.1")], answer.to_string()).into_response(),
            Err(error) => error.response(),
        }
    }

    pub(super) fn call(&self, target: &str, body: &[u8]) -> Result<Value, ApiError> {
        match target.strip_prefix(TARGET) {
            Some("PutRecord") => self.put_record(read(body)?),
            Some("PutRecords") => self.put_records(read(body)?),
            Some("ListShards") => self.list_shards(&read(body)?),
            Some("SplitShard") => self.split_shard(&read(body)?),
            Some("MergeShards") => self.merge_shards(&read(body)?),
            Some("DescribeStreamSummary") => self.describe_stream_summary(&read(body)?),
            _ => {
                let message = format!("the operation `{target}` is not supported here");
                Err(ApiError::new("UnknownOperationException", message))
            }
        }
    }

    fn put_record(&self, request: PutRecord) -> Result<Value, ApiError> {
        request.stream.check(&self.stream)?;
        let placed = self.stream.put(request.record.checked("")?);
        let Placed { shard, sequence_number } = placed.map_err(|error| {
            let api_error = ApiError::new(exception(error), error.to_string());
            if error == PutError::Closed { api_error.with_status(StatusCode::INTERNAL_SERVER_ERROR) } else { api_error }
        })?;
        Ok(json!({"ShardId": shard, "SequenceNumber": sequence_number, "EncryptionType": "KMS"}))
    }

    fn put_records(&self, request: PutRecords) -> Result<Value, ApiError> {
        request.stream.check(&self.stream)?;
        let mut failed = 0;
        let mut entries = Vec::new();
        for record in request.checked()? {
            entries.push(match self.stream.put(record) {
                Ok(Placed { shard, sequence_number }) => json!({"ShardId": shard, "SequenceNumber": sequence_number}),
                Err(error) => {
                    failed += 1;
                    json!({"ErrorCode": exception(error), "ErrorMessage": error.to_string()})
                }
            });
        }
        Ok(json!({"FailedRecordCount": failed, "Records": entries, "EncryptionType": "KMS"}))
    }

    /// Lists all shards on one page, the closed ones too.
    fn list_shards(&self, request: &StreamReference) -> Result<Value, ApiError> {
        request.check(&self.stream)?;
        Ok(json!({"Shards": self.stream.shards().iter().map(listed).collect::<Vec<_>>()}))
    }

    fn split_shard(&self, request: &SplitShard) -> Result<Value, ApiError> {
        request.stream.check(&self.stream)?;
        self.stream
            .split(&request.shard_to_split, request.new_starting_hash_key()?)
            .map_err(|error| not_resharded(&error))?;
        Ok(json!({}))
    }

    fn merge_shards(&self, request: &MergeShards) -> Result<Value, ApiError> {
        request.stream.check(&self.stream)?;
        let MergeShards { shard_to_merge, adjacent_shard_to_merge, .. } = request;
        self.stream.merge(shard_to_merge, adjacent_shard_to_merge).map_err(|error| not_resharded(&error))?;
        Ok(json!({}))
    }

    fn describe_stream_summary(&self, request: &StreamReference) -> Result<Value, ApiError> {
        request.check(&self.stream)?;
        Ok(json!({"StreamDescriptionSummary": {
            "StreamName": self.stream.name(),
            "StreamARN": self.stream.arn(),
            "StreamStatus": "ACTIVE",
            "StreamModeDetails": {"StreamMode": "PROVISIONED"},
            "RetentionPeriodHours": self.retention_hours,
            "StreamCreationTimestamp": self.stream.opened_at().timestamp(),
            "EnhancedMonitoring": [{"ShardLevelMetrics": []}],
            "EncryptionType": "KMS",
            "OpenShardCount": self.stream.shards().iter().filter(|shard| shard.is_open()).count(),
            "ConsumerCount": 0,
        }}))
    }
}

/// Returns a shard as AWS lists it: what does not apply is not there.
fn listed(shard: &Shard) -> Value {
    let Shard { id, range: (begin, end), parents, starting, ending } = shard;
    let mut listed = json!({
        "ShardId": id,
        "HashKeyRange": {"StartingHashKey": begin.to_string(), "EndingHashKey": end.to_string()},
        "SequenceNumberRange": {"StartingSequenceNumber": starting},
    });
    if let Some(ending) = ending {
        listed["SequenceNumberRange"]["EndingSequenceNumber"] = ending.as_str().into();
    }
    for (name, parent) in ["ParentShardId", "AdjacentParentShardId"].into_iter().zip(parents) {
        listed[name] = parent.as_str().into();
    }
    listed
}

fn not_resharded(error: &ReshardError) -> ApiError {
    let exception = match error {
        ReshardError::Unknown(_) => "ResourceNotFoundException",
        ReshardError::Closed(_) | ReshardError::OutOfRange(_) | ReshardError::NotAdjacent(..) => {
            "InvalidArgumentException"
        }
    };
    ApiError::new(exception, error.to_string())
}

fn exception(error: PutError) -> &'static str {
    match error {
        PutError::Full => "ProvisionedThroughputExceededException",
        PutError::Closed => "InternalFailure",
    }
}

/// Parses a request. Other than in a request to a bucket or a secret, what is unknown here (a stream's id, the token of
/// a page) changes nothing that is answered.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|error| ApiError::new("SerializationException", error.to_string()))
}
