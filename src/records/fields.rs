//! Lines with a record's fields: records, and lines of the archive and of the quarantine.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::error::{LineError, message};
use super::events;
use super::record::{DATA_LIMIT, IDENTIFIER_LIMIT, PARTITION_KEY_LIMIT, Record};

/// A record as most lines have it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlainRecord<'a> {
    #[serde(borrow)]
    shard: Cow<'a, str>,
    #[serde(borrow)]
    sequence_number: Cow<'a, str>,
    #[serde(borrow)]
    partition_key: Cow<'a, str>,
    #[serde(borrow)]
    arrived_at: Cow<'a, str>,
    #[serde(borrow)]
    data: Cow<'a, str>,
}

/// The fields as raw JSON, so that an error can name its field.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordLine<'a> {
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
    #[serde(borrow)]
    event: Option<&'a RawValue>,
    #[serde(borrow)]
    event_base64: Option<&'a RawValue>,
    #[serde(borrow)]
    reason: Option<&'a RawValue>,
    #[serde(borrow)]
    detail: Option<&'a RawValue>,
    #[serde(borrow)]
    index: Option<&'a RawValue>,
}

/// Parses a line.
pub(super) fn parse(line: &[u8]) -> Result<Record, LineError> {
    // An array of the values would be taken for an object.
    if line.trim_ascii_start().starts_with(b"[") {
        return Err(LineError::of_line("is not a record: it is an array"));
    }
    // In one pass, if nothing is missing, unknown or of another type. Field by field takes twice as long.
    let plain = str::from_utf8(line).ok().and_then(|line| serde_json::from_str::<PlainRecord<'_>>(line).ok());
    plain.map_or_else(|| of_any_form(line), plain_record)
}

fn plain_record(line: PlainRecord<'_>) -> Result<Record, LineError> {
    Ok(Record {
        shard: shard(line.shard.into_owned())?,
        sequence_number: sequence_number(line.sequence_number.into_owned())?,
        partition_key: partition_key(line.partition_key.into_owned())?,
        arrived_at: arrived_at(&line.arrived_at)?,
        data: within_limit("data", line.data.into_owned().into_bytes())?,
    })
}

/// Parses a line of any form, or finds out what is wrong with it.
fn of_any_form(line: &[u8]) -> Result<Record, LineError> {
    let line: RecordLine<'_> = serde_json::from_slice(line).map_err(|error| {
        LineError::of_line(format!("is not a record: {} at column {}", message(&error), error.column()))
    })?;
    if line.reason.is_some() { rejected_event(&line) } else { record(&line) }
}

/// Parses a record or a line of the archive, which differ in the names of the data's fields only.
fn record(line: &RecordLine<'_>) -> Result<Record, LineError> {
    let shard = shard(required("shard", line.shard)?)?;
    let sequence_number = sequence_number(required("sequence_number", line.sequence_number)?)?;
    if line.detail.is_some() || line.index.is_some() {
        return Err(LineError::of_field(
            "reason",
            "is missing: a line with `detail` or `index` is a line of the quarantine, which has it",
        ));
    }
    let partition_key = partition_key(required("partition_key", line.partition_key)?)?;
    let arrived_at = arrived_at(&required::<String>("arrived_at", line.arrived_at)?)?;
    Ok(Record { shard, sequence_number, partition_key, arrived_at, data: data(line)? })
}

/// Parses a line of the quarantine. Its event becomes a record by itself.
fn rejected_event(line: &RecordLine<'_>) -> Result<Record, LineError> {
    let shard = shard(required("shard", line.shard)?)?;
    let sequence_number = sequence_number(required("sequence_number", line.sequence_number)?)?;
    let index = line.index.map(|raw| value("index", raw)).transpose()?.unwrap_or_default();
    // The quarantine does not store the key of the record.
    let stored_key = line.partition_key.map(|raw| partition_key(value("partition_key", raw)?)).transpose()?;
    let arrived_at = arrived_at(&required::<String>("arrived_at", line.arrived_at)?)?;
    let data = data(line)?;
    Ok(Record {
        shard,
        sequence_number: of_event(sequence_number, index),
        partition_key: stored_key.unwrap_or_else(|| events::partition_key(&data)),
        arrived_at,
        data,
    })
}

