//! Whole files of records.

use std::collections::BTreeSet;

use crate::cases;
use crate::model::decode::{Decoded, decode};
use crate::model::expected::Expected;
use crate::model::record::Record;
use crate::records::{self, rearranged, synthetic};

#[test]
fn order_repetition_and_shards_change_no_view() {
    for lines in [records::lines().unwrap(), synthetic::few_products(), synthetic::many_products()] {
        let expected = Expected::of(&lines).unwrap();
        let variants = [
            rearranged::shuffled(&lines),
            rearranged::repeated(&lines),
            rearranged::interleaved(&lines).unwrap(),
            rearranged::spread(&lines, 4).unwrap(),
        ];
        for variant in variants {
            let other = Expected::of(&variant).unwrap();
            let times = variant.len() / lines.len();
            assert_eq!(other.catalog.views, expected.catalog.views);
            assert_eq!(other.records, expected.records * times);
            assert_eq!(other.events, expected.events * times);
            assert_eq!(other.rejections.len(), expected.rejections.len() * times);
        }
    }
}

#[test]
fn the_records_have_every_reason_and_only_one_right_catalog() {
    let expected = Expected::of(&records::lines().unwrap()).unwrap();
    let reasons: BTreeSet<&str> = expected.rejections.iter().map(|rejection| rejection.reason).collect();
    let all =
        ["from_future", "invalid_data", "invalid_event", "invalid_json", "too_large", "too_old", "unsupported_type"];
    assert_eq!(reasons, BTreeSet::from(all));
    assert_eq!(expected.catalog.ambiguous, BTreeSet::new());
    assert!(expected.events > expected.records, "no array has more than one event");
}

#[test]
fn the_synthetic_records_have_repetitions_and_only_one_right_catalog() {
    for lines in [synthetic::few_products(), synthetic::many_products()] {
        let expected = Expected::of(&lines).unwrap();
        assert_eq!(expected.catalog.ambiguous, BTreeSet::new());
        assert!(expected.rejections.is_empty(), "{:?}", expected.rejections.first());
        let (again, otherwise) = repetitions(&lines);
        assert!(again > 100, "{again} deliveries of an event with its content");
        assert!(otherwise > 100, "{otherwise} deliveries of an event with another content");
    }
}

/// Counts the deliveries that repeat an event unchanged, and those that repeat it with another time, thus with another
/// content.
fn repetitions(lines: &[String]) -> (usize, usize) {
    let events = lines.iter().flat_map(|line| decode(&Record::parse(line).expect("a record")));
    let (mut identities, mut contents) = (BTreeSet::new(), BTreeSet::new());
    let (mut again, mut otherwise) = (0, 0);
    for decoded in events {
        let Decoded::Accepted(event) = decoded else { continue };
        let identity = (event.event_type, event.supplier, event.sku, event.id);
        let is_known = !identities.insert(identity.clone());
        let is_new = contents.insert((identity, event.time));
        again += usize::from(!is_new);
        otherwise += usize::from(is_known && is_new);
    }
    (again, otherwise)
}

#[test]
fn the_cases_are_a_file_with_only_one_right_catalog() {
    let cases = cases::all();
    let expected = Expected::of(&cases::lines()).unwrap();
    assert_eq!(expected.records, cases.len());
    assert_eq!(expected.events, cases.iter().map(|case| case.verdicts.len()).sum::<usize>());
    assert_eq!(expected.catalog.ambiguous, BTreeSet::new());
}

#[test]
fn each_case_file_gets_its_right_value() {
    for file in cases::files::all() {
        let expected = Expected::of(&file.lines).unwrap();
        let place = |number: &str| {
            let sequence_number = format!("\"{number}\"");
            1 + file.lines.iter().position(|line| line.contains(&sequence_number)).expect("a record of the file")
        };
        let rejections: Vec<_> = expected
            .rejections
            .iter()
            .map(|rejection| (place(&rejection.sequence_number), rejection.index, rejection.reason))
            .collect();
        assert_eq!(rejections, file.rejections, "{}", file.name);
        let views = &expected.catalog.views;
        for (sku, pointer, value) in file.views {
            let found = views.get(*sku).and_then(|view| view.pointer(pointer));
            assert_eq!(found, Some(&serde_json::from_str(value).unwrap()), "{} {sku} {pointer}", file.name);
        }
        let skus: BTreeSet<&str> = file.views.iter().map(|(sku, ..)| *sku).collect();
        assert_eq!(views.keys().map(String::as_str).collect::<BTreeSet<_>>(), skus, "{}", file.name);
    }
}

#[test]
fn the_case_files_together_have_only_one_right_catalog() {
    assert_eq!(Expected::of(&cases::files::lines()).unwrap().catalog.ambiguous, BTreeSet::new());
}
