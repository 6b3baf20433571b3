//! What an environment costs a month: from its rendered resources, its settings' peak and one table of prices.
//!
//! - [`prices`]: what AWS asks, each price with its page
//! - `kinds`: every type of resource, what it costs or why it costs nothing
//! - `standing`: what costs as long as it stands
//! - `load`: how often a month at the peak invokes the functions
//! - `weights`: what an update and an invocation weigh
//! - `by_use`, `archive`: what a month at the peak uses
//! - `line`: a line of the estimate, and sums of lines
//! - `table`: the estimate as text

mod archive;
mod by_use;
mod kinds;
mod line;
mod load;
pub mod prices;
mod standing;
mod table;
pub(crate) mod weights;

use std::collections::BTreeMap;

use serde::Serialize;

use self::kinds::{Charge, charge};
use self::line::cents;
pub use self::line::{Line, Section};
use crate::config::{Config, REGION};
use crate::terraform::declared::Declared;

/// What the estimate rests on, beside what its lines say.
const ASSUMPTIONS: [&str; 6] = [
    "every minute of a month of 730 hours is a peak minute, its updates spread evenly: a ceiling, the average is lower",
    "archive and logs are full: the oldest of what they hold is about to expire",
    "nothing is retried or replayed, and nobody asks the archive; what is rejected weighs nothing, but its metrics are there",
    "readers are not counted: a million requests cost $0.20, and each 100 000 GB-seconds of theirs $1.67",
    "prices are on demand in us-east-1, before tax; offers for new accounts are not subtracted",
    "what is always free is granted once for all accounts that share a bill: another environment there has no more of it",
];

/// What an environment costs a month, in US dollars.
#[derive(Clone, Debug, Serialize)]
pub struct Estimate {
    /// The environment.
    pub environment: String,
    /// The region that the prices are of.
    pub region: &'static str,
    /// When the prices were last held against their pages.
    pub prices_as_of: &'static str,
    /// The settings' peak.
    pub updates_per_minute: u32,
    /// Updates of a month in which every minute is a peak minute.
    pub updates_per_month: f64,
    /// What costs as long as it stands.
    pub fixed: Section,
    /// What that many updates use, and what runs by the clock.
    pub by_use: Section,
    /// Fixed and by use.
    pub list_total: f64,
    /// What AWS never charges for, as lines below zero.
    pub always_free: Section,
    /// What remains.
    pub total: f64,
    /// Types of resources that have no line of their own, and why.
    pub without_price: Vec<Unpriced>,
    /// Resources whose price is not known: the total lacks them.
    pub unknown: Vec<String>,
    /// What all this rests on.
    pub assumptions: [&'static str; ASSUMPTIONS.len()],
}

/// A type of resource without a line of its own.
#[derive(Clone, Debug, Serialize)]
pub struct Unpriced {
    /// The type.
    pub kind: String,
    /// How many there are.
    pub resources: usize,
    /// Why they have no line.
    pub why: &'static str,
}

impl Estimate {
    /// The estimate for an environment's `main.tf.json`.
    ///
    /// # Errors
    /// If the text is no rendered file.
    pub fn of(config: &Config, main: &str) -> serde_json::Result<Self> {
        let settings = &config.settings;
        let stack = Declared::read(main)?;
        let updates_per_month = f64::from(settings.peak_updates_per_minute) * load::MINUTES;

        let mut fixed: Vec<_> = standing::metrics(&stack).into_iter().collect();
        let mut without_price = BTreeMap::new();
        let mut unknown = Vec::new();
        for resource in stack.all() {
            let lines = match charge(&resource.kind) {
                Some(Charge::Standing(lines)) => lines(resource, settings),
                Some(Charge::Use(why) | Charge::Free(why)) => {
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
        let (fixed, by_use) = (Section::of(fixed), Section::of(by_use::lines(&stack, settings, updates_per_month)));
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

/// What the lines hold of what AWS never charges for.
fn always_free<'a>(lines: impl Iterator<Item = &'a Line>) -> Section {
    let mut counts: Vec<(prices::Price, f64)> = Vec::new();
    for line in lines.filter(|line| line.price.always_free > 0.0) {
        match counts.iter_mut().find(|(price, _)| *price == line.price) {
            Some((_, count)) => *count += line.count(),
            None => counts.push((line.price, line.count())),
        }
    }
    let lines = counts.into_iter().map(|(price, count)| {
        Line::new(price, -count.min(price.always_free), format!("AWS charges beyond {} a month", price.always_free))
    });
    Section::of(lines.collect())
}
