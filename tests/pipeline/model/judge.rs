//! A record to the events that are accepted and those that are rejected, checked in §3's order.

use super::aggregate;
use super::data::{self, Change};
use super::envelope::{self, Envelope};
use super::json::{self, Node, Value};
use super::record::Record;
use super::time::{DAY, MINUTE};

/// How long before its record's arrival an event's time may lie.
const HORIZON: i64 = 7 * DAY;
/// How long after its record's arrival an event's time may lie.
const AHEAD: i64 = 5 * MINUTE;
/// How many events one record may hold.
const MOST_EVENTS: usize = 1000;
/// How many events one aggregate may hold, and how many user records.
const MOST_AGGREGATED: usize = 10_000;
/// How many bytes of JSON text an event may have.
const MOST_BYTES: usize = 256 * 1024;

/// An accepted event.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) source: String,
    pub(crate) supplier: String,
    pub(crate) sku: String,
    pub(crate) kind: String,
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
    /// The event's bytes as received: its own where the record is an array that can be taken apart.
    pub(crate) event: Vec<u8>,
    /// Microseconds since the epoch.
    pub(crate) arrived_at: i64,
}

/// What became of an event.
#[derive(Debug)]
pub(crate) enum Judged {
    /// It counts.
    Accepted(Event),
    /// It goes to the quarantine.
    Rejected(Rejection),
}

/// What becomes of a record's events, in their order.
pub(crate) fn judge(record: &Record) -> Vec<Judged> {
    if !aggregate::is_one(&record.data) {
        return judge_text(record, 0, &record.data);
    }
    let whole = |reason| vec![Judged::Rejected(rejection(record, 0, reason, &record.data))];
    let Some(user_records) = aggregate::user_records(&record.data) else { return whole("invalid_json") };
    let mut judged = Vec::new();
    for data in user_records.iter().take(MOST_AGGREGATED) {
        let before = u64::try_from(judged.len()).expect("a count");
        judged.extend(judge_text(record, before, data));
    }
    let most = user_records.len().max(judged.len());
    if most > MOST_AGGREGATED { whole("too_large") } else { judged }
}

/// What becomes of the events in a text, of which the first one has this index.
fn judge_text(record: &Record, first: u64, data: &[u8]) -> Vec<Judged> {
    let whole = |reason| vec![Judged::Rejected(rejection(record, first, reason, data))];
    let Ok(text) = str::from_utf8(data) else { return whole("invalid_json") };
    let Some(root) = json::read(text) else { return whole("invalid_json") };
    match &root.value {
        Value::Array(elements) if elements.len() > MOST_EVENTS => whole("too_large"),
        Value::Array(elements) => {
            (first..).zip(elements).map(|(index, element)| judge_event(record, index, element.text, element)).collect()
        }
        _ => vec![judge_event(record, first, text, &root)],
    }
}

fn judge_event(record: &Record, index: u64, text: &str, node: &Node<'_>) -> Judged {
    match event(text, node, record.arrived_at) {
        Ok(event) => Judged::Accepted(event),
        Err(reason) => Judged::Rejected(rejection(record, index, reason, text.as_bytes())),
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

/// The event, or the first reason against it.
fn event(text: &str, node: &Node<'_>, arrived_at: i64) -> Result<Event, &'static str> {
    if !node.is_readable() {
        return Err("invalid_json");
    }
    if text.len() > MOST_BYTES {
        return Err("too_large");
    }
    let Value::Object(members) = &node.value else { return Err("invalid_event") };
    let envelope = Envelope::of(members).ok_or("invalid_event")?;
    let reading = data::reading(&envelope.kind).ok_or("unsupported_type")?;
    let content = envelope::content(members).ok_or("invalid_data")?;
    let data = json::read(&content).filter(Node::is_readable).ok_or("invalid_data")?;
    let change = reading(&data).ok_or("invalid_data")?;
    if envelope.time < arrived_at - HORIZON {
        return Err("too_old");
    }
    if envelope.time > arrived_at + AHEAD {
        return Err("from_future");
    }
    let Envelope { id, source, supplier, kind, subject: sku, time } = envelope;
    Ok(Event { source, supplier, sku, kind, id, time, change })
}
