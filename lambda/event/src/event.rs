//! What a good event says.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use pipegen_contract::event_type;
use rust_decimal::Decimal;

use crate::{Currency, EventId, Sku, Supplier};

/// What begins an event's `source`; the supplier's name follows.
pub(crate) const SOURCE_PREFIX: &str = "/suppliers/";

/// One event of a supplier, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Unique within `source`, `type` and `subject`; deliveries that agree in all four are one event.
    pub id: EventId,
    /// Who sent it: the `source` without what every source begins with.
    pub supplier: Supplier,
    /// What it is about: the `subject`.
    pub sku: Sku,
    /// When it happened, in UTC, cut to whole microseconds.
    pub time: DateTime<Utc>,
    /// What happened: `type` and `data`.
    pub change: Change,
}

impl Event {
    /// The attribute `source`: `/suppliers/{supplier}`.
    pub fn source(&self) -> String {
        format!("{SOURCE_PREFIX}{}", self.supplier)
    }
}

/// What happened to a product at a supplier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The stock was counted.
    Counted {
        /// Units on hand, of a magnitude up to 10⁹; negative where more was sold than there is.
        quantity: i64,
    },
    /// The stock changed.
    Adjusted {
        /// Units that came (positive) or went (negative), never 0, of a magnitude up to 10⁹.
        delta: i64,
    },
    /// The price changed.
    PriceChanged {
        /// For one unit, 0 to 10⁹, at most four decimal places, canonical (no needless zeros).
        amount: Decimal,
        /// What the amount is in.
        currency: Currency,
    },
    /// The product was described anew, as a whole.
    Described(Description),
}

impl Change {
    /// The attribute `type`.
    pub const fn event_type(&self) -> &'static str {
        match self {
            Self::Counted { .. } => event_type::STOCK_COUNTED,
            Self::Adjusted { .. } => event_type::STOCK_ADJUSTED,
            Self::PriceChanged { .. } => event_type::PRICE_CHANGED,
            Self::Described(_) => event_type::PRODUCT_DESCRIBED,
        }
    }
}

/// A product's description. What it leaves out is unknown, not unchanged. No text in it holds U+0000.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// 1 to 500 characters.
    pub title: String,
    /// At most 10 000 characters.
    pub description: Option<String>,
    /// At most 200 characters.
    pub category: Option<String>,
    /// At most 50 pairs; a name has at most 64 characters, a value 500.
    pub attributes: BTreeMap<String, String>,
}
