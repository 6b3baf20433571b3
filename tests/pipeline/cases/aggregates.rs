//! Aggregates of the Kinesis Producer Library.

use super::{ACCEPTED, BAD_DATA, BAD_EVENT, BAD_JSON, Case, EventBuilder, TOO_LARGE, Verdict};

/// Encodes a protobuf field of bytes.
fn bytes(number: u8, value: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2], varint(value.len()).as_slice(), value].concat()
}

/// Encodes a protobuf field of a number.
fn number(field: u8, value: usize) -> Vec<u8> {
    [&[field << 3], varint(value).as_slice()].concat()
}

fn varint(value: usize) -> Vec<u8> {
    let low = u8::try_from(value & 0x7f).expect("seven bits");
    if value < 0x80 { vec![low] } else { [vec![low | 0x80], varint(value >> 7)].concat() }
}

/// Builds a record from a protobuf.
fn sealed(message: &[u8]) -> Vec<u8> {
    [b"\xF3\x89\x9A\xC2", message, other_md5::compute(message).as_slice()].concat()
}

/// Encodes a user record with these keys.
fn user_record(key: usize, hash_key: Option<usize>, data: &[u8]) -> Vec<u8> {
    let hash_key = hash_key.map(|place| number(2, place)).unwrap_or_default();
    bytes(3, &[number(1, key), hash_key, bytes(3, data)].concat())
}

/// Builds an aggregate of user records with one key.
fn of<D: AsRef<[u8]>>(data: &[D]) -> Vec<u8> {
    let records = data.iter().map(|data| user_record(0, None, data.as_ref())).collect::<Vec<_>>().concat();
    sealed(&[bytes(1, b"acme"), records].concat())
}

pub(super) fn cases() -> Vec<Case> {
    [good(), broken(), large()].concat()
}

fn case(name: &str, data: Vec<u8>, verdicts: &[Verdict]) -> Case {
    Case { name: name.to_owned(), data, verdicts: verdicts.to_vec() }
}

fn event(name: &str) -> Vec<u8> {
    EventBuilder::new(name).text().into_bytes()
}

fn array(events: &[Vec<u8>]) -> Vec<u8> {
    [b"[".as_slice(), &events.join(b",".as_slice()), b"]"].concat()
}

fn good() -> Vec<Case> {
    let bad = EventBuilder::new("x").with("data", "7").text().into_bytes();
    let arrays = [
        array(&[event("first of an array"), bad.clone(), event("third of an array")]),
        b"[]".to_vec(),
        event("alone between arrays"),
        array(&[bad, b"7".to_vec()]),
        b"[".to_vec(),
    ];
    let array_verdicts = [ACCEPTED, BAD_DATA, ACCEPTED, ACCEPTED, BAD_DATA, BAD_EVENT, BAD_JSON];
    let keyed = [
        user_record(1, Some(1), &event("of the second key")),
        bytes(1, b"acme/A"),
        bytes(2, b"0"),
        user_record(0, None, &event("without a hash key")),
        bytes(1, b"acme/B"),
        bytes(2, b"340282366920938463463374607431768211455"),
        bytes(3, &[bytes(4, b"\x0a\x01k\x12\x01v"), bytes(3, &event("with a tag, without an index"))].concat()),
        number(7, usize::MAX),
    ];
    vec![
        case("an aggregate of one", of(&[event("an aggregate of one")]), &[ACCEPTED]),
        case("an aggregate of arrays", of(&arrays), &array_verdicts),
        case("an aggregate with keys and tags", sealed(&keyed.concat()), &[ACCEPTED; 3]),
        case("an aggregate of nothing", sealed(b""), &[]),
        case("an aggregate of keys alone", sealed(&bytes(1, b"acme")), &[]),
        case("an aggregate of what is empty", of(&[b"".as_slice(), b"[]"]), &[BAD_JSON]),
        case(
            "an aggregate in an aggregate",
            of(&[of(&[event("inner")]), event("beside an aggregate")]),
            &[BAD_JSON, ACCEPTED],
        ),
    ]
}

fn broken() -> Vec<Case> {
    let mut wrong = of(&[event("spoilt")]);
    let last = wrong.len() - 1;
    wrong[last] ^= 1;
    let cut = of(&[event("cut")]).split_off(0).into_iter().take(100).collect::<Vec<_>>();
    let record = |key, hash_key| [bytes(1, b"acme"), user_record(key, hash_key, &event("x"))].concat();
    let table = [
        ("an aggregate with another checksum", wrong),
        ("an aggregate cut short", cut),
        ("an aggregate's beginning", b"\xF3\x89\x9A\xC2".to_vec()),
        ("an aggregate's beginning before an event", [b"\xF3\x89\x9A\xC2".as_slice(), &event("x")].concat()),
        ("an aggregate of no protobuf", sealed(&event("x"))),
        ("an aggregate whose record is a number", sealed(&number(3, 1))),
        ("an aggregate that ends in a field", sealed(&[record(0, None), vec![0x1a, 0x09]].concat())),
        ("an aggregate that names a key beyond its table", sealed(&record(1, None))),
        ("an aggregate that names a hash key without a table", sealed(&record(0, Some(0)))),
        ("an aggregate without a table", sealed(&user_record(0, None, &event("x")))),
    ];
    table.map(|(name, data)| case(name, data, &[BAD_JSON])).into()
}

fn large() -> Vec<Case> {
    vec![
        case("an aggregate of 10000", of(&vec!["7"; 10_000]), &[BAD_EVENT; 10_000]),
        case("an aggregate of 10001", of(&vec!["7"; 10_001]), &[TOO_LARGE]),
        case("an aggregate of 10001 without an event", of(&vec!["[]"; 10_001]), &[TOO_LARGE]),
        case("an aggregate of 11 arrays", of(&vec![array(&vec![b"7".to_vec(); 1000]); 11]), &[TOO_LARGE]),
        case("an aggregate with a large event", of(&[EventBuilder::new("x").padded_to(262_145).text()]), &[TOO_LARGE]),
    ]
}
