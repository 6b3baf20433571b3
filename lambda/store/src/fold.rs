//! The effect of events on the catalog, as in docs/ARCHITECTURE.md, "Meaning". No I/O: the same events in any order,
//! any number of times and in any batches result in the same catalog.
//!
//! A batch is folded in two steps. [`WorkingSet::fold`] needs no ledger: it applies counts, prices and descriptions.
//! The adjustments that the last count does not include are then entered into the ledger, which tells the repeated
//! ones ([`crate::adjustments`]), and added up last.

use pipegen_event::{Change, Description, Event};
use rust_decimal::Decimal;

use crate::working_set::{
    Described, DescriptionStamp, MAX_OFFERS, Offer, OfferRow, Price, Product, Stamp, Touch, WorkingSet,
};

/// The effect of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It changed the catalog.
    Applied,
    /// A later event superseded it, an earlier one or one of the same batch.
    Stale,
    /// It had already been applied.
    Duplicate,
    /// Its time is not later than the ledger's floor, so that it is unknown whether it was applied before.
    BelowLedgerFloor,
    /// It would be the SKU's first event from this supplier, and the SKU already has the maximum number of offers.
    TooManyOffers,
}

impl WorkingSet<'_> {
    /// Applies the events in their order, except adjustments. Returns the effect of each; none of an adjustment that is
    /// later than the last count, so that the ledger decides.
    pub(crate) fn fold(&mut self, touches: &[Touch<'_>]) -> Vec<Option<Effect>> {
        let mut effects: Vec<Option<Effect>> = touches.iter().map(|touch| self.fold_one(touch)).collect();
        for (touch, effect) in touches.iter().zip(&mut effects) {
            let counted_at = touch.offer.and_then(|offer| self.offers[offer].counted_at());
            if effect.is_none() && counted_at.is_some_and(|counted_at| touch.event.time <= counted_at) {
                *effect = Some(Effect::Stale);
            }
        }
        effects
    }

    fn fold_one(&mut self, touch: &Touch<'_>) -> Option<Effect> {
        let event = touch.event;
        if self.ledger_floor.is_some_and(|floor| event.time <= floor) {
            return Some(Effect::BelowLedgerFloor);
        }
        let Some(offer) = touch.offer else {
            let Change::Described(description) = &event.change else { unreachable!("every other event has an offer") };
            return Some(describe(&mut self.products[touch.product], event, description));
        };
        let Some(row) = self.offer(touch.product, offer) else { return Some(Effect::TooManyOffers) };
        let stamp = || Stamp { time: event.time, id: event.id.as_str().into() };
        match &event.change {
            Change::PriceChanged { amount, currency } => Some(price(row, stamp(), *amount, currency.as_str())),
            Change::Counted { quantity } => Some(count(row, stamp(), *quantity)),
            Change::Adjusted { .. } | Change::Described(_) => None,
        }
    }

    /// Returns the offer's row. It is made if the SKU may have one more offer.
    fn offer(&mut self, product: usize, offer: usize) -> Option<&mut OfferRow> {
        let (Product { offers, .. }, Offer { current, .. }) = (&mut self.products[product], &mut self.offers[offer]);
        if current.is_none() {
            if *offers >= MAX_OFFERS {
                return None;
            }
            *offers += 1;
        }
        Some(current.get_or_insert_default())
    }
}

/// Compares an event with the last one of its kind, which it replaces if it is later.
fn compare<T: Ord>(new: &T, last: Option<&T>) -> Effect {
    match last {
        Some(last) if new < last => Effect::Stale,
        Some(last) if new == last => Effect::Duplicate,
        _ => Effect::Applied,
    }
}

fn describe(product: &mut Product<'_>, event: &Event, description: &Description) -> Effect {
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

fn price(offer: &mut OfferRow, stamp: Stamp, amount: Decimal, currency: &str) -> Effect {
    let effect = compare(&stamp, offer.price.as_ref().map(|price| &price.stamp));
    if effect == Effect::Applied {
        offer.price = Some(Price { amount, currency: currency.into(), stamp });
    }
    effect
}

/// Applies a count. The adjustments that are later than it are added when the ledger is known.
fn count(offer: &mut OfferRow, stamp: Stamp, quantity: i64) -> Effect {
    let effect = compare(&stamp, offer.counted.as_ref());
    if effect == Effect::Applied {
        offer.on_hand = quantity;
        offer.counted = Some(stamp);
    }
    effect
}

#[cfg(test)]
mod tests;
