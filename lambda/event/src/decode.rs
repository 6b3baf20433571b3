//! One stream record to events and rejections.

use core::panic::UnwindSafe;
use std::panic::catch_unwind;

use chrono::{DateTime, TimeDelta, Utc};

use crate::envelope::Envelope;
use crate::{Event, Reason, Rejection, aggregate, data, lookalike, text, time};

/// The most events that a record's array may have.
pub(crate) const MAX_EVENTS: usize = 1000;

/// The most bytes that an event's JSON text may have, as received: 256 KiB.
const MAX_BYTES: usize = 256 * 1024;

/// One event of a record, or why it is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// The event's place among all events of the record, which has more than one where it is an array or an aggregate.
    pub index: usize,
    /// The event's own text: the array's element without the blanks around it, or the whole (user) record. UTF-8 but
    /// where the record is not.
    pub text: &'a [u8],
    /// The event, or why it was refused.
    pub outcome: Result<Event, Rejection>,
}

impl<'a> Decoded<'a> {
    /// The whole record, refused.
    fn refused(record: &'a [u8], rejection: Rejection) -> Vec<Self> {
        vec![Self { index: 0, text: record, outcome: Err(rejection) }]
    }
}

/// Decodes one stream record: a `CloudEvents` event in structured mode, or a JSON array of at most 1000 of them, or an
/// aggregate of the Kinesis Producer Library, which is its user records, each of them one of the former.
///
/// `arrived_at` is when the stream took the record; events may have happened up to `horizon` before it and 5 minutes
/// after. What is wrong with the record as a whole gives one rejection; an empty array gives nothing. The memory taken
/// is a small multiple of the record's size.
///
/// Never panics: should the decoder have a fault that this record meets, the record is refused.
pub fn decode(record: &[u8], arrived_at: DateTime<Utc>, horizon: TimeDelta) -> Vec<Decoded<'_>> {
    guard(record, || decode_record(record, arrived_at, horizon))
}

/// Turns a panic into the record's rejection: a fault of ours must not block the shard behind it.
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
    let json = match text::check_grammar(record) {
        Ok(json) => json,
        Err(detail) => {
            let detail = lookalike::named(detail, lookalike::of_record(record));
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

/// Checks in the order of the reasons. The text must follow JSON's grammar.
fn decode_event(json: &str, arrived_at: DateTime<Utc>, horizon: TimeDelta) -> Result<Event, Rejection> {
    text::check_nesting_and_escapes(json).map_err(|detail| Rejection::new(Reason::InvalidJson, detail))?;
    if json.len() > MAX_BYTES {
        return Err(Rejection::new(Reason::TooLarge, format!("an event must have at most {MAX_BYTES} bytes of text")));
    }
    let Envelope { id, supplier, event_type, sku, time, data } = Envelope::read(json)?;
    let change = data::read(&event_type, &data)?;
    time::check_window(time, arrived_at, horizon)?;
    Ok(Event { id, supplier, sku, time, change })
}

#[cfg(test)]
mod tests {
    use super::guard;
    use crate::Reason;

    #[test]
    #[expect(clippy::panic, reason = "that is what is tested")]
    fn a_panic_is_the_record_s_rejection() {
        let decoded = guard(b"{}", || panic!("a fault in the decoder"));
        assert_eq!(decoded.len(), 1);
        assert_eq!((decoded[0].index, decoded[0].text), (0, b"{}".as_slice()));
        assert_eq!(decoded[0].outcome.as_ref().map_err(|rejection| rejection.reason), Err(Reason::InvalidEvent));
    }
}
