//! Lines with fields: records, and lines of the archive and of the quarantine.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::{DATA_LIMIT, IDENTIFIER_LIMIT, LineError, PARTITION_KEY_LIMIT, Record, at, events, whole};

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

/// Reads a line.
pub(super) fn read(line: &[u8]) -> Result<Record, LineError> {
    let line: Line<'_> =
        serde_json::from_slice(line).map_err(|error| whole(format!("is no record: {}", without_position(&error))))?;
    let is_rejection = line.reason.is_some();
    let shard = shard(required("shard", line.shard)?)?;
    let mut sequence_number = sequence_number(required("sequence_number", line.sequence_number)?)?;
    if is_rejection {
        let index = line.index.map(|raw| value::<u32>("index", raw)).transpose()?.unwrap_or_default();
        sequence_number = of_event(sequence_number, index);
    } else if line.detail.is_some() || line.index.is_some() {
        return Err(at("reason", "is missing, which a line of the quarantine has"));
    }
    let given_key = match line.partition_key {
        // The quarantine does not keep it.
        None if is_rejection => None,
        key => Some(partition_key(required("partition_key", key)?)?),
    };
    let arrived_at = arrived_at(&required::<String>("arrived_at", line.arrived_at)?)?;
    let data = data(&line)?;
    let partition_key = given_key.unwrap_or_else(|| events::partition_key(&data));
    Ok(Record { shard, sequence_number, partition_key, arrived_at, data })
}

/// The sequence number of one event of a record, which becomes a record by itself.
fn of_event(record: String, index: u32) -> String {
    let number = if index == 0 { record } else { format!("{record}{index:06}") };
    // Where that has no room any more, the end is what tells numbers apart.
    let surplus = number.len().saturating_sub(IDENTIFIER_LIMIT);
    number.chars().skip(surplus).collect()
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

fn data(line: &Line<'_>) -> Result<Vec<u8>, LineError> {
    let given = [
        ("data", line.data),
        ("data_base64", line.data_base64),
        ("event", line.event),
        ("event_base64", line.event_base64),
    ];
    let mut given = given.into_iter().filter_map(|(field, raw)| Some((field, raw?)));
    let Some((field, raw)) = given.next() else {
        return Err(at("data", "is missing, and so is `data_base64`: give one of them"));
    };
    if let Some((other, _)) = given.next() {
        return Err(at(field, format!("and `{other}` are both there: give one of them")));
    }
    let text: String = value(field, raw)?;
    let data = if field.ends_with("_base64") {
        STANDARD.decode(text).map_err(|error| at(field, format!("must be base64 with padding: {error}")))?
    } else {
        text.into_bytes()
    };
    if data.len() > DATA_LIMIT {
        return Err(at(field, format!("holds {} bytes; a record has at most {DATA_LIMIT}", data.len())));
    }
    Ok(data)
}
