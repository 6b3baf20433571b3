//! A batch's working set, the part of the catalog that it touches: the state loaded from the tables, and the state
//! after the batch's events.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use pipegen_event::Description;
use rust_decimal::Decimal;

/// The maximum number of offers of a SKU: its view is loaded and cached as a whole.
pub const MAX_OFFERS: usize = 1000;

/// The time and id of an event, by which the events of one supplier are ordered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stamp {
    pub(crate) time: DateTime<Utc>,
    pub(crate) id: String,
}

/// The time, supplier and id of a description, by which the descriptions of all suppliers are ordered.
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

/// The stock and price of one SKU at one supplier: a row of `offer`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OfferRow {
    pub(crate) on_hand: i64,
    pub(crate) counted: Option<Stamp>,
    pub(crate) price: Option<Price>,
}

/// An adjustment that a late count may still have to add.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LedgerEntry {
    pub(crate) time: DateTime<Utc>,
    pub(crate) delta: i64,
}

/// An offer while a batch is applied.
#[derive(Clone, Debug, Default)]
pub(crate) struct Offer {
    /// The row as loaded; none if the supplier has no offer of the SKU yet.
    pub(crate) stored: Option<OfferRow>,
    pub(crate) current: OfferRow,
    /// By event id: the ledger's entries that the batch's adjustments may repeat, and those that the batch adds.
    pub(crate) ledger: BTreeMap<String, LedgerEntry>,
    /// The sum of the ledger's other entries that are later than the batch's latest count. There may be millions of
    /// them.
    pub(crate) sum_of_others: i64,
    /// The ids of the entries in `ledger` that the batch has added.
    pub(crate) added: BTreeSet<String>,
}

/// A description and the event that set it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Described {
    pub(crate) description: Description,
    pub(crate) stamp: DescriptionStamp,
}

/// A product while a batch is applied.
#[derive(Clone, Debug, Default)]
pub(crate) struct Product {
    /// The description as loaded.
    pub(crate) stored: Option<Described>,
    pub(crate) current: Option<Described>,
    /// The view's version; 0 for a new product.
    pub(crate) version: i64,
    pub(crate) updated_at: Option<DateTime<Utc>>,
    /// By supplier.
    pub(crate) offers: BTreeMap<String, Offer>,
}

impl Offer {
    /// An offer whose row was loaded.
    pub(crate) fn loaded(row: OfferRow) -> Self {
        Self { stored: Some(row.clone()), current: row, ..Self::default() }
    }

    /// Adds a loaded entry of the ledger that the batch may repeat. An entry that a count has superseded, but that is
    /// not yet removed, is ignored.
    pub(crate) fn add_loaded(&mut self, id: String, entry: LedgerEntry) {
        if self.current.counted.as_ref().is_none_or(|count| entry.time > count.time) {
            self.ledger.insert(id, entry);
        }
    }

    /// Sets the sum of the other entries, from the sum of all entries later than `time`. The entries that the batch may
    /// repeat must have been added before.
    pub(crate) fn set_sum(&mut self, time: DateTime<Utc>, sum: i64) {
        self.sum_of_others = sum - self.deltas_after(time);
    }

    /// Returns the sum of the entries in `ledger` that are later than `time`.
    pub(crate) fn deltas_after(&self, time: DateTime<Utc>) -> i64 {
        self.ledger.values().filter(|entry| entry.time > time).map(|entry| entry.delta).sum()
    }

    /// Tells whether the row must be written. Even if not, the ledger may have changed: adjustments can cancel each
    /// other out.
    pub(crate) fn row_changed(&self) -> bool {
        self.stored.as_ref() != Some(&self.current)
    }

    /// Returns the time of the count that this batch has set, if any: it supersedes the ledger up to that time.
    pub(crate) fn newly_counted(&self) -> Option<DateTime<Utc>> {
        let counted = self.current.counted.as_ref()?;
        let before = self.stored.as_ref().and_then(|row| row.counted.as_ref());
        (before != Some(counted)).then_some(counted.time)
    }

    /// Returns the entries that the batch has added, except those that a count of the same batch superseded.
    pub(crate) fn added_entries(&self) -> impl Iterator<Item = (&str, LedgerEntry)> {
        self.added.iter().filter_map(|id| Some((id.as_str(), *self.ledger.get(id)?)))
    }

    /// Tells whether the batch changed the offer's part of the view.
    fn view_changed(&self) -> bool {
        let Some(stored) = &self.stored else { return true };
        let price = |row: &OfferRow| row.price.as_ref().map(|price| (price.amount, price.currency.clone()));
        stored.on_hand != self.current.on_hand || price(stored) != price(&self.current)
    }
}

impl Product {
    /// Tells whether any event about this SKU has ever been accepted.
    pub(crate) fn exists(&self) -> bool {
        self.current.is_some() || !self.offers.is_empty()
    }

    /// Tells whether the description's columns must be written.
    pub(crate) fn description_changed(&self) -> bool {
        self.stored != self.current
    }

    /// Tells whether the batch changed the view, apart from its version and time.
    pub(crate) fn view_changed(&self) -> bool {
        let text = |described: &Option<Described>| described.as_ref().map(|described| &described.description).cloned();
        (self.description_changed() && text(&self.stored) != text(&self.current))
            || self.offers.values().any(Offer::view_changed)
    }

    /// Sets the version and time of a changed view. The version only ever grows, even if the database was restored
    /// while the cache kept its entries.
    pub(crate) fn set_version(&mut self, transaction_time: DateTime<Utc>) {
        self.version = transaction_time.timestamp_micros().max(self.version + 1);
        self.updated_at = Some(transaction_time);
    }
}

/// The products that a batch touches, each with all of its offers, by SKU.
#[derive(Clone, Debug, Default)]
pub(crate) struct WorkingSet {
    pub(crate) products: BTreeMap<String, Product>,
    /// None before the first pruning.
    pub(crate) ledger_floor: Option<DateTime<Utc>>,
}
