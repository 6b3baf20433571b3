//! The fold against a naive reading of the rules.
//!
//! - [`tables`]: batches for the tables in memory, and what readers see of them
//! - [`expected`]: the naive reading

mod expected;
mod tables;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use pipegen_contract::event_type;
use pipegen_event::{Change, Description, Event};
use proptest::prelude::*;

use super::Effect;
use crate::in_memory::InMemoryTables as Tables;
use crate::working_set::MAX_OFFERS;

use expected::expected_state;

fn at(minute: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
}

/// An event whose content follows from its identity and time: if two contents had the same identity and time, either
/// could win.
fn event(kind: usize, supplier: u8, sku: u8, id: u8, minute: i64) -> Event {
    let salt = i64::from(id) * 100 + minute;
    // One of each type.
    let changes: [Change; event_type::ALL.len()] = [
        Change::Counted { quantity: salt },
        Change::Adjusted { delta: if salt % 2 == 0 { 1 } else { -1 } },
        Change::PriceChanged { amount: salt.into(), currency: "GBP".parse().unwrap() },
        Change::Described(Description {
            title: format!("title {salt} from {supplier}"),
            description: None,
            category: None,
            attributes: BTreeMap::new(),
        }),
    ];
    Event {
        id: format!("id-{id}").parse().unwrap(),
        supplier: format!("supplier-{supplier}").parse().unwrap(),
        sku: format!("sku {sku}").parse().unwrap(),
        time: at(minute),
        change: changes[kind].clone(),
    }
}

prop_compose! {
    fn any_event()(kind in 0..event_type::ALL.len(), supplier in 0..2_u8, sku in 0..2_u8, id in 0..6_u8, minute in 0..8_i64) -> Event {
        event(kind, supplier, sku, id, minute)
    }
}

