//! Records of the stream to events and rejections.
//!
//! The bytes are a record; after `KPL:` the protobuf of an aggregate, which gets its magic number and checksum here;
//! after `GEN:` the choices by which a record of nearly valid events is made.

use pipegen_event::{Decoded, Event, decode};

use super::bounded::bounded;
use super::events::{self, HORIZON, arrival, decoding};
use super::generated;
use super::model::decode as model;
use super::model::record::Record;

/// The magic number of an aggregate.
const MAGIC: &[u8] = b"\xF3\x89\x9A\xC2";

/// The nesting beyond which the naive model does not follow.
const MODELLED_DEPTH: usize = 350;

pub(super) fn check(bytes: &[u8]) {
    if let Some(protobuf) = bytes.strip_prefix(b"KPL:") {
        record(&generated::sealed(protobuf));
    } else if let Some(choices) = bytes.strip_prefix(b"GEN:") {
        record(&generated::record(choices));
    } else {
        record(bytes);
    }
}

fn record(record: &[u8]) {
    let decoded = bounded(decoding(record), || decode(record, arrival(), HORIZON));
    assert_eq!(decoded, decode(record, arrival(), HORIZON), "the same again");
    events::check(record, &decoded);
    for event in &decoded {
        alone(record, event);
    }
    like_the_model(record, &decoded);
}

/// Checks that an event of several is what it is as a record of its own.
fn alone(record: &[u8], event: &Decoded<'_>) {
    // Within an array, an array is an event that is not an object; within an aggregate, an aggregate is not unpacked.
    let is_several = event.text.trim_ascii_start().starts_with(b"[") || event.text.starts_with(MAGIC);
    if !is_several && event.text.len() < record.len() {
        let alone = decode(event.text, arrival(), HORIZON);
        assert_eq!((alone.len(), &alone[0].outcome), (1, &event.outcome), "{:?}", event.text);
    }
}

/// Checks that the naive model says the same.
fn like_the_model(record: &[u8], decoded: &[Decoded<'_>]) {
    if record.iter().filter(|byte| matches!(byte, b'[' | b'{')).count() > MODELLED_DEPTH {
        return;
    }
    let expected = model::decode(&Record {
        shard: String::new(),
        sequence_number: String::new(),
        partition_key: String::new(),
        arrived_at: arrival().timestamp_micros(),
        data: record.to_vec(),
    });
    // The model knows no groups in a protobuf and takes other liberties with broken ones.
    let is_broken = |reason: &str, text: &[u8]| reason == "invalid_json" && text == record;
    let model_refuses = matches!(&*expected, [model::Decoded::Rejected(only)] if is_broken(only.reason, &only.event));
    let refuses =
        matches!(decoded, [Decoded { text, outcome: Err(only), .. }] if is_broken(only.reason.as_str(), text));
    if record.starts_with(MAGIC) && (model_refuses || refuses) {
        return;
    }
    assert_eq!(decoded.len(), expected.len());
    for (event, expected) in decoded.iter().zip(&expected) {
        match (&event.outcome, expected) {
            (Ok(event), model::Decoded::Accepted(expected)) => same(event, expected),
            (Err(rejection), model::Decoded::Rejected(expected)) => {
                let found = (event.index as u64, rejection.reason.as_str(), event.text);
                assert_eq!(found, (expected.index, expected.reason, &*expected.event), "{rejection}");
            }
            (found, expected) => panic!("{found:?} is not {expected:?}"),
        }
    }
}

fn same(event: &Event, expected: &model::Event) {
    use super::model::data::Change as Modelled;
    use pipegen_event::Change::{Adjusted, Counted, Described, PriceChanged};

    let attributes = [&*event.id, &*event.supplier, &*event.sku, event.change.event_type()];
    assert_eq!(attributes, [&*expected.id, &*expected.supplier, &*expected.sku, &*expected.event_type]);
    assert_eq!((event.source(), event.time.timestamp_micros()), (expected.source.clone(), expected.time));
    let is_same = match (&event.change, &expected.change) {
        (Counted { quantity }, Modelled::Counted(expected)) => quantity == expected,
        (Adjusted { delta }, Modelled::Adjusted(expected)) => delta == expected,
        (PriceChanged { amount, currency }, Modelled::Priced { amount: expected, currency: code }) => {
            amount.to_string() == *expected && currency.as_str() == code
        }
        (Described(found), Modelled::Described(expected)) => {
            (&found.title, &found.description, &found.category, &found.attributes)
                == (&expected.title, &expected.description, &expected.category, &expected.attributes)
        }
        _ => false,
    };
    assert!(is_same, "{event:?} is not {expected:?}");
}
