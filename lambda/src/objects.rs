//! Lines of a batch as compressed objects in S3, one for each hour of arrival.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::put_object::PutObjectError;
use aws_sdk_s3::primitives::ByteStream;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use pipegen_contract::object_key;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::answer::StageError;
use crate::event::KinesisRecord;

/// How often an upload that raced with its own twin (409) is tried again.
const CONFLICT_RETRIES: u32 = 3;
const CONFLICT_PAUSE: Duration = Duration::from_millis(100);

/// Lines about records of one shard, compressed as they come.
pub struct ObjectLines {
    prefix: &'static str,
    /// By hour of arrival, `YYYY/MM/DD/HH`.
    hours: BTreeMap<String, Lines>,
}

struct Lines {
    shard: String,
    first: String,
    last: String,
    digest: Sha256,
    compressed: GzEncoder<Vec<u8>>,
}

/// An object to be stored.
#[derive(Debug, PartialEq, Eq)]
pub struct Object {
    /// Follows from the content, so that storing it again finds it there.
    pub key: String,
    /// JSON Lines, gzip'd.
    pub body: Vec<u8>,
}

impl ObjectLines {
    /// No lines yet, for objects whose keys begin with `prefix`.
    pub fn new(prefix: &'static str) -> Self {
        Self { prefix, hours: BTreeMap::new() }
    }

    /// Adds a line about a record.
    pub fn push(&mut self, record: &KinesisRecord, line: &impl Serialize) {
        let hour = record.arrived_at().format("%Y/%m/%d/%H").to_string();
        let lines = self.hours.entry(hour).or_insert_with(|| Lines::beginning_with(record));
        lines.widen(record.sequence_number());
        lines.write(line).expect("writing to memory never fails");
    }

    /// The objects, one for each hour.
    pub fn finish(self) -> Vec<Object> {
        let object = |(hour, lines): (String, Lines)| {
            let [a, b, c, d, ..] = lines.digest.finalize().0;
            let hash = format!("{:08x}", u32::from_be_bytes([a, b, c, d]));
            let key = object_key::batch(self.prefix, &hour, &lines.shard, &lines.first, &lines.last, &hash);
            Object { key, body: lines.compressed.finish().expect("writing to memory never fails") }
        };
        self.hours.into_iter().map(object).collect()
    }
}

impl Lines {
    fn beginning_with(record: &KinesisRecord) -> Self {
        Self {
            shard: record.shard().to_owned(),
            first: record.sequence_number().to_owned(),
            last: record.sequence_number().to_owned(),
            digest: Sha256::new(),
            compressed: GzEncoder::new(Vec::new(), Compression::default()),
        }
    }

    fn widen(&mut self, sequence_number: &str) {
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

/// Bytes as fields of a line, which has both of them always: one is null.
#[derive(Serialize)]
pub struct RawBytes<'a> {
    /// The bytes, if they are UTF-8.
    event: Option<&'a str>,
    /// Any others.
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

/// When a record arrived, as a field of a line.
pub fn arrival(record: &KinesisRecord) -> String {
    record.arrived_at().format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

/// An object that could not be stored.
#[derive(Debug)]
pub struct StoreObjectError {
    key: String,
    source: Box<SdkError<PutObjectError>>,
}

impl fmt::Display for StoreObjectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "S3: could not store {}: {}", self.key, DisplayErrorContext(&self.source))
    }
}

impl std::error::Error for StoreObjectError {}

impl StageError for StoreObjectError {}

/// Stores an object whose key follows from its content. One that is there already (412) is this one.
pub async fn store(client: &Client, bucket: &str, object: Object) -> Result<(), StoreObjectError> {
    let Object { key, body } = object;
    let checksum = BASE64_STANDARD.encode(Sha256::digest(&body));
    let mut retries = 0;
    loop {
        let result = client
            .put_object()
            .bucket(bucket)
            .key(&key)
            .if_none_match("*")
            .checksum_sha256(&checksum)
            .content_type("application/gzip")
            .body(ByteStream::from(body.clone()))
            .send()
            .await;
        match result {
            Ok(_) => return Ok(()),
            Err(error) if error.code() == Some("PreconditionFailed") => return Ok(()),
            Err(error) if error.code() == Some("ConditionalRequestConflict") && retries < CONFLICT_RETRIES => {
                retries += 1;
                tokio::time::sleep(CONFLICT_PAUSE * retries).await;
            }
            Err(source) => return Err(StoreObjectError { key, source: Box::new(source) }),
        }
    }
}
