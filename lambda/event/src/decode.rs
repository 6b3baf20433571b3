//! Decoding of a stream record to events and rejections.

use core::panic::UnwindSafe;
use std::panic::catch_unwind;

use chrono::{DateTime, TimeDelta, Utc};

use crate::envelope::Envelope;
use crate::event::Event;
use crate::members::Members;
use crate::reason::{Reason, Rejection};
use crate::{aggregate, data, other_formats, text, time};

/// The maximum number of events in an array.
pub(crate) const MAX_EVENTS: usize = 1000;

/// The maximum size of an event's JSON text as received: 256 KiB.
const MAX_BYTES: usize = 256 * 1024;

/// One event of a record, accepted or rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// The event's index among all events of the record, which has several if it is an array or an aggregate.
    pub index: usize,
    /// The event's own text: the array's element without the white space around it, or the whole (user) record. UTF-8
    /// unless the record is not.
    pub text: &'a [u8],
    /// The event, or its rejection.
    pub outcome: Result<Event, Rejection>,
}

impl<'a> Decoded<'a> {
    /// Rejects the whole record.
    fn refused(record: &'a [u8], rejection: Rejection) -> Vec<Self> {
        vec![Self { index: 0, text: record, outcome: Err(rejection) }]
    }
}

/// Decodes one stream record: a `CloudEvents` event in structured mode, a JSON array of at most 1000 of them, or an
/// aggregate of the Kinesis Producer Library whose user records are one of the former each.
///
/// `arrived_at` is the time at which the stream took the record; events may have happened up to `horizon` before it and
/// 5 minutes after it. A fault of the record as a whole gives one rejection; an empty array gives none.
///
/// It holds at most eight times the record's size and 8 MiB of memory at once.
///
/// Never panics: if a bug in the decoder panics, the record is rejected.
pub fn decode(record: &[u8], arrived_at: DateTime<Utc>, horizon: TimeDelta) -> Vec<Decoded<'_>> {
    guard(record, || decode_record(record, arrived_at, horizon))
}

/// Turns a panic into the record's rejection: a bug of ours must not block the shard after it. The reason is
/// `invalid_event` although the event may be valid: a reason of its own, for what should never occur, would be one more
/// metric to pay for and one more reason for suppliers to know. The detail says what happened.
fn guard<'a>(record: &'a [u8], decode: impl FnOnce() -> Vec<Decoded<'a>> + UnwindSafe) -> Vec<Decoded<'a>> {
    catch_unwind(decode).unwrap_or_else(|_panic| {
        Decoded::refused(
            record,
            Rejection::new(Reason::InvalidEvent, "the decoder failed, which is not the event's fault"),
        )
    })
}

fn decode_record(record: &[u8], arrived_at: DateTime<Utc>, horizon: TimeDelta) -> Vec<Decoded<'_>> {
    if !aggregate::is_aggregate(record) {
        return decode_text(record, arrived_at, horizon);
    }
    let user_records = match aggregate::user_records(record) {
        Ok(user_records) => user_records,
        Err(rejection) => return Decoded::refused(record, rejection),
    };
    let mut decoded = Vec::with_capacity(user_records.len());
    for user_record in user_records {
        let before = decoded.len();
        let events = decode_text(user_record, arrived_at, horizon).into_iter();
        decoded.extend(events.map(|event| Decoded { index: before + event.index, ..event }));
        if decoded.len() > aggregate::MAX_EVENTS {
            return Decoded::refused(record, aggregate::too_many_events());
        }
    }
    decoded
}

/// Decodes a record, or one user record of an aggregate.
fn decode_text(record: &[u8], arrived_at: DateTime<Utc>, horizon: TimeDelta) -> Vec<Decoded<'_>> {
    // Most records are one event, and reading an object's members checks the grammar of its whole text.
    if record.len() <= MAX_BYTES
        && let Ok(json) = str::from_utf8(record)
        && let Some(members) = Members::read(json)
    {
        let outcome =
            check_nesting_and_escapes(json).and_then(|()| decode_members(json, Some(&members), arrived_at, horizon));
        return vec![Decoded { index: 0, text: record, outcome }];
    }
    let json = match text::check_grammar(record) {
        Ok(json) => json,
        Err(detail) => {
            let detail = other_formats::named(detail, other_formats::of_record(record));
            return Decoded::refused(record, Rejection::new(Reason::InvalidJson, detail));
        }
    };
    if !text::is_array(json) {
        return vec![Decoded { index: 0, text: record, outcome: decode_event(json, arrived_at, horizon) }];
    }
    let elements = text::elements(json, MAX_EVENTS + 1);
    if elements.len() > MAX_EVENTS {
        let detail = format!("an array must have at most {MAX_EVENTS} events");
        return Decoded::refused(record, Rejection::new(Reason::TooLarge, detail));
    }
    let mut decoded = Vec::with_capacity(elements.len());
    for (index, json) in elements.into_iter().enumerate() {
        decoded.push(Decoded { index, text: json.as_bytes(), outcome: decode_event(json, arrived_at, horizon) });
    }
    decoded
}

/// Decodes one event, checking in the order of the reasons. The text must follow JSON's grammar.
fn decode_event(json: &str, arrived_at: DateTime<Utc>, horizon: TimeDelta) -> Result<Event, Rejection> {
    check_nesting_and_escapes(json)?;
    if json.len() > MAX_BYTES {
        return Err(Rejection::new(Reason::TooLarge, format!("an event must have at most {MAX_BYTES} bytes of text")));
    }
    decode_members(json, Members::read(json).as_ref(), arrived_at, horizon)
}

fn check_nesting_and_escapes(json: &str) -> Result<(), Rejection> {
    text::check_nesting_and_escapes(json).map_err(|detail| Rejection::new(Reason::InvalidJson, detail))
}

/// Decodes one event from its members; `None` if its text is not an object.
fn decode_members(
    json: &str,
    members: Option<&Members<'_>>,
    arrived_at: DateTime<Utc>,
    horizon: TimeDelta,
) -> Result<Event, Rejection> {
    let Envelope { id, supplier, event_type, sku, time, data } = Envelope::read(json, members)?;
    let change = data::read(&event_type, &data)?;
    time::check_window(time, arrived_at, horizon)?;
    Ok(Event { id, supplier, sku, time, change })
}

#[cfg(test)]
mod tests {
    use super::guard;
    use crate::reason::Reason;

    #[test]
    #[expect(clippy::panic, reason = "the panic is tested")]
    fn a_panic_is_the_record_s_rejection() {
        let decoded = guard(b"{}", || panic!("a fault in the decoder"));
        assert_eq!(decoded.len(), 1);
        assert_eq!((decoded[0].index, decoded[0].text), (0, b"{}".as_slice()));
        assert_eq!(decoded[0].outcome.as_ref().map_err(|rejection| rejection.reason), Err(Reason::InvalidEvent));
    }
}
