//! Lines that are events as a supplier would send them, before they are on a stream.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;

use super::error::LineError;
use super::record::{DATA_LIMIT, PARTITION_KEY_LIMIT, Record};

/// The shard of the events' records.
const SHARD: &str = "shardId-000000000000";
/// The prefix of an event's `source`.
const SUPPLIERS: &str = "/suppliers/";
/// The partition key of events without a supplier.
const UNKNOWN: &str = "unknown";

/// An event's attributes. The last value wins if an attribute is repeated, which the pipeline rejects.
type Attributes<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

/// Parses a line if it is an event or an array of events. The events are not checked: that is the pipeline's work.
///
/// A record arrives at the time of its last event: so a file gives the same result whenever it is played, and no event
/// is too old or from the future. A record without a valid time, which the pipeline rejects, arrives now.
pub(super) fn parse(line: &[u8], number: u64) -> Option<Result<Record, LineError>> {
    let line = line.trim_ascii();
    let events = events(line)?;
    if line.len() > DATA_LIMIT {
        return Some(Err(LineError::of_line(format!("holds {} bytes; a record has at most {DATA_LIMIT}", line.len()))));
    }
    Some(Ok(Record {
        shard: SHARD.to_owned(),
        sequence_number: number.to_string(),
        partition_key: key_of(&events),
        arrived_at: events.iter().filter_map(time).max().unwrap_or_else(Utc::now),
        data: line.to_vec(),
    }))
}

/// Returns the partition key that a supplier would use for these bytes.
pub fn partition_key(data: &[u8]) -> String {
    events(data.trim_ascii()).map_or(UNKNOWN.to_owned(), |events| key_of(&events))
}

/// Returns the events in a record's data, or none if it holds something else.
fn events(data: &[u8]) -> Option<Vec<Attributes<'_>>> {
    let events = match data.first()? {
        b'[' => serde_json::from_slice(data).ok()?,
        _ => vec![serde_json::from_slice(data).ok()?],
    };
    events.first().is_some_and(is_event).then_some(events)
}

fn is_event(attributes: &Attributes<'_>) -> bool {
    attributes.contains_key("specversion") || (attributes.contains_key("source") && attributes.contains_key("type"))
}

/// Returns supplier and SKU of one event, or the supplier of several.
fn key_of(events: &[Attributes<'_>]) -> String {
    let Some(first) = events.first() else { return UNKNOWN.to_owned() };
    let source = text(first, "source").unwrap_or_default();
    let supplier = source.strip_prefix(SUPPLIERS).unwrap_or(&source);
    let key = match text(first, "subject") {
        Some(sku) if events.len() == 1 => format!("{supplier}/{sku}"),
        _ => supplier.to_owned(),
    };
    if key.is_empty() { UNKNOWN.to_owned() } else { key.chars().take(PARTITION_KEY_LIMIT).collect() }
}

fn time(attributes: &Attributes<'_>) -> Option<DateTime<Utc>> {
    Some(DateTime::parse_from_rfc3339(&text(attributes, "time")?).ok()?.to_utc())
}

fn text(attributes: &Attributes<'_>, name: &str) -> Option<String> {
    serde_json::from_str(attributes.get(name)?.get()).ok()
}
