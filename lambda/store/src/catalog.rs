//! What a batch touches: as it was loaded, and as the fold leaves it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use pipegen_event::Description;
use rust_decimal::Decimal;

/// The most offers that a SKU has: its view is loaded and told to the cache as a whole.
pub const MOST_OFFERS: usize = 1000;

/// When and under which id an event happened. Within one supplier this is the whole order of its events.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stamp {
    pub(crate) time: DateTime<Utc>,
    pub(crate) id: String,
}

/// When, from whom and under which id a description came: the order of descriptions, which all suppliers share.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DescriptionStamp {
    pub(crate) time: DateTime<Utc>,
    pub(crate) supplier: String,
    pub(crate) id: String,
}

/// A price and the event that set it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Price {
    pub(crate) amount: Decimal,
    pub(crate) currency: String,
    pub(crate) stamp: Stamp,
}

/// What one supplier last said about one SKU: a row of `offer`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OfferRow {
    pub(crate) on_hand: i64,
    pub(crate) counted: Option<Stamp>,
    pub(crate) price: Option<Price>,
}

/// An adjustment that a late count may still have to add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LedgerEntry {
    pub(crate) time: DateTime<Utc>,
    pub(crate) delta: i64,
}

/// An offer during a batch.
#[derive(Clone, Debug, Default)]
pub(crate) struct Offer {
    /// The row as loaded; none if the supplier is new to the SKU.
    pub(crate) stored: Option<OfferRow>,
    pub(crate) now: OfferRow,
    /// The ledger's entries that the batch's adjustments may repeat, and those that the batch brings, by event id.
    pub(crate) ledger: BTreeMap<String, LedgerEntry>,
    /// What the ledger's other entries that are later than the batch's latest count add up to. There may be millions of them.
    pub(crate) other_deltas: i64,
    /// Entries of `ledger` that the batch has put there.
    pub(crate) entered: BTreeSet<String>,
}

/// A description and the event that brought it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Described {
    pub(crate) description: Description,
    pub(crate) stamp: DescriptionStamp,
}

/// A product during a batch.
#[derive(Clone, Debug, Default)]
pub(crate) struct Product {
    /// The description as loaded.
    pub(crate) stored: Option<Described>,
    pub(crate) now: Option<Described>,
    /// Of the view; 0 for a product that is new.
    pub(crate) version: i64,
    pub(crate) updated_at: Option<DateTime<Utc>>,
    /// By supplier.
    pub(crate) offers: BTreeMap<String, Offer>,
}

impl Offer {
    /// An offer as loaded.
    pub(crate) fn loaded(row: OfferRow) -> Self {
        Self { stored: Some(row.clone()), now: row, ..Self::default() }
    }

    /// Takes in an entry of the ledger that the batch may repeat. One that a count has superseded, and that is still to be
    /// removed, has no effect any more.
    pub(crate) fn add_loaded(&mut self, id: String, entry: LedgerEntry) {
        if self.now.counted.as_ref().is_none_or(|count| entry.time > count.time) {
            self.ledger.insert(id, entry);
        }
    }

    /// Takes in what all of the ledger's entries later than `time` add up to, after those that the batch may repeat.
    pub(crate) fn add_sum(&mut self, time: DateTime<Utc>, sum: i64) {
        self.other_deltas = sum - self.deltas_after(time);
    }

    /// What the entries that are known one by one and later than `time` add up to.
    pub(crate) fn deltas_after(&self, time: DateTime<Utc>) -> i64 {
        self.ledger.values().filter(|entry| entry.time > time).map(|entry| entry.delta).sum()
    }

    /// Whether the row must be written. The ledger may have to be all the same: adjustments can cancel each other out.
    pub(crate) fn row_changed(&self) -> bool {
        self.stored.as_ref() != Some(&self.now)
    }

    /// The time of a count that this batch has brought, up to which the ledger is superseded.
    pub(crate) fn newly_counted(&self) -> Option<DateTime<Utc>> {
        let counted = self.now.counted.as_ref()?;
        let before = self.stored.as_ref().and_then(|row| row.counted.as_ref());
        (before != Some(counted)).then_some(counted.time)
    }

    /// The entries that the batch has put into the ledger, by event id, less those that a count of the same batch superseded.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&str, LedgerEntry)> {
        self.entered.iter().filter_map(|id| Some((id.as_str(), *self.ledger.get(id)?)))
    }

    /// Whether the batch changed what a view shows of the offer.
    fn view_changed(&self) -> bool {
        let Some(stored) = &self.stored else { return true };
        let shown = |row: &OfferRow| row.price.as_ref().map(|price| (price.amount, price.currency.clone()));
        stored.on_hand != self.now.on_hand || shown(stored) != shown(&self.now)
    }
}

impl Product {
    /// Whether any accepted event has ever been about this SKU.
    pub(crate) fn exists(&self) -> bool {
        self.now.is_some() || !self.offers.is_empty()
    }

    /// Whether the description's columns must be written.
    pub(crate) fn redescribed(&self) -> bool {
        self.stored != self.now
    }

    /// Whether the batch changed the view, its version and time left out.
    pub(crate) fn view_changed(&self) -> bool {
        let text = |described: &Option<Described>| described.as_ref().map(|described| &described.description).cloned();
        (self.redescribed() && text(&self.stored) != text(&self.now)) || self.offers.values().any(Offer::view_changed)
    }

    /// Gives a changed view its new version: it only ever grows, even when the database was restored under a living cache.
    pub(crate) fn advance(&mut self, transaction_time: DateTime<Utc>) {
        self.version = transaction_time.timestamp_micros().max(self.version + 1);
        self.updated_at = Some(transaction_time);
    }
}

/// The products that a batch touches, each whole, by SKU, and how far the ledger was pruned.
#[derive(Clone, Debug, Default)]
pub(crate) struct Catalog {
    pub(crate) products: BTreeMap<String, Product>,
    /// The greatest time that was pruned from the ledger.
    pub(crate) ledger_floor: Option<DateTime<Utc>>,
}
