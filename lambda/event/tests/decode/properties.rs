//! Arbitrary bytes, broken events, arrays and aggregates of events.

use pipegen_event::{Reason, decode};
use proptest::prelude::*;

use crate::aggregates::{aggregate, field, number, sealed, user_record};
use crate::sample::{HORIZON, all, arrival};

/// Replacements, removals and insertions of a few bytes.
fn edits(byte: impl Strategy<Value = u8>) -> impl Strategy<Value = Vec<(prop::sample::Index, u8, u8)>> {
    prop::collection::vec((any::<prop::sample::Index>(), 0_u8..3, byte), 0..4)
}

fn edited(mut bytes: Vec<u8>, edits: Vec<(prop::sample::Index, u8, u8)>) -> Vec<u8> {
    for (place, how, byte) in edits {
        let place = place.index(bytes.len());
        match how {
            0 => bytes[place] = byte,
            1 if bytes.len() > 1 => drop(bytes.remove(place)),
            _ => bytes.insert(place, byte),
        }
    }
    bytes
}

/// A valid event, or one that was edited.
fn event() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![prop::sample::select(br#"{}[]",:\0u-.eE \n"#.to_vec()), any::<u8>()];
    (prop::sample::select(all().to_vec()), edits(byte)).prop_map(|(event, edits)| edited(event.into_bytes(), edits))
}

/// Decodes a record, and checks the invariants of every record.
fn check(record: &[u8]) -> Result<(), TestCaseError> {
    for event in decode(record, arrival(), HORIZON) {
        let range = record.as_ptr_range();
        prop_assert!(event.text.is_empty() || range.contains(&event.text.as_ptr()), "the text is the record's own");
        if let Err(rejection) = event.outcome {
            prop_assert!(!rejection.detail.starts_with("the decoder failed"), "{record:?}");
            prop_assert!(rejection.reason != Reason::RefusedByDatabase);
            prop_assert!(!rejection.detail.is_empty() && rejection.detail.len() < 250 && rejection.detail.is_ascii());
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_are_decoded(record in prop::collection::vec(any::<u8>(), 0..200)) {
        check(&record)?;
    }

    #[test]
    fn arbitrary_pieces_of_json_are_decoded(
        pieces in prop::collection::vec(prop::sample::select(
            vec!["{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\"data\"", "\"id\"", "1e9", "-0", "d800", "null", " ", "é"],
        ), 0..60),
    ) {
        check(pieces.concat().as_bytes())?;
    }

    #[test]
    fn broken_events_are_decoded(events in prop::collection::vec(event(), 1..4)) {
        check(&events[0])?;
        check(&[b"[".as_slice(), &events.join(b",".as_slice()), b"]"].concat())?;
    }

    /// Includes broken events as long as the array can be split: each follows JSON's grammar.
    #[test]
    fn an_array_decodes_like_its_events_one_by_one(
        events in prop::collection::vec(event(), 0..8),
        blank in prop::sample::select(vec!["", " ", "\n\t"]),
    ) {
        let is_cut = |event: &Vec<u8>| serde_json::from_slice::<serde::de::IgnoredAny>(event).is_ok() && str::from_utf8(event).is_ok();
        let events: Vec<Vec<u8>> = events.into_iter().filter(is_cut).collect();
        let events: Vec<&[u8]> = events.iter().map(|event| event.trim_ascii()).collect();
        let separator = format!("{blank},{blank}");
        let array = [b"[", blank.as_bytes(), &events.join(separator.as_bytes()), blank.as_bytes(), b"]"].concat();
        let together = decode(&array, arrival(), HORIZON);
        prop_assert_eq!(together.len(), events.len());
        for (index, (event, decoded)) in events.iter().zip(together).enumerate() {
            let alone = decode(event, arrival(), HORIZON);
            // Alone, `[…]` is an array; within one it is an event that is not an object.
            if !event.starts_with(b"[") {
                prop_assert_eq!(&alone[0].outcome, &decoded.outcome);
            }
            prop_assert_eq!((decoded.index, decoded.text), (index, *event));
        }
    }

    #[test]
    fn an_aggregate_decodes_like_its_user_records_one_by_one(
        records in prop::collection::vec(prop_oneof![event(), Just(b"[]".to_vec()), event().prop_map(|event| [b"[", &*event, b",", &*event, b"]"].concat())], 0..6),
    ) {
        let together = aggregate(&records);
        let one_by_one: Vec<_> = records.iter().flat_map(|record| decode(record, arrival(), HORIZON)).collect();
        let together = decode(&together, arrival(), HORIZON);
        prop_assert_eq!(together.len(), one_by_one.len());
        for (index, (together, alone)) in together.iter().zip(one_by_one).enumerate() {
            prop_assert_eq!((together.index, together.text, &together.outcome), (index, alone.text, &alone.outcome));
        }
    }

    /// With the checksum of the edited protobuf, and with a wrong one.
    #[test]
    fn broken_aggregates_are_decoded(
        (events, edits, more) in (prop::collection::vec(event(), 0..3), edits(any::<u8>()), edits(any::<u8>())),
        (key, hash_key, tag) in (0..3_usize, 0..3_usize, 1..16_u8),
    ) {
        let records: Vec<u8> = events.iter().flat_map(|event| user_record(event)).collect();
        let keyed = field(3, &[number(1, key), number(2, hash_key), number(tag, hash_key)].concat());
        let protobuf = edited([field(1, b"acme"), records, keyed, field(2, b"0"), field(tag, b"more")].concat(), edits);
        let record = sealed(&protobuf);
        check(&record)?;
        check(&edited(record, more))?;
    }
}
