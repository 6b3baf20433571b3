//! Memory that decoding holds at once, for the largest records of the nastiest shapes.

use pipegen_event::decode;

use crate::aggregates::{aggregate, field, sealed};
use crate::sample::{HORIZON, accepted, arrival, broken, counted, described, event, replaced};

/// The largest record of the stream.
const RECORD: usize = 1024 * 1024;
/// The largest event.
const EVENT: usize = 256 * 1024;
/// The most events of a record.
const EVENTS: usize = 10_000;
/// The bytes that may be held whatever the record's length is: what is made of the most events, or of the largest one.
const EVENTS_HELD: u64 = 8 * 1024 * 1024;

/// Repeats the part in the place of `…` as often as fits into this length.
fn filled(text: &str, part: &str, length: usize) -> String {
    let (before, after) = text.split_once('…').expect("a place");
    let times = (length - before.len() - after.len()) / part.len();
    [before, &part.repeat(times), after].concat()
}

/// An array of as many of these as fit.
fn array_of(event: &str) -> String {
    format!("[{}]", vec![event; (RECORD / (event.len() + 1)).min(1000)].join(","))
}

#[test]
fn a_record_of_any_shape_takes_a_bounded_part_of_memory() {
    let members = |part: &str, length| filled(r#"{…"id":"e"}"#, part, length);
    let in_data = |text: &str, part: &str| filled(&event("product.described", text), part, EVENT);
    let base64 = |bytes: &str| {
        use base64::Engine as _;
        let text = base64::prelude::BASE64_STANDARD.encode(bytes);
        replaced(&counted(), r#""data":{"quantity":42}"#, &format!(r#""data_base64":"{text}""#))
    };
    let attributes: Vec<_> = (0..50).map(|place| format!(r#""{place}":"""#)).collect();
    let attributes = format!(r#"{{"title":"T","attributes":{{{}}}}}"#, attributes.join(","));
    let attributes = event("product.described", &attributes);
    accepted(&attributes);
    let shapes: [(&str, Vec<u8>); 27] = [
        ("open brackets", "[".repeat(RECORD).into()),
        ("brackets", ["[".repeat(RECORD / 2), "]".repeat(RECORD / 2)].concat().into()),
        ("nested objects", filled("…", r#"{"a":"#, RECORD).into()),
        ("elements", filled("[…7]", "7,", RECORD).into()),
        ("1000 elements", array_of(r#"{"specversion":"1.0"}"#).into()),
        ("events", array_of(&counted()).into()),
        ("descriptions", array_of(&replaced(&described(), "White.", &"é".repeat(400))).into()),
        ("repeated members of an event", members(r#""":0,"#, EVENT).into()),
        ("repeated members of a record", members(r#""":0,"#, RECORD).into()),
        ("repeated members of four events", array_of(&members(r#""":0,"#, EVENT - 2)).into()),
        ("extensions", filled(&broken("{", "{…"), r#""ab":0,"#, EVENT).into()),
        ("escaped names", members(r#""\u0061":0,"#, EVENT).into()),
        ("members of an envelope", filled(r#"{"payload":{…"op":1,"after":1},"a":0}"#, r#""":0,"#, EVENT).into()),
        ("envelopes", filled(r#"{…"a":0}"#, r#""payload":{"a":0},"#, EVENT).into()),
        ("events with many attributes", aggregate(&vec![&*attributes; (RECORD - 64) / (attributes.len() + 8)])),
        ("attributes", in_data(r#"{"title":"T","attributes":{…"a":"b"}}"#, r#""":"","#).into()),
        ("a title of escapes", in_data(r#"{"title":"…"}"#, r"\u0041").into()),
        ("a number of zeros", filled(&broken("42", "1…"), "0", EVENT).into()),
        ("a number of decimals", filled(&broken("42", "0.…1e262144"), "0", EVENT).into()),
        ("an exponent", filled(&broken("42", "1e…"), "9", EVENT).into()),
        ("content in base64", base64(&filled(r#"{…"quantity":1}"#, r#""":0,"#, EVENT / 2)).into()),
        ("base64", filled("…", "eyJh", RECORD).into()),
        ("user records without data", aggregate(&vec![""; EVENTS])),
        ("user records that are too many", aggregate(&vec!["7"; RECORD / 7])),
        ("user records of arrays", aggregate(&vec![array_of("7"); 10])),
        ("keys", sealed(&[field(1, b"").repeat(RECORD / 4), field(2, b"").repeat(RECORD / 4)].concat())),
        ("data that is replaced", sealed(&[field(1, b"k"), field(3, &field(3, b"").repeat(RECORD / 2))].concat())),
    ];
    for (name, record) in shapes {
        assert!(record.len() <= RECORD + 64, "{name}: {}", record.len());
        let held = allocation_counter::measure(|| drop(decode(&record, arrival(), HORIZON))).bytes_max;
        assert!(held <= 8 * record.len() as u64 + EVENTS_HELD, "{name}: {held} bytes for {}", record.len());
    }
}
