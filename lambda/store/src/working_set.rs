//! A batch's working set, the part of the catalog that it touches: the state loaded from the tables, and the state
//! after the batch's events.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use pipegen_contract::probe::SKU_PREFIX;
use pipegen_event::{Change, Description, Event};
use rust_decimal::Decimal;

use crate::place::Place;

/// The maximum number of offers of a SKU: its view is built and cached as a whole.
pub const MAX_OFFERS: usize = 1000;

/// The time and id of an event, by which the events of one supplier are ordered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stamp {
    pub(crate) time: DateTime<Utc>,
    /// Shared by the row as loaded and the row after the batch.
    pub(crate) id: Arc<str>,
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
    pub(crate) currency: Arc<str>,
    pub(crate) stamp: Stamp,
}

/// The stock and price of one SKU at one supplier: a row of `offer`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OfferRow {
    pub(crate) on_hand: i64,
    /// The latest time of an adjustment that was ever entered into the ledger: a later one is not there yet, unless it
    /// was sent before with an earlier time.
    pub(crate) adjusted_at: Option<DateTime<Utc>>,
    pub(crate) counted: Option<Stamp>,
    pub(crate) price: Option<Price>,
}

/// An offer while a batch is applied.
#[derive(Clone, Debug)]
pub(crate) struct Offer<'a> {
    /// The position of its product in the working set.
    pub(crate) product: usize,
    pub(crate) supplier: &'a str,
    /// The row as loaded; none if the supplier has no offer of the SKU yet.
    pub(crate) stored: Option<OfferRow>,
    /// The place of that row in the table.
    pub(crate) place: Option<Place>,
    /// The row after the batch; none if it makes no offer.
    pub(crate) current: Option<OfferRow>,
}

/// A description and the event that set it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Described {
    pub(crate) description: Description,
    pub(crate) stamp: DescriptionStamp,
}

/// A product while a batch is applied.
#[derive(Clone, Debug)]
pub(crate) struct Product<'a> {
    pub(crate) sku: &'a str,
    /// The place of its row; none until it is locked.
    pub(crate) place: Option<Place>,
    /// The view's version; 0 for a new product.
    pub(crate) version: i64,
    /// The number of its offers, touched or not, those that the batch makes included.
    pub(crate) offers: usize,
    /// The number of its offers as loaded.
    pub(crate) stored_offers: usize,
    /// The sum of the levels of all offers, each at least 0. As loaded; none if that is unknown.
    pub(crate) stored_available: Option<i64>,
    /// The number that the batch adds to it.
    pub(crate) added: i64,
    /// The description as loaded; none also if no event of the batch describes the SKU.
    pub(crate) stored: Option<Described>,
    pub(crate) current: Option<Described>,
}

/// An event, with the positions of what it touches.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Touch<'a> {
    pub(crate) event: &'a Event,
    pub(crate) product: usize,
    /// None if the event is a description.
    pub(crate) offer: Option<usize>,
}

/// The products and offers that a batch touches.
#[derive(Clone, Debug)]
pub(crate) struct WorkingSet<'a> {
    /// Sorted by SKU.
    pub(crate) products: Vec<Product<'a>>,
    /// Sorted by SKU and supplier.
    pub(crate) offers: Vec<Offer<'a>>,
    /// None before the first pruning.
    pub(crate) ledger_floor: Option<DateTime<Utc>>,
}

impl<'a> WorkingSet<'a> {
    /// Returns what these events touch, with nothing loaded yet, and what each of them touches.
    pub(crate) fn of(events: &[&'a Event]) -> (Self, Vec<Touch<'a>>) {
        let skus: BTreeSet<&str> = events.iter().map(|event| event.sku.as_str()).collect();
        let skus: Vec<&str> = skus.into_iter().collect();
        let product_of = |event: &Event| skus.binary_search(&event.sku.as_str()).expect("every SKU is in the list");
        let keys: BTreeSet<(usize, &str)> = events
            .iter()
            .filter(|event| !matches!(event.change, Change::Described(_)))
            .map(|event| (product_of(event), event.supplier.as_str()))
            .collect();
        let keys: Vec<(usize, &str)> = keys.into_iter().collect();
        let touch = |event: &&'a Event| {
            let product = product_of(event);
            // A description finds a key only if the same supplier also sent a level or a price.
            let offer = match event.change {
                Change::Described(_) => None,
                _ => keys.binary_search(&(product, event.supplier.as_str())).ok(),
            };
            Touch { event, product, offer }
        };
        let touches = events.iter().map(touch).collect();
        let products = skus.iter().map(|sku| Product::new(sku)).collect();
        let offers = keys.iter().map(|(product, supplier)| Offer::new(*product, supplier)).collect();
        (Self { products, offers, ledger_floor: None }, touches)
    }

