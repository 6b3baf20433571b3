//! A valid event of each type, and functions that break it.

use chrono::{DateTime, TimeDelta, Utc};
use pipegen_contract::event_type;
use pipegen_event::{Event, Reason, Rejection, decode};

pub(crate) const HORIZON: TimeDelta = TimeDelta::days(7);

/// Half a second after [`event`]'s events happened.
pub(crate) fn arrival() -> DateTime<Utc> {
    "2026-11-23T05:00:00.5Z".parse().expect("a time")
}

/// Returns the JSON text of a valid event with this `type` (its distinctive part) and `data` (JSON text).
pub(crate) fn event(kind: &str, data: &str) -> String {
    format!(
        r#"{{"specversion":"1.0","id":"e-1","source":"/suppliers/acme","type":"com.retailtech.{kind}.v1","subject":"85123A","time":"2026-11-23T05:00:00Z","datacontenttype":"application/json","data":{data}}}"#
    )
}

pub(crate) fn counted() -> String {
    event("stock.counted", r#"{"quantity":42}"#)
}

pub(crate) fn adjusted() -> String {
    event("stock.adjusted", r#"{"delta":-3,"reason":"damaged"}"#)
}

pub(crate) fn price_changed() -> String {
    event("price.changed", r#"{"amount":"2.50","currency":"GBP"}"#)
}

pub(crate) fn described() -> String {
    event(
        "product.described",
        r#"{"title":"T-LIGHT HOLDER","description":"White.","category":"Home","attributes":{"colour":"white"}}"#,
    )
}

/// Returns an event of every type.
pub(crate) fn all() -> [String; event_type::ALL.len()] {
    [counted(), adjusted(), price_changed(), described()]
}

/// Replaces one part of the text; fails if the part is missing, because the test would then test nothing.
pub(crate) fn replaced(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from} is not in {text}");
    text.replacen(from, to, 1)
}

/// Returns a counted event with one part replaced.
pub(crate) fn broken(from: &str, to: &str) -> String {
    replaced(&counted(), from, to)
}

/// Decodes a record with one event.
pub(crate) fn outcome(record: impl AsRef<[u8]>) -> Result<Event, Rejection> {
    let mut decoded = decode(record.as_ref(), arrival(), HORIZON);
    assert_eq!(decoded.len(), 1);
    let only = decoded.remove(0);
    assert_eq!(only.index, 0);
    only.outcome
}

#[track_caller]
pub(crate) fn accepted(record: impl AsRef<[u8]>) -> Event {
    outcome(record).expect("an event")
}

#[track_caller]
pub(crate) fn refused(record: impl AsRef<[u8]>) -> Rejection {
    outcome(record).expect_err("a rejection")
}

/// Checks the reason and the beginning of the detail.
#[track_caller]
pub(crate) fn assert_refused(record: impl AsRef<[u8]>, reason: Reason, detail: &str) {
    let record = record.as_ref();
    let shown = String::from_utf8_lossy(record).chars().take(400).collect::<String>();
    let rejection = outcome(record).expect_err(&shown);
    assert_eq!(rejection.reason, reason, "{} for {shown}", rejection.detail);
    assert!(rejection.detail.starts_with(detail), "{} for {shown}", rejection.detail);
}
