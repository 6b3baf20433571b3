//! Records that the Kinesis Producer Library aggregated, and records that resemble one.

use pipegen_event::Reason::{InvalidData, InvalidJson, TooLarge};
use pipegen_event::{Decoded, Reason, decode};

use crate::sample::{HORIZON, accepted, all, arrival, assert_refused, broken, counted, refused};

const MAGIC: [u8; 4] = [0xF3, 0x89, 0x9A, 0xC2];

/// Encodes a length-delimited protobuf field.
pub(crate) fn field(tag: u8, value: &[u8]) -> Vec<u8> {
    [&[tag << 3 | 2], varint(value.len()).as_slice(), value].concat()
}

/// Encodes an integer field.
pub(crate) fn number(tag: u8, value: usize) -> Vec<u8> {
    [&[tag << 3], varint(value).as_slice()].concat()
}

fn varint(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(u8::try_from(value % 0x80).expect("seven bits") | 0x80);
        value /= 0x80;
    }
    bytes.push(u8::try_from(value).expect("seven bits"));
    bytes
}

/// Encodes the field of a user record with the first partition key.
pub(crate) fn user_record(data: &[u8]) -> Vec<u8> {
    field(3, &[number(1, 0), field(3, data)].concat())
}

/// Builds a record with this protobuf.
pub(crate) fn sealed(protobuf: &[u8]) -> Vec<u8> {
    [&MAGIC, protobuf, other_md5::compute(protobuf).as_slice()].concat()
}

/// Builds an aggregate with one partition key.
pub(crate) fn aggregate<D: AsRef<[u8]>>(data: &[D]) -> Vec<u8> {
    let records = data.iter().flat_map(|data| user_record(data.as_ref()));
    sealed(&field(1, b"acme").into_iter().chain(records).collect::<Vec<u8>>())
}

fn decoded(record: &[u8]) -> Vec<Decoded<'_>> {
    let decoded = decode(record, arrival(), HORIZON);
    assert!(decoded.iter().enumerate().all(|(place, event)| event.index == place));
    decoded
}

fn reasons(record: &[u8]) -> Vec<Option<Reason>> {
    decoded(record).into_iter().map(|event| event.outcome.err().map(|rejection| rejection.reason)).collect()
}

#[test]
fn an_aggregate_is_its_user_records() {
    let record = aggregate(&all());
    let decoded = decoded(&record);
    assert_eq!(decoded.len(), 4);
    for (event, text) in decoded.iter().zip(all()) {
        assert_eq!((event.text, event.outcome.clone()), (text.as_bytes(), Ok(accepted(text.clone()))));
    }
    assert_eq!(accepted(aggregate(&[counted()])), accepted(counted()));
}

#[test]
fn the_index_counts_through_all_events_of_the_record() {
    let (bad, good) = (broken("42", "1.5"), counted());
    let array = format!("[ {good} ,{bad},{good}]");
    let record = aggregate(&[good.as_str(), &array, "[]", "no json", &format!("[{bad}]"), &good]);
    let bad_data = Some(InvalidData);
    assert_eq!(reasons(&record), [None, None, bad_data, None, Some(InvalidJson), bad_data, None]);
    let decoded = decoded(&record);
    assert_eq!(decoded[2].text, bad.as_bytes());
    assert_eq!(decoded[4].text, b"no json");
}

#[test]
fn an_aggregate_without_events_gives_nothing() {
    for record in [sealed(b""), sealed(&field(1, b"acme")), aggregate(&["[]", " [ ] "])] {
        assert!(decoded(&record).is_empty(), "{record:?}");
    }
}

#[test]
fn whatever_else_the_protobuf_has_is_skipped() {
    let tag = field(4, &[field(1, b"origin"), field(2, b"shop")].concat());
    let record = |key: usize| {
        let data = field(3, counted().as_bytes());
        // The fields in another order, an unknown field, a field that is replaced by its second occurrence.
        [field(3, b"replaced"), tag.clone(), data, number(2, 0), number(9, 1 << 40), tag.clone(), number(1, key)]
            .concat()
    };
    let records = [field(3, &record(1)), field(3, &record(0))].concat();
    let fixed = [&[5 << 3 | 5, 1, 2, 3, 4][..], &[6 << 3 | 1, 1, 2, 3, 4, 5, 6, 7, 8]].concat();
    // The tables after the records that refer to them.
    let tables = [field(2, b"0"), field(1, b"acme/A"), field(1, b"\xff no text"), fixed].concat();
    assert_eq!(reasons(&sealed(&[records, tables].concat())), [None, None]);
    // A writer of proto3 leaves out an index of 0.
    let bare = [field(1, b"acme"), field(3, &field(3, counted().as_bytes()))].concat();
    assert_eq!(accepted(sealed(&bare)), accepted(counted()));
}

