//! Objects in S3: compressed lines about the records of a batch, one object for each hour of arrival; and the one way in
//! which all objects are stored.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::OnceLock;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::put_object::PutObjectError;
use aws_sdk_s3::primitives::ByteStream;
use backon::{ExponentialBuilder, Retryable};
use base64_simd::STANDARD;
use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use flate2::Compression;
use flate2::write::GzEncoder;
use pipegen_contract::object_key;
use serde::Serialize;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::kinesis::KinesisRecord;
use crate::stage::StageError;

/// The retries of an upload that conflicts with another one of the same key (409), and the delay before the first.
const CONFLICT_RETRIES: usize = 3;
const CONFLICT_DELAY: Duration = Duration::from_millis(100);

/// The length of text that is compressed at once: each call of the compressor has a price of its own.
const CHUNK: usize = 64 * 1024;

/// Lines about records of one shard, compressed as they are added.
pub struct ObjectLines {
    prefix: &'static str,
    /// The objects by hour of arrival, counted from the epoch.
    hours: BTreeMap<i64, HourOfLines>,
}

struct HourOfLines {
    arrived_at: DateTime<Utc>,
    shard: String,
    first: String,
    last: String,
    /// Whole lines that are not compressed yet.
    text: Vec<u8>,
    digest: Sha256,
    compressed: GzEncoder<Vec<u8>>,
}

/// An object to store.
#[derive(Debug, PartialEq, Eq)]
pub struct Object {
    /// The key, which follows from the content, so that storing the object again finds it there.
    pub key: String,
    pub body: Bytes,
    pub content_type: &'static str,
}

impl ObjectLines {
    /// Makes an empty set of lines, for objects whose keys begin with `prefix`.
    pub fn new(prefix: &'static str) -> Self {
        Self { prefix, hours: BTreeMap::new() }
    }

    /// Adds a line about a record.
    pub fn push(&mut self, record: KinesisRecord<'_>, line: &impl Serialize) {
        let hour = record.arrived_at.timestamp().div_euclid(3600);
        let lines = self.hours.entry(hour).or_insert_with(|| HourOfLines::new(record));
        lines.extend_range(record.sequence_number);
        lines.push(line);
    }

    /// Returns the objects, one for each hour.
    pub fn finish(self) -> Vec<Object> {
        self.hours.into_values().map(|lines| lines.finish(self.prefix)).collect()
    }
}

impl HourOfLines {
    fn new(record: KinesisRecord<'_>) -> Self {
        Self {
            arrived_at: record.arrived_at,
            shard: record.shard.to_owned(),
            first: record.sequence_number.to_owned(),
            last: record.sequence_number.to_owned(),
            text: Vec::new(),
            digest: Sha256::new(),
            compressed: GzEncoder::new(Vec::new(), Compression::default()),
        }
    }

    fn extend_range(&mut self, sequence_number: &str) {
        if value(sequence_number) < value(&self.first) {
            sequence_number.clone_into(&mut self.first);
        }
        if value(sequence_number) > value(&self.last) {
            sequence_number.clone_into(&mut self.last);
        }
    }

    fn push(&mut self, line: &impl Serialize) {
        serde_json::to_writer(&mut self.text, line).expect("text and numbers are always JSON");
        self.text.push(b'\n');
        if self.text.len() >= CHUNK {
            self.compress();
        }
    }

    fn compress(&mut self) {
        self.digest.update(&self.text);
        self.compressed.write_all(&self.text).expect("writing to memory never fails");
        self.text.clear();
    }

    fn finish(mut self, prefix: &str) -> Object {
        self.compress();
        let [a, b, c, d, ..] = self.digest.finalize().0;
        let hash = format!("{:08x}", u32::from_be_bytes([a, b, c, d]));
        let hour = self.arrived_at.format("%Y/%m/%d/%H").to_string();
        let key = object_key::batch(prefix, &hour, &self.shard, &self.first, &self.last, &hash);
        let body = self.compressed.finish().expect("writing to memory never fails").into();
        Object { key, body, content_type: "application/gzip" }
    }
}

/// Returns what decimal numbers without leading zeros are compared by: the longer one is the greater one.
fn value(number: &str) -> (usize, &str) {
    (number.len(), number)
}

/// Splits a record's bytes into the two fields of a line, of which one is null: the text if they are UTF-8, else the
/// bytes in base64.
pub fn text_or_base64(bytes: &[u8]) -> (Option<&str>, Option<String>) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (Some(text), None),
        Err(_) => (None, Some(STANDARD.encode_to_string(bytes))),
    }
}

/// Returns a record's time of arrival as a field of a line.
pub fn arrival_time(record: KinesisRecord<'_>) -> String {
    record.arrived_at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// S3's client, made when it is first used: making it takes longer than all else at a function's start, and most
/// functions store nothing.
#[derive(Debug)]
pub struct S3 {
    aws: SdkConfig,
    client: OnceLock<Client>,
}

impl S3 {
    /// Makes a client that is not there yet.
    pub fn new(aws: &SdkConfig) -> Self {
        Self { aws: aws.clone(), client: OnceLock::new() }
    }

    fn client(&self) -> &Client {
        self.client.get_or_init(|| Client::new(&self.aws))
    }
}

/// An object that could not be stored.
#[derive(Debug, Error)]
#[error("S3: could not store {key}: {}", DisplayErrorContext(cause))]
pub struct StoreObjectError {
    key: String,
    cause: Box<SdkError<PutObjectError>>,
}

impl StageError for StoreObjectError {}

impl StoreObjectError {
    /// Tells whether S3 refuses this object only, so that another one may go through.
    pub fn is_of_the_object(&self) -> bool {
        const OF_ALL: [&str; 4] = ["AccessDenied", "NoSuchBucket", "ServiceUnavailable", "SlowDown"];
        let is_answer = matches!(*self.cause, SdkError::ServiceError(_));
        is_answer && !self.cause.code().is_some_and(|code| OF_ALL.contains(&code))
    }
}

/// Stores an object whose key follows from its content. One that is there already (412) is this one.
pub async fn store(s3: &S3, bucket: &str, object: Object) -> Result<(), StoreObjectError> {
    let Object { key, body, content_type } = object;
    let checksum = STANDARD.encode_to_string(Sha256::digest(&body));
    let put = || {
        s3.client()
            .put_object()
            .bucket(bucket)
            .key(&key)
            .if_none_match("*")
            .checksum_sha256(&checksum)
            .content_type(content_type)
            .body(ByteStream::from(body.clone()))
            .send()
    };
    let delays = ExponentialBuilder::default().with_min_delay(CONFLICT_DELAY).with_max_times(CONFLICT_RETRIES);
    let is_conflict = |error: &SdkError<PutObjectError>| error.code() == Some("ConditionalRequestConflict");
    match put.retry(delays).when(is_conflict).await {
        Ok(_) => Ok(()),
        Err(error) if error.code() == Some("PreconditionFailed") => Ok(()),
        Err(error) => Err(StoreObjectError { key, cause: Box::new(error) }),
    }
}
