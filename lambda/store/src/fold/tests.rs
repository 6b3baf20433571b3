//! The fold against a naive reading of the rules: collect all events, then compute.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use pipegen_contract::event_type;
use pipegen_event::{Change, Description, Event};
use proptest::prelude::*;

use super::Effect;
use crate::adjustments::{Adjustments, Count, LedgerEntry};
use crate::working_set::{Described, MAX_OFFERS, OfferRow, Place, Touch, WorkingSet};

/// An in-memory replacement of the database's tables.
#[derive(Clone, Debug, Default)]
struct Tables {
    /// With each version.
    products: BTreeMap<String, i64>,
    descriptions: BTreeMap<String, Described>,
    offers: BTreeMap<(String, String), OfferRow>,
    ledger: BTreeMap<(String, String, String), LedgerEntry>,
    floor: Option<DateTime<Utc>>,
    /// The number of superseded rows of the ledger that a batch does not remove.
    left_superseded: usize,
}

impl Tables {
    /// Applies a batch as `Store::apply` does: loads only what it needs, folds, saves only what changed.
    fn apply(&mut self, batch: &[Event]) -> Vec<Effect> {
        let events: Vec<&Event> = batch.iter().collect();
        let (mut working_set, touches) = WorkingSet::of(&events);
        self.load(&mut working_set, &touches);
        let effects = working_set.fold(&touches);
        let mut adjustments = Adjustments::of(&touches, &effects);
        let sums = self.update_ledger(&working_set, &mut adjustments);
        let effects = adjustments.settle(&mut working_set, &touches, effects, &sums);
        let before = working_set.products.clone();
        let changed = working_set.set_versions(at(0));
        self.save(&working_set, &changed);
        for (position, product) in working_set.products.iter().enumerate() {
            assert_eq!(product.version > before[position].version, changed.contains(&position));
        }
        effects
    }

    fn load(&self, working_set: &mut WorkingSet<'_>, touches: &[Touch<'_>]) {
        working_set.ledger_floor = self.floor;
        for product in &mut working_set.products {
            product.version = self.products.get(product.sku).copied().unwrap_or_default();
            product.offers = self.offers.keys().filter(|(sku, _)| sku == product.sku).count();
        }
        for touch in touches.iter().filter(|touch| touch.offer.is_none()) {
            let product = &mut working_set.products[touch.product];
            if let Some(described) = self.descriptions.get(product.sku) {
                product.load(described.clone());
            }
        }
        for position in 0..working_set.offers.len() {
            if let Some(row) = self.offers.get(&key(working_set, position)) {
                working_set.offers[position].load(row.clone(), Place::new());
            }
        }
    }

    fn update_ledger(
        &mut self,
        working_set: &WorkingSet<'_>,
        adjustments: &mut Adjustments<'_>,
    ) -> HashMap<usize, i64> {
        let before = self.ledger.clone();
        let mut sums = HashMap::new();
        let counts = Count::all(working_set);
        let counted = |position: &usize| counts.iter().find(|count| count.offer == *position);
        for (position, offer) in working_set.offers.iter().enumerate() {
            let Some(time) = offer.newly_counted() else { continue };
            let (sku, supplier) = key(working_set, position);
            let is_of_offer = |of: &(String, String, String)| (&of.0, &of.1) == (&sku, &supplier);
            let later = before.iter().filter(|(of, entry)| is_of_offer(of) && entry.time > time);
            if counted(&position).is_some_and(|count| count.is_late) {
                sums.insert(position, later.map(|(_, entry)| entry.delta).sum());
            } else {
                assert_eq!(later.count(), 0, "it would not be added up");
            }
            assert!(counted(&position).is_some() || !before.keys().any(is_of_offer), "it would not be removed");
            let mut left = self.left_superseded;
            self.ledger.retain(|of, entry| {
                let superseded = is_of_offer(of) && entry.time <= time;
                let kept = superseded && left > 0;
                left -= usize::from(kept);
                kept || !superseded
            });
        }
        for adjustment in &mut adjustments.list {
            let (sku, supplier) = key(working_set, adjustment.offer);
            let identity = (sku, supplier, adjustment.id.to_owned());
            adjustment.stored = before.get(&identity).copied();
            let is_as_late = adjustment.stored.is_some_and(|stored| adjustment.entry.time <= stored.time);
            assert!(!is_as_late || adjustment.is_early(working_set), "it would not be looked up");
            if adjustment.stored.is_none() || adjustment.replaces() {
                self.ledger.insert(identity, adjustment.entry);
            }
        }
        sums
    }

    fn save(&mut self, working_set: &WorkingSet<'_>, changed: &[usize]) {
        for product in changed.iter().map(|position| &working_set.products[*position]) {
            self.products.insert(product.sku.to_owned(), product.version);
        }
        for product in &working_set.products {
            if let Some(described) = product.changed_description() {
                self.descriptions.insert(product.sku.to_owned(), described.clone());
            }
        }
        for (sku, offer) in working_set.offers_by_sku() {
            if let Some(row) = offer.changed_row() {
                self.offers.insert((sku.to_owned(), offer.supplier.to_owned()), row.clone());
            }
        }
        for product in working_set.products.iter().filter(|product| product.exists()) {
            let offers = self.offers.keys().filter(|(sku, _)| sku == product.sku).count();
            assert_eq!(product.offers, offers, "the number of offers is right");
        }
    }

    /// Prunes the ledger up to `floor`, as `maintain` does.
    fn prune(&mut self, floor: DateTime<Utc>) {
        self.ledger.retain(|_, entry| entry.time > floor);
        self.floor = self.floor.max(Some(floor));
    }

    fn visible(&self) -> VisibleState {
        let price = |row: &OfferRow| row.price.as_ref().map(|price| price.amount.to_string());
        let title = |sku: &String| self.descriptions.get(sku).map(|described| described.description.title.clone());
        VisibleState {
            descriptions: self.products.keys().map(|sku| (sku.clone(), title(sku))).collect(),
            offers: self.offers.iter().map(|(key, row)| (key.clone(), (row.on_hand, price(row)))).collect(),
        }
    }
}

