//! The tables in memory: batches for them, and what readers see of them.

use chrono::{DateTime, Utc};
use pipegen_event::Event;

use super::at;
use super::expected::VisibleState;
use crate::fold::Effect;
use crate::in_memory::InMemoryTables;
use crate::working_set::OfferRow;

impl InMemoryTables {
    /// Empty tables, and the number of superseded rows of the ledger that a batch does not remove.
    pub(super) fn leaving(left_superseded: usize) -> Self {
        Self { left_superseded, ..Self::default() }
    }

    /// Applies a batch, and returns the effect of each event.
    pub(super) fn deliver(&mut self, batch: &[Event]) -> Vec<Effect> {
        let events: Vec<&Event> = batch.iter().collect();
        let before = self.products.clone();
        let (working_set, changed, effects) = self.fold(&events, at(0));
        for (position, product) in working_set.products.iter().enumerate() {
            let before = before.get(product.sku).copied().unwrap_or_default();
            assert_eq!(product.version > before, changed.contains(&position));
        }
        effects
    }

    /// Applies a batch as code does that does not know what is available.
    pub(super) fn deliver_as_before(&mut self, batch: &[Event]) {
        let before = self.available.clone();
        self.deliver(batch);
        self.available = before;
    }

    /// Returns what is available, as the product's row has it; none if that is as of another version.
    fn known_available(&self, sku: &str) -> Option<i64> {
        self.available.get(sku).filter(|(_, as_of)| *as_of == self.products[sku]).map(|(available, _)| *available)
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
