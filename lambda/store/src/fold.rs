//! The effect of events on the catalog, as in docs/ARCHITECTURE.md, "Meaning". No I/O: the same events in any order,
//! any number of times and in any batches result in the same catalog.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use pipegen_event::{Change, Description, Event};
use rust_decimal::Decimal;

use crate::working_set::{
    Described, DescriptionStamp, LedgerEntry, MAX_OFFERS, Offer, Price, Product, Stamp, WorkingSet,
};

/// The effect of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It changed the catalog.
    Applied,
    /// A later event had already superseded it.
    Stale,
    /// It had already been applied.
    Duplicate,
    /// Its time is not later than the ledger's floor, so that it is unknown whether it was applied before.
    BelowLedgerFloor,
    /// It would be the SKU's first event from this supplier, and the SKU already has the maximum number of offers.
    TooManyOffers,
}

/// The parts of the ledger that a batch needs.
#[derive(Debug, Default)]
pub(crate) struct LedgerNeeds<'a> {
    /// (SKU, supplier, id) of the adjustments, each of which may be a duplicate.
    pub(crate) identities: Vec<(&'a str, &'a str, &'a str)>,
    /// By (SKU, supplier): the time of the latest count that may become the current one. Only that one determines the
    /// level, so only for it the sum of the later adjustments is needed.
    pub(crate) counts: BTreeMap<(&'a str, &'a str), DateTime<Utc>>,
}

impl WorkingSet {
    /// Returns the parts of the ledger that must be loaded before `events` can be applied to this working set.
    pub(crate) fn ledger_needs<'a>(&self, events: impl IntoIterator<Item = &'a Event>) -> LedgerNeeds<'a> {
        let mut needs = LedgerNeeds::default();
        for event in events {
            let (sku, supplier) = (event.sku.as_str(), event.supplier.as_str());
            let counted = self.counted(sku, supplier);
            match event.change {
                Change::Adjusted { .. } if counted.is_none_or(|count| event.time > count.time) => {
                    needs.identities.push((sku, supplier, event.id.as_str()));
                }
                Change::Counted { .. } if counted.is_none_or(|count| event.time >= count.time) => {
                    let latest = needs.counts.entry((sku, supplier)).or_insert(event.time);
                    *latest = event.time.max(*latest);
                }
                Change::Adjusted { .. }
                | Change::Counted { .. }
                | Change::PriceChanged { .. }
                | Change::Described(_) => {}
            }
        }
        needs
    }

    fn counted(&self, sku: &str, supplier: &str) -> Option<&Stamp> {
        self.products.get(sku)?.offers.get(supplier)?.current.counted.as_ref()
    }

    /// Applies one event.
    pub(crate) fn fold(&mut self, event: &Event) -> Effect {
        if self.ledger_floor.is_some_and(|floor| event.time <= floor) {
            return Effect::BelowLedgerFloor;
        }
        let product = self.products.entry(event.sku.as_str().to_owned()).or_default();
        match &event.change {
            Change::Described(description) => describe(product, event, description),
            Change::PriceChanged { amount, currency } => {
                in_offer(product, event, |offer, stamp| price(offer, stamp, *amount, currency.as_str()))
            }
            Change::Counted { quantity } => in_offer(product, event, |offer, stamp| count(offer, stamp, *quantity)),
            Change::Adjusted { delta } => in_offer(product, event, |offer, stamp| adjust(offer, stamp, *delta)),
        }
    }
}

/// Applies an event to its supplier's offer, which is created if the SKU may have one more.
fn in_offer(product: &mut Product, event: &Event, change: impl FnOnce(&mut Offer, Stamp) -> Effect) -> Effect {
    let supplier = event.supplier.as_str();
    if product.offers.len() >= MAX_OFFERS && !product.offers.contains_key(supplier) {
        return Effect::TooManyOffers;
    }
    let offer = product.offers.entry(supplier.to_owned()).or_default();
    change(offer, Stamp { time: event.time, id: event.id.as_str().to_owned() })
}

/// Compares an event with the last one of its kind, which it replaces if it is later.
fn compare<T: Ord>(new: &T, last: Option<&T>) -> Effect {
    match last {
        Some(last) if new < last => Effect::Stale,
        Some(last) if new == last => Effect::Duplicate,
        _ => Effect::Applied,
    }
}

fn describe(product: &mut Product, event: &Event, description: &Description) -> Effect {
    let stamp = DescriptionStamp {
        time: event.time,
        supplier: event.supplier.as_str().to_owned(),
        id: event.id.as_str().to_owned(),
    };
    let effect = compare(&stamp, product.current.as_ref().map(|described| &described.stamp));
    if effect == Effect::Applied {
        product.current = Some(Described { description: description.clone(), stamp });
    }
    effect
}

fn price(offer: &mut Offer, stamp: Stamp, amount: Decimal, currency: &str) -> Effect {
    let effect = compare(&stamp, offer.current.price.as_ref().map(|price| &price.stamp));
    if effect == Effect::Applied {
        offer.current.price = Some(Price { amount, currency: currency.to_owned(), stamp });
    }
    effect
}

/// Applies a count. The loaded sum (`sum_of_others`) is of the adjustments that are later than the batch's latest
/// count, so an earlier count of the same batch may set a level that is wrong until the latest one replaces it.
/// Example:
///
/// - the ledger has +1 at 5:30;
/// - a batch counts 10 at 5:00 and 20 at 6:00, so the loaded sum is 0, that of the adjustments after 6:00;
/// - the count of 5:00 sets the level to 10, although 11 would be right;
/// - the count of 6:00 sets it to 20. Nothing has read it in between.
fn count(offer: &mut Offer, stamp: Stamp, quantity: i64) -> Effect {
    let effect = compare(&stamp, offer.current.counted.as_ref());
    if effect == Effect::Applied {
        offer.ledger.retain(|_, entry| entry.time > stamp.time);
        offer.current.on_hand = quantity + offer.sum_of_others + offer.deltas_after(stamp.time);
        offer.current.counted = Some(stamp);
    }
    effect
}

fn adjust(offer: &mut Offer, stamp: Stamp, delta: i64) -> Effect {
    if offer.current.counted.as_ref().is_some_and(|count| stamp.time <= count.time) {
        return Effect::Stale;
    }
    // Deliveries with one identity are one event. If their contents differ, the later one is the event.
    let replaced = match offer.ledger.get(&stamp.id) {
        Some(entry) if stamp.time <= entry.time => return Effect::Duplicate,
        Some(entry) => entry.delta,
        None => 0,
    };
    offer.current.on_hand += delta - replaced;
    offer.added.insert(stamp.id.clone());
    offer.ledger.insert(stamp.id, LedgerEntry { time: stamp.time, delta });
    Effect::Applied
}

#[cfg(test)]
mod tests;
