//! Compressed objects in S3 with lines about the records of a batch, one object for each hour of arrival.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::put_object::PutObjectError;
use aws_sdk_s3::primitives::ByteStream;
use backon::{ExponentialBuilder, Retryable};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
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

/// Lines about records of one shard, compressed as they are added.
pub struct ObjectLines {
    prefix: &'static str,
    /// The objects by hour of arrival, `YYYY/MM/DD/HH`.
    hours: BTreeMap<String, HourOfLines>,
}

struct HourOfLines {
    shard: String,
    first: String,
    last: String,
    digest: Sha256,
    compressed: GzEncoder<Vec<u8>>,
}

/// An object to store.
#[derive(Debug, PartialEq, Eq)]
pub struct Object {
    /// The key, which follows from the content, so that storing the object again finds it there.
    pub key: String,
    /// JSON Lines, compressed with gzip.
    pub body: Vec<u8>,
}

impl ObjectLines {
    /// Makes an empty set of lines, for objects whose keys begin with `prefix`.
    pub fn new(prefix: &'static str) -> Self {
        Self { prefix, hours: BTreeMap::new() }
    }

    /// Adds a line about a record.
    pub fn push(&mut self, record: &KinesisRecord, line: &impl Serialize) {
        let hour = record.arrived_at().format("%Y/%m/%d/%H").to_string();
        let lines = self.hours.entry(hour).or_insert_with(|| HourOfLines::new(record));
        lines.extend_range(record.sequence_number());
        lines.write(line).expect("writing to memory never fails");
    }

    /// Returns the objects, one for each hour.
    pub fn finish(self) -> Vec<Object> {
        let object = |(hour, lines): (String, HourOfLines)| {
            let [a, b, c, d, ..] = lines.digest.finalize().0;
            let hash = format!("{:08x}", u32::from_be_bytes([a, b, c, d]));
            let key = object_key::batch(self.prefix, &hour, &lines.shard, &lines.first, &lines.last, &hash);
            Object { key, body: lines.compressed.finish().expect("writing to memory never fails") }
        };
        self.hours.into_iter().map(object).collect()
    }
}

impl HourOfLines {
    fn new(record: &KinesisRecord) -> Self {
        Self {
            shard: record.shard().to_owned(),
            first: record.sequence_number().to_owned(),
            last: record.sequence_number().to_owned(),
            digest: Sha256::new(),
            compressed: GzEncoder::new(Vec::new(), Compression::default()),
        }
    }

    fn extend_range(&mut self, sequence_number: &str) {
        // Decimal numbers without leading zeros: the longer one is the greater one.
        let value = |number: &str| (number.len(), number.to_owned());
        if value(sequence_number) < value(&self.first) {
            sequence_number.clone_into(&mut self.first);
        }
        if value(sequence_number) > value(&self.last) {
            sequence_number.clone_into(&mut self.last);
        }
    }

    fn write(&mut self, line: &impl Serialize) -> io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        self.digest.update(&text);
        self.compressed.write_all(&text)
    }
}

/// A record's bytes as two fields of a line, of which one is null.
#[derive(Serialize)]
pub struct RawBytes<'a> {
    /// The bytes if they are UTF-8.
    event: Option<&'a str>,
    /// The bytes in base64 if they are not UTF-8.
    event_base64: Option<String>,
}

impl<'a> From<&'a [u8]> for RawBytes<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self { event: Some(text), event_base64: None },
            Err(_) => Self { event: None, event_base64: Some(BASE64_STANDARD.encode(bytes)) },
        }
    }
}

/// Returns a record's time of arrival as a field of a line.
pub fn arrival_time(record: &KinesisRecord) -> String {
    record.arrived_at().format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

/// An object that could not be stored.
#[derive(Debug, Error)]
#[error("S3: could not store {key}: {}", DisplayErrorContext(cause))]
pub struct StoreObjectError {
    key: String,
    cause: Box<SdkError<PutObjectError>>,
}

impl StageError for StoreObjectError {}

/// Stores an object whose key follows from its content. One that is there already (412) is this one.
pub async fn store(client: &Client, bucket: &str, object: Object) -> Result<(), StoreObjectError> {
    let Object { key, body } = object;
    let checksum = BASE64_STANDARD.encode(Sha256::digest(&body));
    let put = || {
        client
            .put_object()
            .bucket(bucket)
            .key(&key)
            .if_none_match("*")
            .checksum_sha256(&checksum)
            .content_type("application/gzip")
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
