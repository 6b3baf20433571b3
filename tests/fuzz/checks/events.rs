//! Properties of every decoded event.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use pipegen_event::{Change, Decoded, Description, Event, Reason, decode};
use serde_json::{Value, json};

/// The time before their arrival at which events may have happened: the model's.
pub(super) const HORIZON: TimeDelta = TimeDelta::days(7);

/// The most bytes that decoding may hold, as `decode` says.
pub(super) const fn decoding(record: &[u8]) -> usize {
    8 * record.len() + 8 * 1024 * 1024
}

/// The time at which records arrive here.
pub(super) fn arrival() -> DateTime<Utc> {
    DateTime::from_timestamp_micros(1_795_410_000_500_000).expect("a time")
}

/// Checks the events of a record.
pub(super) fn check(record: &[u8], decoded: &[Decoded<'_>]) {
    for (place, event) in decoded.iter().enumerate() {
        assert_eq!(event.index, place, "events are counted through");
        let (whole, own) = (record.as_ptr_range(), event.text.as_ptr_range());
        assert!(event.text.is_empty() || (whole.start <= own.start && own.end <= whole.end), "the record's own text");
        match &event.outcome {
            Ok(event) => accepted(event),
            Err(rejection) => {
                let detail = &rejection.detail;
                // A field of that name, which the fuzzer has found, is only quoted.
                assert!(!detail.starts_with("the decoder failed"), "a panic");
                let by_others = [Reason::RefusedByDatabase, Reason::TooManyOffers, Reason::UnknownSupplier];
                assert!(!by_others.contains(&rejection.reason), "{rejection}");
                assert!(!detail.is_empty() && detail.len() < 250, "{rejection}");
                assert!(detail.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{rejection}");
            }
        }
    }
}

/// Checks an accepted event: its values are within their ranges, and its text says all of it.
fn accepted(event: &Event) {
    const MAX: i64 = 1_000_000_000;
    assert!(event.time >= arrival() - HORIZON && event.time <= arrival() + TimeDelta::minutes(5), "{event:?}");
    assert_eq!(event.time.timestamp_subsec_nanos() % 1000, 0, "whole microseconds");
    let is_stored = |text: &str, most: usize| text.chars().count() <= most && !text.contains('\0');
    assert!(is_stored(&event.id, 128) && is_stored(&event.sku, 64) && event.supplier.len() <= 63, "{event:?}");
    match &event.change {
        Change::Counted { quantity } => assert!(quantity.abs() <= MAX),
        Change::Adjusted { delta } => assert!(*delta != 0 && delta.abs() <= MAX),
        Change::PriceChanged { amount, currency } => {
            assert!(!amount.is_sign_negative() && *amount <= MAX.into() && amount.scale() <= 4);
            assert_eq!(amount.to_string(), amount.normalize().to_string());
            assert_eq!(currency.as_str().len(), 3);
        }
        Change::Described(Description { title, description, category, attributes }) => {
            assert!(!title.is_empty() && is_stored(title, 500));
            assert!(description.as_ref().is_none_or(|text| is_stored(text, 10_000)));
            assert!(category.as_ref().is_none_or(|text| is_stored(text, 200)));
            assert!(attributes.len() <= 50);
            assert!(attributes.iter().all(|(name, value)| is_stored(name, 64) && is_stored(value, 500)));
        }
    }
    for text in [canonical(event), canonical_base64(event)] {
        let again = decode(text.as_bytes(), arrival(), HORIZON);
        assert_eq!((again.len(), again[0].outcome.as_ref()), (1, Ok(event)), "{text}");
    }
}

/// Returns the attributes of an event.
pub(super) fn attributes(event: &Event) -> [(&'static str, String); 6] {
    [
        ("specversion", "1.0".to_owned()),
        ("id", event.id.to_string()),
        ("source", event.source()),
        ("type", event.change.event_type().to_owned()),
        ("subject", event.sku.to_string()),
        ("time", event.time.to_rfc3339_opts(SecondsFormat::Micros, true)),
    ]
}

/// Returns the content of an event.
pub(super) fn data(event: &Event) -> Value {
    match &event.change {
        Change::Counted { quantity } => json!({ "quantity": quantity }),
        Change::Adjusted { delta } => json!({ "delta": delta }),
        Change::PriceChanged { amount, currency } => {
            json!({ "amount": amount.to_string(), "currency": currency.as_str() })
        }
        Change::Described(Description { title, description, category, attributes }) => {
            let mut data = json!({ "title": title, "attributes": attributes });
            for (name, text) in [("description", description), ("category", category)] {
                if let Some(text) = text {
                    data[name] = json!(text);
                }
            }
            data
        }
    }
}

/// Returns an event's text, written by other code than reads it.
pub(super) fn canonical(event: &Event) -> String {
    with(event, "data", data(event))
}

fn canonical_base64(event: &Event) -> String {
    with(event, "data_base64", base64_simd::STANDARD.encode_to_string(data(event).to_string()).into())
}

fn with(event: &Event, name: &str, content: Value) -> String {
    let attributes = attributes(event).into_iter().map(|(name, text)| (name.to_owned(), Value::from(text)));
    Value::Object(attributes.chain([(name.to_owned(), content)]).collect()).to_string()
}