/// The SKU and supplier of an offer in the working set.
fn key(working_set: &WorkingSet<'_>, offer: usize) -> (String, String) {
    (working_set.sku(offer).to_owned(), working_set.offers[offer].supplier.to_owned())
}

/// The state that readers can see.
#[derive(Debug, Default, PartialEq, Eq)]
struct VisibleState {
    descriptions: BTreeMap<String, Option<String>>,
    offers: BTreeMap<(String, String), (i64, Option<String>)>,
}

/// Computes the state from all events by the definitions in docs/ARCHITECTURE.md, "Meaning".
fn expected_state(deliveries: &[Event]) -> VisibleState {
    let mut events: BTreeMap<(String, &str, String, String), &Event> = BTreeMap::new();
    for event in deliveries {
        let identity = (event.source(), event.change.event_type(), event.sku.to_string(), event.id.to_string());
        let known = events.entry(identity).or_insert(event);
        if event.time > known.time {
            *known = event;
        }
    }
    let mut shown = VisibleState::default();
    for event in events.values() {
        let (sku, supplier) = (event.sku.to_string(), event.supplier.to_string());
        let of_sku = || events.values().filter(|other| other.sku == event.sku);
        let of_offer = || of_sku().filter(|other| other.supplier == event.supplier);
        let description = of_sku()
            .filter_map(|other| match &other.change {
                Change::Described(text) => Some(((other.time, other.source(), other.id.to_string()), &text.title)),
                _ => None,
            })
            .max();
        shown.descriptions.insert(sku.clone(), description.map(|(_, title)| title.clone()));
        if matches!(event.change, Change::Described(_)) {
            continue;
        }
        let price = of_offer()
            .filter_map(|other| match &other.change {
                Change::PriceChanged { amount, .. } => Some(((other.time, other.id.to_string()), amount.to_string())),
                _ => None,
            })
            .max();
        let count = of_offer()
            .filter_map(|other| match other.change {
                Change::Counted { quantity } => Some(((other.time, other.id.to_string()), quantity)),
                _ => None,
            })
            .max();
        let since = count.as_ref().map(|((time, _), _)| *time);
        let adjustments = of_offer().filter(|other| since.is_none_or(|since| other.time > since));
        let deltas = adjustments.filter_map(|other| match other.change {
            Change::Adjusted { delta } => Some(delta),
            _ => None,
        });
        let level = count.map_or(0, |(_, quantity)| quantity) + deltas.sum::<i64>();
        shown.offers.insert((sku, supplier), (level, price.map(|(_, amount)| amount)));
    }
    shown
}

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
        let mut tables = Tables { left_superseded, ..Tables::default() };
        for batch in &batches {
            tables.apply(batch);
        }
        prop_assert_eq!(tables.visible(), expected_state(&events));
    }

    #[test]
    fn a_batch_applied_again_changes_nothing((_, batches) in deliveries(), left_superseded in 0..4_usize) {
        let mut tables = Tables { left_superseded, ..Tables::default() };
        for batch in &batches {
            tables.apply(batch);
            let shown = tables.visible();
            let effects = tables.apply(batch);
            prop_assert!(!effects.contains(&Effect::Applied));
            prop_assert_eq!(tables.visible(), shown);
        }
    }

    #[test]
    fn pruning_changes_no_level_and_nothing_is_applied_twice((_, batches) in deliveries(), floor in 0..8_i64, left in 0..4_usize) {
        let mut tables = Tables { left_superseded: left, ..Tables::default() };
        for batch in &batches {
            tables.apply(batch);
        }
        let shown = tables.visible();
        tables.prune(at(floor));
        prop_assert_eq!(tables.visible(), expected_state(&batches.concat()));
        for batch in &batches {
            let effects = tables.apply(batch);
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
    tables.apply(&[adjusted(1, 1), adjusted(2, 3), adjusted(3, 5)]);
    tables.apply(&[event(0, 0, 0, 4, 3)]);
    // The count says 403; of the adjustments only the third is later: delta −1.
    assert_eq!(tables.visible().offers[&("sku 0".to_owned(), "supplier-0".to_owned())], (403 - 1, None));
    assert_eq!(tables.ledger.len(), 1, "superseded adjustments are gone");
}

#[test]
fn only_the_latest_count_of_a_batch_needs_the_sum() {
    let adjusted = |id, minute| event(1, 0, 0, id, minute);
    let mut tables = Tables::default();
    tables.apply(&[adjusted(1, 1), adjusted(2, 3), adjusted(3, 5)]);
    // The later count comes first, in the middle and last; an adjustment that is there comes again, with another time.
    let counts = [event(0, 0, 0, 4, 2), event(0, 0, 0, 5, 4), event(0, 0, 0, 6, 0)];
    for order in [[0, 1, 2], [1, 2, 0], [2, 0, 1]] {
        let mut tables = tables.clone();
        let mut batch = order.map(|index| counts[index].clone()).to_vec();
        batch.insert(1, adjusted(2, 6));
        tables.apply(&batch);
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
    assert!(tables.apply(&full).iter().all(|effect| *effect == Effect::Applied));
    let shown = tables.visible();
    for kind in 0..3 {
        let one_more = Event { change: event(kind, 0, 0, 1, 1).change, ..from(MAX_OFFERS, 1) };
        assert_eq!(tables.apply(std::slice::from_ref(&one_more)), [Effect::TooManyOffers]);
    }
    assert_eq!(tables.visible(), shown);
    let described = Event { change: event(3, 0, 0, 1, 1).change, ..from(MAX_OFFERS, 1) };
    assert_eq!(tables.apply(&[described, from(7, 2)]), [Effect::Applied; 2], "a description is not an offer");
}

#[test]
fn effects_name_what_happened() {
    let mut tables = Tables::default();
    assert_eq!(tables.apply(&[event(0, 0, 0, 1, 4)]), [Effect::Applied]);
    assert_eq!(tables.apply(&[event(0, 0, 0, 1, 4)]), [Effect::Duplicate]);
    assert_eq!(tables.apply(&[event(0, 0, 0, 1, 3)]), [Effect::Stale]);
    assert_eq!(
        tables.apply(&[event(1, 0, 0, 1, 4)]),
        [Effect::Stale],
        "an adjustment at the count's time is part of it"
    );
    assert_eq!(tables.apply(&[event(1, 0, 0, 1, 5), event(1, 0, 0, 1, 5)]), [Effect::Applied, Effect::Duplicate]);
}

#[test]
fn a_count_makes_the_earlier_adjustments_of_its_batch_stale_in_any_order() {
    let (early, count, late) = (event(1, 0, 0, 1, 3), event(0, 0, 0, 1, 4), event(1, 0, 0, 2, 5));
    let mut tables = Tables::default();
    let effects = tables.apply(&[early.clone(), late, count]);
    assert_eq!(effects, [Effect::Stale, Effect::Applied, Effect::Applied]);
    assert_eq!(tables.ledger.len(), 1, "what is part of the count is never entered");
    assert_eq!(tables.apply(&[early]), [Effect::Stale]);
}

#[test]
fn a_change_and_its_opposite_leave_the_view_unchanged() {
    let mut tables = Tables::default();
    tables.apply(&[event(3, 0, 0, 1, 1), event(1, 0, 0, 1, 1)]);
    let version = tables.products["sku 0"];
    let forth = event(1, 0, 0, 2, 1);
    let Change::Adjusted { delta } = forth.change else { unreachable!() };
    let back = Event { change: Change::Adjusted { delta: -delta }, ..event(1, 0, 0, 3, 2) };
    let mut both = tables.clone();
    assert_eq!(both.apply(&[forth.clone(), back]), [Effect::Applied; 2]);
    assert_eq!((both.products["sku 0"], both.ledger.len()), (version, 3));
    tables.apply(&[forth]);
    assert!(tables.products["sku 0"] > version);
}
