//! A record to its accepted and rejected events, checked in the order of docs/ARCHITECTURE.md, "Events".

use super::aggregate;
use super::data::{self, Change};
use super::envelope::{self, Envelope};
use super::json::{self, JsonValue, Node};
use super::record::Record;
use super::time::{DAY, MINUTE};

/// The maximum time from an event to its record's arrival.
const HORIZON: i64 = 7 * DAY;
/// The maximum time from a record's arrival to its event.
const MAX_AHEAD: i64 = 5 * MINUTE;
/// The maximum number of events in an array.
const MAX_EVENTS: usize = 1000;
/// The maximum number of events in an aggregate, and of user records.
const MAX_AGGREGATED: usize = 10_000;
/// The maximum size of an event's JSON text.
const MAX_BYTES: usize = 256 * 1024;

/// An accepted event.
#[expect(clippy::struct_field_names, reason = "`type` is a keyword")]
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) source: String,
    pub(crate) supplier: String,
    pub(crate) sku: String,
    pub(crate) event_type: String,
    pub(crate) id: String,
    /// Microseconds since the epoch.
    pub(crate) time: i64,
    pub(crate) change: Change,
}

/// A rejected event.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rejection {
    pub(crate) shard: String,
    pub(crate) sequence_number: String,
    pub(crate) index: u64,
    pub(crate) reason: &'static str,
    /// The event's bytes as received: the element's own text if the record is an array that can be split.
    pub(crate) event: Vec<u8>,
    /// Microseconds since the epoch.
    pub(crate) arrived_at: i64,
}

/// An event of a record, accepted or rejected.
#[derive(Debug)]
pub(crate) enum Decoded {
    Accepted(Event),
    Rejected(Rejection),
}

/// Decodes a record's events, in order.
pub(crate) fn decode(record: &Record) -> Vec<Decoded> {
    if !aggregate::is_aggregate(&record.data) {
        return decode_text(record, 0, &record.data);
    }
    let whole = |reason| vec![Decoded::Rejected(rejection(record, 0, reason, &record.data))];
    let Some(user_records) = aggregate::user_records(&record.data) else { return whole("invalid_json") };
    let mut decoded = Vec::new();
    for data in user_records.iter().take(MAX_AGGREGATED) {
        let before = u64::try_from(decoded.len()).expect("a count");
        decoded.extend(decode_text(record, before, data));
    }
    let most = user_records.len().max(decoded.len());
    if most > MAX_AGGREGATED { whole("too_large") } else { decoded }
}

/// Decodes the events in a text, of which the first one has this index.
fn decode_text(record: &Record, first: u64, data: &[u8]) -> Vec<Decoded> {
    let whole = |reason| vec![Decoded::Rejected(rejection(record, first, reason, data))];
    let Ok(text) = str::from_utf8(data) else { return whole("invalid_json") };
    let Some(root) = json::read(text) else { return whole("invalid_json") };
    match &root.value {
        JsonValue::Array(elements) if elements.len() > MAX_EVENTS => whole("too_large"),
        JsonValue::Array(elements) => {
            (first..).zip(elements).map(|(index, element)| decode_event(record, index, element.text, element)).collect()
        }
        _ => vec![decode_event(record, first, text, &root)],
    }
}

fn decode_event(record: &Record, index: u64, text: &str, node: &Node<'_>) -> Decoded {
    match event(text, node, record.arrived_at) {
        Ok(event) => Decoded::Accepted(event),
        Err(reason) => Decoded::Rejected(rejection(record, index, reason, text.as_bytes())),
    }
}

fn rejection(record: &Record, index: u64, reason: &'static str, event: &[u8]) -> Rejection {
    Rejection {
        shard: record.shard.clone(),
        sequence_number: record.sequence_number.clone(),
        index,
        reason,
        event: event.to_vec(),
        arrived_at: record.arrived_at,
    }
}

/// Returns the event, or the first reason to reject it.
fn event(text: &str, node: &Node<'_>, arrived_at: i64) -> Result<Event, &'static str> {
    if !node.is_readable() {
        return Err("invalid_json");
    }
    if text.len() > MAX_BYTES {
        return Err("too_large");
    }
    let JsonValue::Object(members) = &node.value else { return Err("invalid_event") };
    let envelope = Envelope::of(members).ok_or("invalid_event")?;
    let parse_data = data::parse_data(&envelope.event_type).ok_or("unsupported_type")?;
    let content = envelope::content(members).ok_or("invalid_data")?;
    let data = json::read(&content).filter(Node::is_readable).ok_or("invalid_data")?;
    let change = parse_data(&data).ok_or("invalid_data")?;
    if envelope.time < arrived_at - HORIZON {
        return Err("too_old");
    }
    if envelope.time > arrived_at + MAX_AHEAD {
        return Err("from_future");
    }
    let Envelope { id, source, supplier, event_type, subject: sku, time } = envelope;
    Ok(Event { source, supplier, sku, event_type, id, time, change })
}