    /// Returns the SKU of each product.
    pub(crate) fn skus(&self) -> Vec<&'a str> {
        self.products.iter().map(|product| product.sku).collect()
    }

    /// Returns the SKU of an offer.
    pub(crate) fn sku(&self, offer: usize) -> &'a str {
        self.products[self.offers[offer].product].sku
    }

    /// Returns each offer with its SKU.
    pub(crate) fn offers_by_sku(&self) -> impl Iterator<Item = (&'a str, &Offer<'a>)> {
        self.offers.iter().map(|offer| (self.products[offer.product].sku, offer))
    }

    /// Sets the version of every product of which the batch changed the view, and what is available of each product.
    /// Returns the positions of the changed ones.
    pub(crate) fn set_versions(&mut self, transaction_time: DateTime<Utc>) -> Vec<usize> {
        let mut changed: Vec<bool> = self.products.iter().map(Product::description_changed_view).collect();
        for offer in &self.offers {
            changed[offer.product] |= offer.view_changed();
        }
        for offer in &self.offers {
            self.products[offer.product].added += offer.added();
        }
        let changed: Vec<usize> = (0..changed.len()).filter(|position| changed[*position]).collect();
        for position in &changed {
            self.products[*position].set_version(transaction_time);
        }
        changed
    }
}

impl<'a> Offer<'a> {
    fn new(product: usize, supplier: &'a str) -> Self {
        Self { product, supplier, stored: None, place: None, current: None }
    }

    /// Sets the row as loaded.
    pub(crate) fn load(&mut self, row: OfferRow, place: Place) {
        self.stored = Some(row.clone());
        self.place = Some(place);
        self.current = Some(row);
    }

    /// Tells whether the batch makes the offer.
    pub(crate) fn is_new(&self) -> bool {
        self.stored.is_none() && self.current.is_some()
    }

    /// Returns the row, if it must be written. Even if not, the ledger may have changed: adjustments can cancel each
    /// other out.
    pub(crate) fn changed_row(&self) -> Option<&OfferRow> {
        self.current.as_ref().filter(|_| self.stored != self.current)
    }

    /// Returns the time of the latest count.
    pub(crate) fn counted_at(&self) -> Option<DateTime<Utc>> {
        Some(self.current.as_ref()?.counted.as_ref()?.time)
    }

    /// Returns the time of the count that this batch has set, if any: it supersedes the ledger up to that time.
    pub(crate) fn newly_counted(&self) -> Option<DateTime<Utc>> {
        let counted = self.current.as_ref()?.counted.as_ref()?;
        let before = self.stored.as_ref().and_then(|row| row.counted.as_ref());
        (before != Some(counted)).then_some(counted.time)
    }

    /// Tells whether the batch changed the offer's part of the view.
    fn view_changed(&self) -> bool {
        let shown = |row: &OfferRow| {
            let price = row.price.as_ref().map(|price| (price.amount, price.currency.clone()));
            (row.on_hand, price)
        };
        self.stored.as_ref().map(shown) != self.current.as_ref().map(shown)
    }

    /// Returns what the batch adds to what is available of the product.
    fn added(&self) -> i64 {
        let available = |row: &Option<OfferRow>| row.as_ref().map_or(0, |row| row.on_hand.max(0));
        available(&self.current) - available(&self.stored)
    }
}

impl<'a> Product<'a> {
    fn new(sku: &'a str) -> Self {
        Self {
            sku,
            place: None,
            version: 0,
            offers: 0,
            stored_offers: 0,
            stored_available: None,
            added: 0,
            stored: None,
            current: None,
        }
    }

    /// Sets the version, the number of offers and, if it is known, what is available, as loaded.
    pub(crate) fn load(&mut self, version: i64, offers: usize, available: Option<i64>) {
        self.version = version;
        self.offers = offers;
        self.stored_offers = offers;
        self.stored_available = if offers == 0 { Some(0) } else { available };
    }

    /// Returns what is available after the batch. Ask after [`WorkingSet::set_versions`].
    pub(crate) fn available(&self) -> i64 {
        self.stored_available.unwrap_or_default() + self.added
    }

    /// Tells whether it belongs to a probe: nobody but the operator is told of those.
    pub(crate) fn is_probe(&self) -> bool {
        self.sku.starts_with(SKU_PREFIX)
    }

    /// Sets the description as loaded.
    pub(crate) fn load_description(&mut self, described: Described) {
        self.stored = Some(described.clone());
        self.current = Some(described);
    }

    /// Tells whether any event about this SKU has ever been accepted. Ask after [`WorkingSet::set_versions`].
    pub(crate) fn exists(&self) -> bool {
        self.version > 0
    }

    /// Returns the description, if it must be written.
    pub(crate) fn changed_description(&self) -> Option<&Described> {
        self.current.as_ref().filter(|_| self.stored != self.current)
    }

    /// Tells whether the batch changed the description's part of the view.
    fn description_changed_view(&self) -> bool {
        let text = |described: &'_ Option<Described>| described.as_ref().map(|described| described.description.clone());
        text(&self.stored) != text(&self.current)
    }

    /// Sets the version of a changed view. It only ever grows, even if the database was restored while the cache kept
    /// its entries.
    fn set_version(&mut self, transaction_time: DateTime<Utc>) {
        self.version = transaction_time.timestamp_micros().max(self.version + 1);
    }
}
