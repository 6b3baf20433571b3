//! The monthly cost of an environment, estimated from its rendered resources, its settings' peak and one table of
//! prices.
//!
//! - [`prices`]: AWS' prices, each with its page
//! - `resource_types`: every type of resource, with its charge
//! - `fixed`: costs by the hour or the month
//! - `load`: the functions' invocations in a month at the peak
//! - `measured`: bytes and milliseconds of an update and of an invocation
//! - `usage`, `archive`: costs of the usage in a month at the peak
//! - `line_item`: lines of the estimate, and their sums
//! - `table`: the estimate as text

mod archive;
mod fixed;
mod line_item;
mod load;
pub(crate) mod measured;
pub mod prices;
mod resource_types;
mod table;
mod usage;

use std::collections::BTreeMap;

use serde::Serialize;

use self::line_item::cents;
pub use self::line_item::{LineItem, Section};
use self::resource_types::{Charge, charge};
use crate::config::{Config, REGION};
use crate::terraform::declared::Declared;

const ASSUMPTIONS: [&str; 8] = [
    "an upper bound: every minute of a month of 730 hours is a peak minute, with its updates spread evenly",
    "archive and logs are full: their oldest entries are about to expire",
    "nothing is retried or replayed, nobody queries the archive, and rejected events cost nothing but their metrics",
    "readers of the catalog are not counted: a million requests cost $0.20, and each 100 000 GB-seconds of theirs $1.67",
    "suppliers put their records on the stream; where they may not, all updates come in requests to `ingest` of a hundred events",
    "low-stock crossings are not counted: a thousand objects cost $0.005",
    "prices are on demand in us-east-1, before tax; offers for new accounts are not subtracted",
    "the always-free usage is granted once for all accounts that share a bill: a second environment gets none of it",
];

/// The estimated monthly cost of an environment, in US dollars.
#[derive(Clone, Debug, Serialize)]
pub struct Estimate {
    pub environment: String,
    pub region: &'static str,
    /// The month in which the prices were last compared with their pages.
    pub prices_as_of: &'static str,
    /// The peak that the settings say.
    pub updates_per_minute: u32,
    /// Updates of a month in which every minute is a peak minute.
    pub updates_per_month: f64,
    /// Costs by the hour or the month.
    pub fixed: Section,
    /// Costs of that many updates, and of scheduled invocations.
    pub by_use: Section,
    /// The sum of `fixed` and `by_use`.
    pub list_total: f64,
    /// Usage that AWS never charges for, as negative lines.
    pub always_free: Section,
    /// The list total less what is always free.
    pub total: f64,
    /// Types of resources that have no line of their own.
    pub without_price: Vec<Unpriced>,
    /// Resources whose price is not known and that the total lacks.
    pub unknown: Vec<String>,
    pub assumptions: [&'static str; ASSUMPTIONS.len()],
}

/// A type of resource without a line of its own.
#[derive(Clone, Debug, Serialize)]
pub struct Unpriced {
    pub kind: String,
    pub resources: usize,
    pub why: &'static str,
}

impl Estimate {
    /// Estimates the cost of an environment from its `main.tf.json`; an error if the text is not a rendered file.
    pub fn of(config: &Config, main: &str) -> serde_json::Result<Self> {
        let settings = &config.settings;
        let stack = Declared::read(main)?;
        let updates_per_month = f64::from(settings.peak_updates_per_minute) * load::MINUTES;

        let mut fixed: Vec<_> = fixed::metrics(&stack).into_iter().collect();
        let mut without_price = BTreeMap::new();
        let mut unknown = Vec::new();
        for resource in stack.all() {
            let lines = match charge(&resource.kind) {
                Some(Charge::Fixed(lines)) => lines(resource, settings),
                Some(Charge::ByUse(why) | Charge::Free(why)) => {
                    let entry = without_price.entry(&resource.kind).or_insert((0, why));
                    entry.0 += 1;
                    Some(Vec::new())
                }
                None => None,
            };
            match lines {
                Some(lines) => fixed.extend(lines),
                None => unknown.push(resource.address()),
            }
        }
        let (fixed, by_use) = (Section::of(fixed), Section::of(usage::lines(&stack, settings, updates_per_month)));
        let always_free = always_free(fixed.lines.iter().chain(&by_use.lines));
        let list_total = cents(fixed.subtotal + by_use.subtotal);
        let without_price = without_price.into_iter();
        Ok(Self {
            environment: config.environment.to_string(),
            region: REGION,
            prices_as_of: prices::AS_OF,
            updates_per_minute: settings.peak_updates_per_minute,
            updates_per_month,
            total: cents(list_total + always_free.subtotal),
            fixed,
            by_use,
            list_total,
            always_free,
            without_price: without_price
                .map(|(kind, (resources, why))| Unpriced { kind: kind.clone(), resources, why })
                .collect(),
            unknown,
            assumptions: ASSUMPTIONS,
        })
    }
}

/// Returns a negative line for each price with always-free usage, up to what the lines use.
fn always_free<'a>(lines: impl Iterator<Item = &'a LineItem>) -> Section {
    let mut counts: Vec<(prices::Price, f64)> = Vec::new();
    for line in lines.filter(|line| line.price.always_free > 0.0) {
        match counts.iter_mut().find(|(price, _)| *price == line.price) {
            Some((_, count)) => *count += line.count(),
            None => counts.push((line.price, line.count())),
        }
    }
    let lines = counts.into_iter().map(|(price, count)| {
        LineItem::new(price, -count.min(price.always_free), format!("AWS charges beyond {} a month", price.always_free))
    });
    Section::of(lines.collect())
}
