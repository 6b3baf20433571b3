//! The tables in memory, and a batch's way through them.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use pipegen_event::Event;

use super::at;
use super::expected::VisibleState;
use crate::adjustments::{Adjustments, Count, LedgerEntry};
use crate::fold::Effect;
use crate::place::Place;
use crate::working_set::{Described, OfferRow, Touch, WorkingSet};

/// An in-memory replacement of the database's tables.
#[derive(Clone, Debug, Default)]
pub(super) struct Tables {
    /// With each version.
    pub(super) products: BTreeMap<String, i64>,
    /// The number available, and the version that it is of.
    pub(super) available: BTreeMap<String, (i64, i64)>,
    descriptions: BTreeMap<String, Described>,
    offers: BTreeMap<(String, String), OfferRow>,
    pub(super) ledger: BTreeMap<(String, String, String), LedgerEntry>,
    floor: Option<DateTime<Utc>>,
    /// The number of superseded rows of the ledger that a batch does not remove.
    left_superseded: usize,
}

impl Tables {
    /// Empty tables, and the number of superseded rows of the ledger that a batch does not remove.
    pub(super) fn leaving(left_superseded: usize) -> Self {
        Self { left_superseded, ..Self::default() }
    }

    /// Applies a batch as `Store::apply` does: loads only what it needs, folds, saves only what changed.
    pub(super) fn apply(&mut self, batch: &[Event]) -> Vec<Effect> {
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
        for product in working_set.products.iter().filter(|product| product.exists()) {
            assert_eq!(product.available(), self.summed(product.sku), "of products that have not changed, too");
        }
        for (position, product) in working_set.products.iter().enumerate() {
            assert_eq!(product.version > before[position].version, changed.contains(&position));
        }
        effects
    }

    fn load(&self, working_set: &mut WorkingSet<'_>, touches: &[Touch<'_>]) {
        working_set.ledger_floor = self.floor;
        for product in &mut working_set.products {
            let version = self.products.get(product.sku).copied().unwrap_or_default();
            let offers = self.offers.keys().filter(|(sku, _)| sku == product.sku).count();
            let known = self.available.get(product.sku).filter(|(_, as_of)| *as_of == version);
            product.load(version, offers, known.map(|(available, _)| *available));
            if product.stored_available.is_none() {
                product.stored_available = Some(self.summed(product.sku));
            }
        }
        for touch in touches.iter().filter(|touch| touch.offer.is_none()) {
            let product = &mut working_set.products[touch.product];
            if let Some(described) = self.descriptions.get(product.sku) {
                product.load_description(described.clone());
            }
        }
        for position in 0..working_set.offers.len() {
            if let Some(row) = self.offers.get(&key(working_set, position)) {
                working_set.offers[position].load(row.clone(), Place::default());
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
            self.available.insert(product.sku.to_owned(), (product.available(), product.version));
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

    /// Applies a batch as code does that does not know what is available.
    pub(super) fn apply_as_before(&mut self, batch: &[Event]) {
        let before = self.available.clone();
        self.apply(batch);
        self.available = before;
    }

    /// Returns what is available, as the product's row has it; none if that is as of another version.
    fn known_available(&self, sku: &str) -> Option<i64> {
        self.available.get(sku).filter(|(_, as_of)| *as_of == self.products[sku]).map(|(available, _)| *available)
    }

    /// Sums the offers' levels, each at least 0.
    fn summed(&self, sku: &str) -> i64 {
        self.offers.iter().filter(|((of, _), _)| of == sku).map(|(_, row)| row.on_hand.max(0)).sum()
    }

    /// Prunes the ledger up to `floor`, as `maintain` does.
    pub(super) fn prune(&mut self, floor: DateTime<Utc>) {
        self.ledger.retain(|_, entry| entry.time > floor);
        self.floor = self.floor.max(Some(floor));
    }

    pub(super) fn visible(&self) -> VisibleState {
        let price = |row: &OfferRow| row.price.as_ref().map(|price| price.amount.to_string());
        let title = |sku: &String| self.descriptions.get(sku).map(|described| described.description.title.clone());
        VisibleState {
            descriptions: self.products.keys().map(|sku| (sku.clone(), title(sku))).collect(),
            offers: self.offers.iter().map(|(key, row)| (key.clone(), (row.on_hand, price(row)))).collect(),
            available: self.products.keys().map(|sku| (sku.clone(), self.known_available(sku))).collect(),
        }
    }
}

/// The SKU and supplier of an offer in the working set.
fn key(working_set: &WorkingSet<'_>, offer: usize) -> (String, String) {
    (working_set.sku(offer).to_owned(), working_set.offers[offer].supplier.to_owned())
}