/// Events as deliveries: shuffled, some of them repeated, cut into batches.
fn deliveries() -> impl Strategy<Value = (Vec<Event>, Vec<Vec<Event>>)> {
    proptest::collection::vec(any_event(), 1..40).prop_flat_map(|events| {
        let again = proptest::sample::subsequence(events.clone(), 0..=events.len());
        let shuffled = again.prop_flat_map({
            let events = events.clone();
            move |again| Just([events.clone(), again].concat()).prop_shuffle()
        });
        let batches = (shuffled, proptest::collection::vec(1..9_usize, 80)).prop_map(|(events, sizes)| {
            let mut rest = events.as_slice();
            let mut batches = Vec::new();
            for size in sizes {
                let (batch, later) = rest.split_at(size.min(rest.len()));
                batches.push(batch.to_vec());
                rest = later;
            }
            batches
        });
        (Just(events), batches)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn order_duplicates_and_batches_do_not_matter((events, batches) in deliveries(), left_superseded in 0..4_usize) {
        let mut tables = Tables::leaving(left_superseded);
        for batch in &batches {
            tables.deliver(batch);
        }
        prop_assert_eq!(tables.visible(), expected_state(&events));
    }

    #[test]
    fn a_batch_applied_again_changes_nothing((_, batches) in deliveries(), left_superseded in 0..4_usize) {
        let mut tables = Tables::leaving(left_superseded);
        for batch in &batches {
            tables.deliver(batch);
            let shown = tables.visible();
            let effects = tables.deliver(batch);
            prop_assert!(!effects.contains(&Effect::Applied));
            prop_assert_eq!(tables.visible(), shown);
        }
    }

    /// During a deployment, code of before takes some of the batches.
    #[test]
    fn what_is_available_is_known_again_after_older_code((events, batches) in deliveries(), older in proptest::collection::vec(any::<bool>(), 80)) {
        let mut tables = Tables::default();
        for (batch, older) in batches.iter().zip(older) {
            if older { tables.deliver_as_before(batch) } else { tables.deliver(batch); }
        }
        // Later than everything, and of every product.
        let last: Vec<Event> = (0..2).map(|sku| event(1, 0, sku, 100, 9)).collect();
        tables.deliver(&last);
        prop_assert_eq!(tables.visible(), expected_state(&[events, last].concat()));
    }

    #[test]
    fn pruning_changes_no_level_and_nothing_is_applied_twice((_, batches) in deliveries(), floor in 0..8_i64, left in 0..4_usize) {
        let mut tables = Tables::leaving(left);
        for batch in &batches {
            tables.deliver(batch);
        }
        let shown = tables.visible();
        tables.prune(at(floor));
        prop_assert_eq!(tables.visible(), expected_state(&batches.concat()));
        for batch in &batches {
            let effects = tables.deliver(batch);
            for (event, effect) in batch.iter().zip(effects) {
                prop_assert_eq!(effect == Effect::BelowLedgerFloor, event.time <= at(floor));
            }
        }
        prop_assert_eq!(tables.visible(), shown);
    }
}

#[test]
fn a_late_count_picks_up_what_is_later_than_it() {
    let adjusted = |id, minute| event(1, 0, 0, id, minute);
    let mut tables = Tables::default();
    tables.deliver(&[adjusted(1, 1), adjusted(2, 3), adjusted(3, 5)]);
    tables.deliver(&[event(0, 0, 0, 4, 3)]);
    // The count says 403; of the adjustments only the third is later: delta −1.
    assert_eq!(tables.visible().offers[&("sku 0".to_owned(), "supplier-0".to_owned())], (403 - 1, None));
    assert_eq!(tables.ledger.len(), 1, "superseded adjustments are gone");
}

#[test]
fn only_the_latest_count_of_a_batch_needs_the_sum() {
    let adjusted = |id, minute| event(1, 0, 0, id, minute);
    let mut tables = Tables::default();
    tables.deliver(&[adjusted(1, 1), adjusted(2, 3), adjusted(3, 5)]);
    // The later count comes first, in the middle and last; an adjustment that is there comes again, with another time.
    let counts = [event(0, 0, 0, 4, 2), event(0, 0, 0, 5, 4), event(0, 0, 0, 6, 0)];
    for order in [[0, 1, 2], [1, 2, 0], [2, 0, 1]] {
        let mut tables = tables.clone();
        let mut batch = order.map(|index| counts[index].clone()).to_vec();
        batch.insert(1, adjusted(2, 6));
        tables.deliver(&batch);
        // 504 counted at 4; later are the third, at 5 (delta -1), and the second, now at 6 (delta 1).
        assert_eq!(tables.visible().offers[&("sku 0".to_owned(), "supplier-0".to_owned())], (504 - 1 + 1, None));
    }
}

#[test]
fn a_sku_has_so_many_offers_and_no_more() {
    let from = |supplier: usize, minute| Event {
        supplier: format!("supplier-{supplier}").parse().unwrap(),
        ..event(1, 0, 0, 1, minute)
    };
    let mut tables = Tables::default();
    let full: Vec<_> = (0..MAX_OFFERS).map(|supplier| from(supplier, 1)).collect();
    assert!(tables.deliver(&full).iter().all(|effect| *effect == Effect::Applied));
    let shown = tables.visible();
    for kind in 0..3 {
        let one_more = Event { change: event(kind, 0, 0, 1, 1).change, ..from(MAX_OFFERS, 1) };
        assert_eq!(tables.deliver(std::slice::from_ref(&one_more)), [Effect::TooManyOffers]);
    }
    assert_eq!(tables.visible(), shown);
    let described = Event { change: event(3, 0, 0, 1, 1).change, ..from(MAX_OFFERS, 1) };
    assert_eq!(tables.deliver(&[described, from(7, 2)]), [Effect::Applied; 2], "a description is not an offer");
}

#[test]
fn effects_name_what_happened() {
    let mut tables = Tables::default();
    assert_eq!(tables.deliver(&[event(0, 0, 0, 1, 4)]), [Effect::Applied]);
    assert_eq!(tables.deliver(&[event(0, 0, 0, 1, 4)]), [Effect::Duplicate]);
    assert_eq!(tables.deliver(&[event(0, 0, 0, 1, 3)]), [Effect::Stale]);
    assert_eq!(
        tables.deliver(&[event(1, 0, 0, 1, 4)]),
        [Effect::Stale],
        "an adjustment at the count's time is part of it"
    );
    assert_eq!(tables.deliver(&[event(1, 0, 0, 1, 5), event(1, 0, 0, 1, 5)]), [Effect::Applied, Effect::Duplicate]);
}

/// Suppliers should not send another content with the same identity and time. If one does, what is there stays.
#[test]
fn a_duplicate_changes_nothing_whatever_its_content() {
    for kind in 0..event_type::ALL.len() {
        let (first, other) = (event(kind, 0, 0, 1, 5), event(kind, 0, 0, 2, 6));
        let other = Event { change: other.change, ..first.clone() };
        let mut tables = Tables::default();
        tables.deliver(std::slice::from_ref(&first));
        let shown = tables.visible();
        assert_eq!(tables.deliver(std::slice::from_ref(&other)), [Effect::Duplicate], "{other:?}");
        assert_eq!(tables.visible(), shown, "{other:?}");

        let mut at_once = Tables::default();
        assert_eq!(at_once.deliver(&[first, other]), [Effect::Applied, Effect::Duplicate]);
        assert_eq!(at_once.visible(), shown);
    }
}

#[test]
fn a_count_makes_the_earlier_adjustments_of_its_batch_stale_in_any_order() {
    let (early, count, late) = (event(1, 0, 0, 1, 3), event(0, 0, 0, 1, 4), event(1, 0, 0, 2, 5));
    let mut tables = Tables::default();
    let effects = tables.deliver(&[early.clone(), late, count]);
    assert_eq!(effects, [Effect::Stale, Effect::Applied, Effect::Applied]);
    assert_eq!(tables.ledger.len(), 1, "what is part of the count is never entered");
    assert_eq!(tables.deliver(&[early]), [Effect::Stale]);
}

#[test]
fn a_change_and_its_opposite_leave_the_view_unchanged() {
    let mut tables = Tables::default();
    tables.deliver(&[event(3, 0, 0, 1, 1), event(1, 0, 0, 1, 1)]);
    let version = tables.products["sku 0"];
    let forth = event(1, 0, 0, 2, 1);
    let Change::Adjusted { delta } = forth.change else { unreachable!() };
    let back = Event { change: Change::Adjusted { delta: -delta }, ..event(1, 0, 0, 3, 2) };
    let mut both = tables.clone();
    assert_eq!(both.deliver(&[forth.clone(), back]), [Effect::Applied; 2]);
    assert_eq!((both.products["sku 0"], both.ledger.len()), (version, 3));
    tables.deliver(&[forth]);
    assert!(tables.products["sku 0"] > version);
}