#[test]
fn a_broken_aggregate_is_one_rejection_that_says_so() {
    let good = aggregate(&all());
    let checksum = "the record is an aggregate of the Kinesis Producer Library whose checksum does not fit";
    for place in [4, 50, good.len() - 17, good.len() - 16, good.len() - 1] {
        let mut bad = good.clone();
        bad[place] ^= 1;
        assert_refused(&bad, InvalidJson, checksum);
        assert_eq!(decoded(&bad)[0].text, bad);
    }
    for cut in [4, 5, 19, 20, 21, good.len() - 1] {
        assert_refused(&good[..cut], InvalidJson, checksum);
    }
    assert_refused([MAGIC.as_slice(), counted().as_bytes()].concat(), InvalidJson, checksum);

    let protobuf = "the record is an aggregate of the Kinesis Producer Library whose protobuf cannot be read";
    for bad in [
        counted().into_bytes(),
        vec![0x1a, 0x05, 0x00],
        vec![0x1a],
        vec![0x18, 0x01],
        vec![0x08, 0x01],
        vec![0x0b],
        vec![0x0f],
        vec![0xff; 11],
        field(3, &[0x1a, 0x7f]),
        field(3, &[0x0a, 0x00]),
        field(3, &[0x18, 0x00]),
        [vec![0x1a], vec![0xff; 9], vec![0x01]].concat(),
    ] {
        assert_refused(sealed(&bad), InvalidJson, protobuf);
    }
}

#[test]
fn every_key_that_is_named_is_in_its_table() {
    let keys = "the record is an aggregate of the Kinesis Producer Library whose table of partition keys lacks one";
    let hash_keys =
        "the record is an aggregate of the Kinesis Producer Library whose table of explicit hash keys lacks";
    let named = |key: usize, hash_key: Option<usize>| {
        let hash_key = hash_key.map(|place| number(2, place)).unwrap_or_default();
        let record = [number(1, key), hash_key, field(3, counted().as_bytes())].concat();
        let good = user_record(counted().as_bytes());
        sealed(&[field(1, b"a"), field(1, b"b"), field(2, b"0"), field(3, &record), good].concat())
    };
    assert_eq!(reasons(&named(1, Some(0))), [None, None]);
    for key in [2, 3, usize::MAX] {
        assert_refused(named(key, None), InvalidJson, keys);
    }
    for hash_key in [1, usize::MAX] {
        assert_refused(named(0, Some(hash_key)), InvalidJson, hash_keys);
    }
    assert_refused(sealed(&user_record(counted().as_bytes())), InvalidJson, keys);
}

#[test]
fn an_aggregate_within_an_aggregate_is_not_unpacked() {
    let record = aggregate(&[aggregate(&[counted()]), counted().into_bytes()]);
    assert_eq!(reasons(&record), [Some(InvalidJson), None]);
    let detail = decoded(&record)[0].outcome.clone().expect_err("a rejection").detail;
    assert!(detail.ends_with("looks like an aggregate within an aggregate, which is not unpacked: aggregate once"));
}

#[test]
fn an_aggregate_has_at_most_10_000_events() {
    let too_large = |record: &[u8]| {
        let rejection = refused(record);
        assert_eq!(rejection.reason, TooLarge);
        assert_eq!(rejection.detail, "an aggregate must have at most 10000 events");
        assert_eq!(decoded(record)[0].text, record);
    };
    // User records count even if they have no event or no text.
    assert_eq!(reasons(&aggregate(&vec!["7"; 10_000])).len(), 10_000);
    assert!(reasons(&aggregate(&vec!["[]"; 10_000])).is_empty());
    for data in ["7", "[]", ""] {
        too_large(&aggregate(&vec![data; 10_001]));
        too_large(&aggregate(&vec![data; 1_000_000]));
    }
    // The events in their arrays count too.
    let array = |count: usize| format!("[{}]", vec!["7"; count].join(","));
    assert_eq!(reasons(&aggregate(&vec![array(1000); 10])).len(), 10_000);
    too_large(&aggregate(&[vec![array(1000); 10], vec![array(1)]].concat()));
    // One array alone can be too large.
    assert_eq!(reasons(&aggregate(&[array(1001), counted()])), [Some(TooLarge), None]);
    // A broken aggregate is rejected as broken even if it is too large.
    let mut broken = vec![user_record(b"7"); 10_001].concat();
    broken.push(0x1a);
    assert_refused(sealed(&broken), InvalidJson, "the record is an aggregate");
}

#[test]
fn an_event_s_rules_hold_in_an_aggregate() {
    let nested = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let records = ["", &nested, &broken("e-1", r"\ud800"), &format!("{} ", counted()), "\u{feff}{}"];
    let bad = Some(InvalidJson);
    assert_eq!(reasons(&aggregate(&records)), [bad, bad, bad, None, bad]);
    // The text of a rejection is that of the user record.
    assert_eq!(decoded(&aggregate(&records))[4].text, "\u{feff}{}".as_bytes());
    let large = broken(r#""id""#, &format!(r#""pad":"{}","id""#, "x".repeat(256 * 1024)));
    assert_eq!(reasons(&aggregate(&[large, counted()])), [Some(TooLarge), None]);
}