/// Makes the sequence number of one event of a record, which becomes a record by itself.
fn of_event(record: String, index: u32) -> String {
    let number = if index == 0 { record } else { format!("{record}{index:06}") };
    // If that is too long, its end is kept, by which numbers differ.
    let surplus = number.len().saturating_sub(IDENTIFIER_LIMIT);
    number.chars().skip(surplus).collect()
}

fn required<T: DeserializeOwned>(field: &'static str, raw: Option<&RawValue>) -> Result<T, LineError> {
    let raw = raw.ok_or_else(|| LineError::of_field(field, "is missing"))?;
    value(field, raw)
}

fn value<T: DeserializeOwned>(field: &'static str, raw: &RawValue) -> Result<T, LineError> {
    serde_json::from_str(raw.get())
        .map_err(|error| LineError::of_field(field, format!("is not valid: {}", message(&error))))
}

/// Checks a shard id. It becomes part of object keys and of Lambda's event ids, so it must not contain separators.
fn shard(text: String) -> Result<String, LineError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if text.is_empty() || text.len() > IDENTIFIER_LIMIT || !text.chars().all(allowed) || text.chars().all(|c| c == '.')
    {
        return Err(LineError::of_field(
            "shard",
            format!("must be 1 to {IDENTIFIER_LIMIT} letters, digits, `-`, `_` or `.`"),
        ));
    }
    Ok(text)
}

fn sequence_number(text: String) -> Result<String, LineError> {
    if text.is_empty() || text.len() > IDENTIFIER_LIMIT || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(LineError::of_field(
            "sequence_number",
            format!("must be a string of 1 to {IDENTIFIER_LIMIT} decimal digits"),
        ));
    }
    Ok(text)
}

fn partition_key(text: String) -> Result<String, LineError> {
    let length = text.chars().count();
    if length == 0 || length > PARTITION_KEY_LIMIT {
        return Err(LineError::of_field(
            "partition_key",
            format!("must have 1 to {PARTITION_KEY_LIMIT} characters, not {length}"),
        ));
    }
    Ok(text)
}

fn arrived_at(text: &str) -> Result<DateTime<Utc>, LineError> {
    DateTime::parse_from_rfc3339(text)
        .map(|time| time.with_timezone(&Utc))
        .map_err(|error| LineError::of_field("arrived_at", format!("must be an RFC 3339 time: {error}")))
}

fn data(line: &RecordLine<'_>) -> Result<Vec<u8>, LineError> {
    let fields = [
        ("data", line.data),
        ("data_base64", line.data_base64),
        ("event", line.event),
        ("event_base64", line.event_base64),
    ];
    let mut present = fields.into_iter().filter_map(|(field, raw)| Some((field, raw?)));
    let Some((field, raw)) = present.next() else {
        return Err(LineError::of_field("data", "is missing, and so is `data_base64`: one of them is needed"));
    };
    if let Some((other, _)) = present.next() {
        return Err(LineError::of_field(field, format!("and `{other}` are both present: only one of them is allowed")));
    }
    let text: String = value(field, raw)?;
    let data = if field.ends_with("_base64") {
        STANDARD
            .decode(text)
            .map_err(|error| LineError::of_field(field, format!("must be base64 with padding: {error}")))?
    } else {
        text.into_bytes()
    };
    within_limit(field, data)
}

fn within_limit(field: &'static str, data: Vec<u8>) -> Result<Vec<u8>, LineError> {
    if data.len() > DATA_LIMIT {
        return Err(LineError::of_field(
            field,
            format!("holds {} bytes; a record has at most {DATA_LIMIT}", data.len()),
        ));
    }
    Ok(data)
}
