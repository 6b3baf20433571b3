//! The state that the stream leads to, counted naively from its accepted events.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use pipegen::records::Record;
use pipegen_event::{Change, decode};

/// The numbers of rows that must be there after the whole stream.
#[derive(Debug)]
pub(super) struct Expected {
    pub(super) products: usize,
    /// Rows of the alternative in Python, which reads no aggregates.
    pub(super) simple: Rows,
    /// Events that are refused, some of which the alternative in Python takes.
    pub(super) rejected: usize,
}

#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) products: usize,
    pub(super) stock: usize,
    pub(super) prices: usize,
}

impl Expected {
    pub(super) fn count(records: &[Record], horizon: TimeDelta) -> Self {
        let (mut skus, mut rejected) = (BTreeSet::new(), 0);
        let (mut described, mut stock, mut prices) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for record in records {
            let is_simple = matches!(record.data.first(), Some(b'{' | b'['));
            for decoded in decode(&record.data, record.arrived_at, horizon) {
                let Ok(event) = decoded.outcome else {
                    rejected += 1;
                    continue;
                };
                let (sku, supplier) = (event.sku.as_str().to_owned(), event.supplier.as_str().to_owned());
                skus.insert(sku.clone());
                match event.change {
                    _ if !is_simple => {}
                    Change::Described(_) => drop(described.insert(sku)),
                    Change::Counted { .. } | Change::Adjusted { .. } => drop(stock.insert((sku, supplier))),
                    Change::PriceChanged { .. } => drop(prices.insert((sku, supplier))),
                }
            }
        }
        let simple = Rows { products: described.len(), stock: stock.len(), prices: prices.len() };
        Self { products: skus.len(), simple, rejected }
    }
}
