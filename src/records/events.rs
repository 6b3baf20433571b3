//! Lines that are events as a supplier would send them: nobody has put them on a stream yet.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;

use super::{DATA_LIMIT, LineError, PARTITION_KEY_LIMIT, Record, whole};

/// The shard that they are put on.
const SHARD: &str = "shardId-000000000000";
/// What a `source` begins with.
const SUPPLIERS: &str = "/suppliers/";
/// The partition key of what names no supplier.
const UNKNOWN: &str = "unknown";

/// An event's attributes. Of one that is there twice, which is for the pipeline to refuse, the last.
type Attributes<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

/// Reads a line, if it is an event or an array of events. Whether they are right is for the pipeline to say.
///
/// A record arrives when its last event happens: so a file plays the same whenever it is played, and no event is too old or from the
/// future. Where no time can be read, which the pipeline rejects, it arrives now.
pub(super) fn read(line: &[u8], number: u64) -> Option<Result<Record, LineError>> {
    let line = line.trim_ascii();
    let events = events(line)?;
    if line.len() > DATA_LIMIT {
        return Some(Err(whole(format!("holds {} bytes; a record has at most {DATA_LIMIT}", line.len()))));
    }
    Some(Ok(Record {
        shard: SHARD.to_owned(),
        sequence_number: number.to_string(),
        partition_key: key_of(&events),
        arrived_at: events.iter().filter_map(time).max().unwrap_or_else(Utc::now),
        data: line.to_vec(),
    }))
}

/// The partition key that a supplier would give what holds these bytes.
pub(super) fn partition_key(data: &[u8]) -> String {
    events(data.trim_ascii()).map_or(UNKNOWN.to_owned(), |events| key_of(&events))
}

/// The events of a record; none if it holds something else.
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

/// Supplier and SKU of an event, the supplier of several.
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
