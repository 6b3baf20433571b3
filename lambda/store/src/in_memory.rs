//! The catalog's tables in memory, for the tests of the fold and for the simulation. A batch goes through them as
//! `Store::apply` takes it through PostgreSQL's, with the same fold: loads only what it needs, folds, saves only what
//! changed. A transaction is one call, so each is atomic.

use std::collections::{BTreeMap, HashMap};
use std::io;

use chrono::{DateTime, Utc};
use pipegen_event::Event;

use crate::adjustments::{Adjustments, Count, LedgerEntry};
use crate::apply::{Applied, ProductVersion};
use crate::error::{During as _, Error};
use crate::fold::Effect;
use crate::place::Place;
use crate::product_view::{ProductRow, View};
use crate::working_set::{Described, OfferRow, Touch, WorkingSet};

/// The tables.
#[derive(Clone, Debug, Default)]
pub struct InMemoryTables {
    /// With each version.
    pub(crate) products: BTreeMap<String, i64>,
    pub(crate) updated_at: BTreeMap<String, DateTime<Utc>>,
    /// The number available, and the version that it is of.
    pub(crate) available: BTreeMap<String, (i64, i64)>,
    pub(crate) descriptions: BTreeMap<String, Described>,
    pub(crate) offers: BTreeMap<(String, String), OfferRow>,
    pub(crate) ledger: BTreeMap<(String, String, String), LedgerEntry>,
    pub(crate) floor: Option<DateTime<Utc>>,
    /// The number of superseded rows of the ledger that a batch does not remove.
    pub(crate) left_superseded: usize,
    /// The pending refreshes in the order of their rows' age: SKU and version.
    pub(crate) pending: Vec<(String, i64)>,
}

impl InMemoryTables {
    /// Applies a batch in a transaction with this time.
    pub fn apply(&mut self, events: &[&Event], time: DateTime<Utc>) -> Applied {
        let (working_set, _, effects) = self.fold(events, time);
        Applied::of(&working_set, effects)
    }

    /// Returns the views of these SKUs, as `Store::views` does.
    pub fn views(&self, skus: &[&str]) -> Vec<View> {
        skus.iter().filter_map(|sku| self.view(sku)).collect()
    }

    /// Returns every SKU.
    pub fn skus(&self) -> Vec<String> {
        self.products.keys().cloned().collect()
    }

    /// `Store::add_pending`: the greater version is kept.
    pub fn add_pending(&mut self, products: &[ProductVersion]) {
        for ProductVersion { sku, version, .. } in products {
            match self.pending.iter_mut().find(|(pending, _)| pending == sku) {
                Some((_, pending)) => *pending = *version.max(pending),
                None => self.pending.push((sku.clone(), *version)),
            }
        }
    }

    /// `Store::pending`: each with its current version.
    pub fn pending(&self, limit: usize) -> Vec<ProductVersion> {
        let product = |(sku, pending): &(String, i64)| ProductVersion {
            sku: sku.clone(),
            version: self.products.get(sku).copied().unwrap_or(*pending),
            offers: self.number_of_offers(sku),
            available: self.summed(sku),
        };
        self.pending.iter().take(limit).map(product).collect()
    }

    /// `Store::settle_pending`: rows with a later version stay.
    pub fn settle_pending(&mut self, products: &[ProductVersion]) {
        self.pending.retain(|(sku, pending)| !products.iter().any(|told| told.sku == *sku && *pending <= told.version));
    }

    /// Takes a batch through the tables. Returns the working set, with the new versions, the positions of the products of
    /// which the view has changed, and the effect of each event.
    pub(crate) fn fold<'a>(
        &mut self,
        events: &[&'a Event],
        time: DateTime<Utc>,
    ) -> (WorkingSet<'a>, Vec<usize>, Vec<Effect>) {
        let (mut working_set, touches) = WorkingSet::of(events);
        self.load(&mut working_set, &touches);
        let effects = working_set.fold(&touches);
        let mut adjustments = Adjustments::of(&touches, &effects);
        let sums = self.update_ledger(&working_set, &mut adjustments);
        let effects = adjustments.settle(&mut working_set, &touches, effects, &sums);
        let changed = working_set.set_versions(time);
        self.save(&working_set, &changed, time);
        for product in working_set.products.iter().filter(|product| product.exists()) {
            assert_eq!(product.available(), self.summed(product.sku), "of products that have not changed, too");
        }
        (working_set, changed, effects)
    }

    fn load(&self, working_set: &mut WorkingSet<'_>, touches: &[Touch<'_>]) {
        working_set.ledger_floor = self.floor;
        for product in &mut working_set.products {
            let version = self.products.get(product.sku).copied().unwrap_or_default();
            let known = self.available.get(product.sku).filter(|(_, as_of)| *as_of == version);
            product.load(version, self.number_of_offers(product.sku), known.map(|(available, _)| *available));
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

    fn save(&mut self, working_set: &WorkingSet<'_>, changed: &[usize], time: DateTime<Utc>) {
        for product in changed.iter().map(|position| &working_set.products[*position]) {
            self.products.insert(product.sku.to_owned(), product.version);
            self.updated_at.insert(product.sku.to_owned(), time);
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
            assert_eq!(product.offers, self.number_of_offers(product.sku), "the number of offers is right");
        }
    }

    fn number_of_offers(&self, sku: &str) -> usize {
        self.offers.keys().filter(|(of, _)| of == sku).count()
    }

    /// Sums the offers' levels, each at least 0.
    pub(crate) fn summed(&self, sku: &str) -> i64 {
        self.offers.iter().filter(|((of, _), _)| of == sku).map(|(_, row)| row.on_hand.max(0)).sum()
    }

    fn view(&self, sku: &str) -> Option<View> {
        let version = *self.products.get(sku)?;
        let text = self.descriptions.get(sku).map(|described| &described.description);
        let offers = || self.offers.iter().filter(|((of, _), _)| of == sku);
        let price = || offers().map(|(_, row)| row.price.as_ref());
        Some(View::from(ProductRow {
            sku: sku.to_owned(),
            version,
            updated_at: self.updated_at.get(sku).copied(),
            title: text.map(|text| text.title.clone()),
            description: text.and_then(|text| text.description.clone()),
            category: text.and_then(|text| text.category.clone()),
            attributes: text.map(|text| serde_json::to_string(&text.attributes).expect("strings are JSON")),
            suppliers: offers().map(|((_, supplier), _)| supplier.clone()).collect(),
            on_hand: offers().map(|(_, row)| row.on_hand).collect(),
            amounts: price().map(|price| Some(price?.amount)).collect(),
            currencies: price().map(|price| Some(price?.currency.to_string())).collect(),
        }))
    }
}

/// The error of a statement whose connection broke: whether it was committed is not known.
pub fn unreachable() -> Error {
    let broken: Result<(), _> = Err(sqlx::Error::Io(io::ErrorKind::ConnectionReset.into()));
    broken.during("reach the database").expect_err("it is an error")
}

/// The error of a transaction that was given up because it took too long.
pub fn too_slow() -> Error {
    Error::too_slow()
}

/// The SKU and supplier of an offer in the working set.
fn key(working_set: &WorkingSet<'_>, offer: usize) -> (String, String) {
    (working_set.sku(offer).to_owned(), working_set.offers[offer].supplier.to_owned())
}
