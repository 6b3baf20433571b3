//! What events do to the catalog. Pure: the same events in any order, any number of times and in any batches leave the same
//! catalog.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use pipegen_event::{Change, Description, Event};
use rust_decimal::Decimal;

use crate::catalog::{Catalog, Described, DescriptionStamp, LedgerEntry, MOST_OFFERS, Offer, Price, Product, Stamp};

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It is part of the catalog now.
    Applied,
    /// Something later had superseded it.
    Stale,
    /// It had been applied before.
    Duplicate,
    /// Its time lies in what was pruned from the ledger: nobody can tell whether it was applied before.
    BelowLedgerFloor,
    /// It would be the SKU's first event from this supplier, and the SKU has offers from as many as it may have.
    TooManyOffers,
}

/// The parts of the ledger that a batch has to do with.
#[derive(Debug, Default)]
pub(crate) struct LedgerNeeds<'a> {
    /// (SKU, supplier, id) of adjustments, which may be duplicates.
    pub(crate) identities: Vec<(&'a str, &'a str, &'a str)>,
    /// For (SKU, supplier) with counts that may win: the latest such count's time. That one decides the level, so only for it
    /// the sum of what is later is needed.
    pub(crate) counts: BTreeMap<(&'a str, &'a str), DateTime<Utc>>,
}

impl Catalog {
    /// What must be loaded of the ledger before `events` can be applied to this catalog.
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
                _ => {}
            }
        }
        needs
    }

    fn counted(&self, sku: &str, supplier: &str) -> Option<&Stamp> {
        self.products.get(sku)?.offers.get(supplier)?.now.counted.as_ref()
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

/// What an event does to its supplier's offer, which is made if the SKU may have one more.
fn in_offer(product: &mut Product, event: &Event, change: impl FnOnce(&mut Offer, Stamp) -> Effect) -> Effect {
    let supplier = event.supplier.as_str();
    if product.offers.len() >= MOST_OFFERS && !product.offers.contains_key(supplier) {
        return Effect::TooManyOffers;
    }
    let offer = product.offers.entry(supplier.to_owned()).or_default();
    change(offer, Stamp { time: event.time, id: event.id.as_str().to_owned() })
}

/// Whether an event takes the place of the last one of its kind.
fn later<T: Ord>(new: &T, last: Option<&T>) -> Effect {
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
    let effect = later(&stamp, product.now.as_ref().map(|described| &described.stamp));
    if effect == Effect::Applied {
        product.now = Some(Described { description: description.clone(), stamp });
    }
    effect
}

fn price(offer: &mut Offer, stamp: Stamp, amount: Decimal, currency: &str) -> Effect {
    let effect = later(&stamp, offer.now.price.as_ref().map(|price| &price.stamp));
    if effect == Effect::Applied {
        offer.now.price = Some(Price { amount, currency: currency.to_owned(), stamp });
    }
    effect
}

/// Until the batch's latest count, whose sum was loaded, has set the level, an earlier one leaves a number that is none: nothing
/// but the level depends on it.
fn count(offer: &mut Offer, stamp: Stamp, quantity: i64) -> Effect {
    let effect = later(&stamp, offer.now.counted.as_ref());
    if effect == Effect::Applied {
        offer.ledger.retain(|_, entry| entry.time > stamp.time);
        offer.now.on_hand = quantity + offer.other_deltas + offer.deltas_after(stamp.time);
        offer.now.counted = Some(stamp);
    }
    effect
}

fn adjust(offer: &mut Offer, stamp: Stamp, delta: i64) -> Effect {
    if offer.now.counted.as_ref().is_some_and(|count| stamp.time <= count.time) {
        return Effect::Stale;
    }
    // Deliveries with one identity are one event; should their content differ, the later one is the event.
    let replaced = match offer.ledger.get(&stamp.id) {
        Some(entry) if stamp.time <= entry.time => return Effect::Duplicate,
        Some(entry) => entry.delta,
        None => 0,
    };
    offer.now.on_hand += delta - replaced;
    offer.entered.insert(stamp.id.clone());
    offer.ledger.insert(stamp.id, LedgerEntry { time: stamp.time, delta });
    Effect::Applied
}

#[cfg(test)]
mod tests;
