//! Whole files of records.

use std::collections::BTreeSet;

use crate::cases;
use crate::model::expected::Expected;
use crate::model::judge::{Judged, judge};
use crate::model::record::Record;
use crate::records::{self, crowded, rearranged};

#[test]
fn order_repetition_and_shards_change_no_view() {
    for lines in [records::lines().unwrap(), crowded::lines()] {
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
fn the_crowd_has_what_sales_lack_and_only_one_right_catalog() {
    let lines = crowded::lines();
    let expected = Expected::of(&lines).unwrap();
    assert_eq!(expected.catalog.ambiguous, BTreeSet::new());
    assert!(expected.rejections.is_empty(), "{:?}", expected.rejections.first());

    let events: Vec<_> = lines.iter().flat_map(|line| judge(&Record::parse(line).unwrap())).collect();
    let mut identities = BTreeSet::new();
    let (mut again, mut other_time) = (0, 0);
    for judged in &events {
        let Judged::Accepted(event) = judged else { continue };
        let identity = (&event.kind, &event.supplier, &event.sku, &event.id);
        let known = identities.range((identity, i64::MIN)..=(identity, i64::MAX)).next().is_some();
        let is_new = identities.insert((identity, event.time));
        again += usize::from(!is_new);
        other_time += usize::from(known && is_new);
    }
    assert!(again > 100, "{again} deliveries of an event with its content");
    assert!(other_time > 100, "{other_time} deliveries of an event with another content");
}

#[test]
fn the_cases_are_a_file_with_only_one_right_catalog() {
    let cases = cases::all();
    let expected = Expected::of(&cases::lines()).unwrap();
    assert_eq!(expected.records, cases.len());
    assert_eq!(expected.events, cases.iter().map(|case| case.verdicts.len()).sum::<usize>());
    assert_eq!(expected.catalog.ambiguous, BTreeSet::new());
}
