//! A valid event: an identity, a time and a change.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use pipegen_contract::event_type;
use rust_decimal::Decimal;

use crate::currency::Currency;
use crate::identifier::{EventId, Sku, Supplier};

/// The prefix of an event's `source`; the supplier's name follows.
pub(crate) const SOURCE_PREFIX: &str = "/suppliers/";

/// A valid event of a supplier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Unique within `source`, `type` and `subject`; deliveries that agree in all four are one event.
    pub id: EventId,
    /// The sender: the `source` without its prefix.
    pub supplier: Supplier,
    /// The product: the `subject`.
    pub sku: Sku,
    /// The time at which it happened, in UTC, cut to whole microseconds.
    pub time: DateTime<Utc>,
    /// The change: `type` and `data`.
    pub change: Change,
}

impl Event {
    /// Returns the attribute `source`: `/suppliers/{supplier}`.
    pub fn source(&self) -> String {
        format!("{SOURCE_PREFIX}{}", self.supplier)
    }
}

/// A change of a product at a supplier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A count of the stock.
    Counted {
        /// Units on hand, of a magnitude up to 10⁹; negative where more was sold than there is.
        quantity: i64,
    },
    /// A change of the stock.
    Adjusted {
        /// Units added (positive) or removed (negative), never 0, of a magnitude up to 10⁹.
        delta: i64,
    },
    /// A new price.
    PriceChanged {
        /// Price of one unit, 0 to 10⁹, at most four decimal places, canonical (no trailing zeros after the point).
        amount: Decimal,
        /// Currency of the amount.
        currency: Currency,
    },
    /// A new description, which replaces the former one as a whole.
    Described(Description),
}

impl Change {
    /// Returns the attribute `type`.
    pub const fn event_type(&self) -> &'static str {
        match self {
            Self::Counted { .. } => event_type::STOCK_COUNTED,
            Self::Adjusted { .. } => event_type::STOCK_ADJUSTED,
            Self::PriceChanged { .. } => event_type::PRICE_CHANGED,
            Self::Described(_) => event_type::PRODUCT_DESCRIBED,
        }
    }
}

/// A product's description. A missing field is unknown, not unchanged. No text contains U+0000.
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
