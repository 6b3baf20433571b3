//! A synthetic catalog and its traffic: which product, by Zipf's law, and which change.

use anyhow::{Context, Result, anyhow, ensure};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use pipegen_event::Event;
use pipegen_store::{Applied, EventOutcome};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use rand_distr::{Distribution as _, Zipf};
use serde_json::{Value, json};

/// The exponent of Zipf's law: the product of rank k is asked for in proportion to 1/k.
pub(crate) const EXPONENT: f64 = 1.0;

/// All suppliers. A product's are some that follow each other.
pub(crate) const SUPPLIERS: u64 = 64;

/// The level of every offer before the first event.
pub(crate) const FIRST_LEVEL: i64 = 1000;

/// A number with no factor in common with the powers of ten: multiplied by it, ranks that follow each other lie far
/// apart, as popular products do in a catalog.
const SPREAD: u64 = 7_368_787;

/// Makes the traffic of a catalog that was filled with [`FIRST_LEVEL`] everywhere, the same in every run.
pub(crate) struct Traffic {
    products: u64,
    suppliers_of_each: u64,
    mix: Mix,
    popularity: Zipf<f64>,
    random: StdRng,
    sent: u64,
    time: DateTime<Utc>,
}

/// The kinds of changes.
#[derive(Clone, Copy)]
pub(crate) enum Mix {
    /// Of ten changes six adjustments, two counts, two prices.
    Usual,
    /// The same with descriptions: one of twenty.
    EveryType,
    /// Nobody counts, so that the ledger keeps everything.
    AdjustmentsOnly,
}

/// A change that a supplier sends.
pub(crate) struct Change {
    number: u64,
    pub(crate) sku: String,
    pub(crate) supplier: String,
    time: DateTime<Utc>,
    pub(crate) what: What,
}

#[derive(Clone, Copy)]
pub(crate) enum What {
    Adjusted(i64),
    Counted(i64),
    /// In hundredths of a pound.
    Priced {
        cents: u32,
    },
    /// With a text that differs by this number.
    Described {
        edition: u64,
    },
}

/// The SKU of a product's number, as the statements that fill a catalog write it.
pub(crate) fn sku(number: u64) -> String {
    format!("SKU{number:08}")
}

/// The supplier of this number.
pub(crate) fn supplier(number: u64) -> String {
    format!("supplier-{:02}", number % SUPPLIERS)
}

impl Traffic {
    /// The number of products must be a power of ten.
    pub(crate) fn new(products: u64, suppliers_of_each: u64, mix: Mix) -> Result<Self> {
        #[expect(clippy::cast_precision_loss, reason = "up to 10 million")]
        let popularity = Zipf::new(products as f64, EXPONENT).context("Zipf's law")?;
        let random = StdRng::seed_from_u64(20_260_201);
        // The present, because what was pruned from the ledger must be older.
        Ok(Self { products, suppliers_of_each, mix, popularity, random, sent: 0, time: Utc::now() })
    }

    /// The number of a product that somebody asks for.
    pub(crate) fn product(&mut self) -> u64 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rank: 1, 2, ...")]
        let rank = self.popularity.sample(&mut self.random) as u64;
        rank.wrapping_mul(SPREAD) % self.products
    }

    /// Changes in the order of their time.
    pub(crate) fn changes(&mut self, count: usize) -> Vec<Change> {
        (0..count).map(|_| self.change()).collect()
    }

    fn change(&mut self) -> Change {
        self.time += TimeDelta::milliseconds(1);
        self.change_at(self.time)
    }

    /// Makes a change that happens at this time.
    pub(crate) fn change_at(&mut self, time: DateTime<Utc>) -> Change {
        let product = self.product();
        let supplier = supplier(product + self.random.random_range(0..self.suppliers_of_each));
        self.sent += 1;
        Change { number: self.sent, sku: sku(product), supplier, time, what: self.what() }
    }

    /// Makes a change of a product of this supplier's.
    pub(crate) fn change_of(&mut self, of: u64, time: DateTime<Utc>) -> Change {
        let product = self.product();
        let product = (product - product % SUPPLIERS + of) % self.products;
        self.sent += 1;
        Change { number: self.sent, sku: sku(product), supplier: supplier(of), time, what: self.what() }
    }

    /// Counts a product that is not one of the catalog's.
    pub(crate) fn count_at(&mut self, sku: String, quantity: i64, time: DateTime<Utc>) -> Change {
        self.sent += 1;
        Change { number: self.sent, sku, supplier: supplier(0), time, what: What::Counted(quantity) }
    }

    fn what(&mut self) -> What {
        let kind = match self.mix {
            Mix::AdjustmentsOnly => 0,
            Mix::EveryType if self.random.random_range(0..20) == 0 => 10,
            Mix::Usual | Mix::EveryType => self.random.random_range(0..10),
        };
        match kind {
            0..6 => What::Adjusted(-self.random.random_range(1..=12)),
            6..8 => What::Counted(self.random.random_range(0..1000)),
            8..10 => What::Priced { cents: self.random.random_range(1..100_000) },
            _ => What::Described { edition: self.sent },
        }
    }
}

/// The text of a product's edition: title, description, category and attributes.
pub(crate) fn description(sku: &str, edition: u64) -> Value {
    json!({
        "title": format!("Product {sku}"), "description": format!("As it is described in edition {edition}."),
        "category": "Home > Kitchen", "attributes": {"colour": "red", "edition": edition.to_string()},
    })
}

impl Change {
    /// Returns the event as its supplier sends it.
    pub(crate) fn text(&self) -> String {
        let (kind, data) = match self.what {
            What::Adjusted(delta) => ("stock.adjusted", json!({"delta": delta, "reason": "sale"})),
            What::Counted(quantity) => ("stock.counted", json!({"quantity": quantity})),
            What::Priced { cents } => {
                let amount = format!("{}.{:02}", cents / 100, cents % 100);
                ("price.changed", json!({"amount": amount, "currency": "GBP"}))
            }
            What::Described { edition } => ("product.described", description(&self.sku, edition)),
        };
        json!({
            "specversion": "1.0", "id": format!("event-{:016x}", self.number), "subject": self.sku,
            "source": format!("/suppliers/{}", self.supplier), "type": format!("com.retailtech.{kind}.v1"),
            "time": self.time.to_rfc3339_opts(SecondsFormat::Micros, true), "data": data,
        })
        .to_string()
    }

    /// Returns the event as the processor decodes it.
    pub(crate) fn event(&self) -> Result<Event> {
        let text = self.text();
        let decoded = pipegen_event::decode(text.as_bytes(), self.time, TimeDelta::days(1)).pop();
        decoded.context("no event")?.outcome.map_err(|rejection| anyhow!("rejected: {}", rejection.detail))
    }
}

/// Checks that every event was taken, each once. A change that a later one of the same batch supersedes is stale; what
/// they amount to, [`Levels::check`] says.
pub(crate) fn all_taken(applied: &Applied) -> Result<()> {
    let is_taken = |outcome: &EventOutcome| matches!(outcome, EventOutcome::Applied | EventOutcome::Stale);
    let other = applied.outcomes.iter().find(|outcome| !is_taken(outcome));
    ensure!(other.is_none(), "an event was not applied: {other:?}");
    Ok(())
}
