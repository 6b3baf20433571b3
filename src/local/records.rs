//! The records to play: what Kinesis would deliver, one JSON object a line.
//!
//! `{"shard", "sequence_number", "partition_key", "arrived_at", "data"}`, or `data_base64` in the place of `data` where
//! the bytes are not UTF-8.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

mod feed;
mod source;

pub use feed::{Chunk, Feed, feed};
pub use source::{ReadError, Records, Source};

/// What a Kinesis record may hold at most, in bytes (the service's limit).
const DATA_LIMIT: usize = 1024 * 1024;
/// The longest partition key, in characters (the service's limit).
const PARTITION_KEY_LIMIT: usize = 256;
/// The longest shard id and sequence number, in characters (the service's limits).
const IDENTIFIER_LIMIT: usize = 128;

/// One record of the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The shard it lies in, `shardId-000000000000`.
    pub shard: String,
    /// Decimal digits. In a shuffled or doubled file they fall and repeat: only the position in the file is an order.
    pub sequence_number: String,
    /// What decides about shard and lane.
    pub partition_key: String,
    /// When the stream took it.
    pub arrived_at: DateTime<Utc>,
    /// The producer's bytes.
    pub data: Vec<u8>,
}

/// Why a line is no record.
#[derive(Debug, PartialEq, Eq)]
pub struct LineError {
    /// The field at fault; none if the line as a whole is.
    pub field: Option<&'static str>,
    /// What is wrong with it.
    pub detail: String,
}

impl std::fmt::Display for LineError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.field {
            Some(field) => write!(f, "`{field}` {}", self.detail),
            None => f.write_str(&self.detail),
        }
    }
}

impl std::error::Error for LineError {}

/// The fields as they stand in the line, so that each can be blamed by name.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    #[serde(borrow)]
    shard: Option<&'a RawValue>,
    #[serde(borrow)]
    sequence_number: Option<&'a RawValue>,
    #[serde(borrow)]
    partition_key: Option<&'a RawValue>,
    #[serde(borrow)]
    arrived_at: Option<&'a RawValue>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    data_base64: Option<&'a RawValue>,
}

impl Record {
    /// Reads one line.
    pub fn parse(line: &[u8]) -> Result<Self, LineError> {
        if line.iter().all(u8::is_ascii_whitespace) {
            return Err(whole("is empty: each line holds one record"));
        }
        let line: Line<'_> = serde_json::from_slice(line)
            .map_err(|error| whole(format!("is no record: {}", without_position(&error))))?;
        Ok(Self {
            shard: shard(required("shard", line.shard)?)?,
            sequence_number: sequence_number(required("sequence_number", line.sequence_number)?)?,
            partition_key: partition_key(required("partition_key", line.partition_key)?)?,
            arrived_at: arrived_at(&required::<String>("arrived_at", line.arrived_at)?)?,
            data: data(line.data, line.data_base64)?,
        })
    }
}

fn whole(detail: impl Into<String>) -> LineError {
    LineError { field: None, detail: detail.into() }
}

fn at(field: &'static str, detail: impl Into<String>) -> LineError {
    LineError { field: Some(field), detail: detail.into() }
}

/// The parser's message; its "line 1" would only confuse, since the file's line is named already.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((message, _)) => format!("{message} at column {}", error.column()),
        None => text,
    }
}

fn required<T: DeserializeOwned>(field: &'static str, raw: Option<&RawValue>) -> Result<T, LineError> {
    let raw = raw.ok_or_else(|| at(field, "is missing"))?;
    value(field, raw)
}

fn value<T: DeserializeOwned>(field: &'static str, raw: &RawValue) -> Result<T, LineError> {
    serde_json::from_str(raw.get()).map_err(|error| {
        let text = error.to_string();
        let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message);
        at(field, format!("cannot be read: {message}"))
    })
}

/// The name becomes part of object keys and of Lambda's event ids: nothing that would end or leave its place there.
fn shard(text: String) -> Result<String, LineError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if text.is_empty() || text.len() > IDENTIFIER_LIMIT || !text.chars().all(allowed) || text.chars().all(|c| c == '.')
    {
        return Err(at("shard", format!("must be 1 to {IDENTIFIER_LIMIT} letters, digits, `-`, `_` or `.`")));
    }
    Ok(text)
}

fn sequence_number(text: String) -> Result<String, LineError> {
    if text.is_empty() || text.len() > IDENTIFIER_LIMIT || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(at("sequence_number", format!("must be a string of 1 to {IDENTIFIER_LIMIT} decimal digits")));
    }
    Ok(text)
}

fn partition_key(text: String) -> Result<String, LineError> {
    let length = text.chars().count();
    if length == 0 || length > PARTITION_KEY_LIMIT {
        return Err(at("partition_key", format!("must have 1 to {PARTITION_KEY_LIMIT} characters, not {length}")));
    }
    Ok(text)
}

fn arrived_at(text: &str) -> Result<DateTime<Utc>, LineError> {
    DateTime::parse_from_rfc3339(text)
        .map(|time| time.with_timezone(&Utc))
        .map_err(|error| at("arrived_at", format!("must be an RFC 3339 time: {error}")))
}

fn data(text: Option<&RawValue>, encoded: Option<&RawValue>) -> Result<Vec<u8>, LineError> {
    let (field, data) = match (text, encoded) {
        (Some(raw), None) => ("data", value::<String>("data", raw)?.into_bytes()),
        (None, Some(raw)) => {
            let encoded: String = value("data_base64", raw)?;
            let bytes = STANDARD
                .decode(encoded)
                .map_err(|error| at("data_base64", format!("must be base64 with padding: {error}")))?;
            ("data_base64", bytes)
        }
        (None, None) => return Err(at("data", "is missing, and so is `data_base64`: give one of them")),
        (Some(_), Some(_)) => return Err(at("data", "and `data_base64` are both there: give one of them")),
    };
    if data.len() > DATA_LIMIT {
        return Err(at(field, format!("holds {} bytes; a record has at most {DATA_LIMIT}", data.len())));
    }
    Ok(data)
}

#[cfg(test)]
mod tests;
