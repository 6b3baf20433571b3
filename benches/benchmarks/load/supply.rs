//! The records that suppliers send: when each is due and what is in it, all from a seed.

use std::time::Duration;

use anyhow::{Context as _, Result};
use chrono::{DateTime, TimeDelta, Utc};
use pipegen::stream::shards::Shards;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use rand_distr::{Distribution as _, Exp};

use crate::expected::ExpectedCatalog;
use crate::traffic::{Change, Mix, SUPPLIERS, Traffic};

/// The products of the catalog. Which is changed or read, Zipf's law says; its hottest one has a tenth of all.
pub(super) const PRODUCTS: u64 = 10_000;
const OFFERS: u64 = 3;
/// One record of so many is an array, with so many events of one supplier. Every other one is an event.
const ARRAY_EVERY: u32 = 200;
const ARRAY: usize = 20;
/// The products that are only counted up.
const SAMPLED_PRODUCTS: usize = 64;

/// The records of a load.
pub(super) struct Plan {
    pub(super) per_minute: u32,
    pub(super) spacing: Spacing,
    /// The time in which they are due.
    pub(super) length: Duration,
    /// Records that are due at one moment, besides.
    pub(super) burst: Option<Burst>,
    /// One record of so many is a sample; none without it.
    pub(super) sample_every: Option<u64>,
    /// The time of the events at the beginning.
    pub(super) begin: DateTime<Utc>,
}

#[derive(Clone, Copy)]
pub(super) struct Burst {
    pub(super) at: Duration,
    pub(super) records: u64,
}

#[derive(Clone, Copy)]
pub(super) enum Spacing {
    /// By chance, independent of each other.
    Poisson,
    Even,
}

/// A record that is due at its time.
pub(super) struct Message {
    /// Since the beginning.
    pub(super) due: Duration,
    pub(super) shard: usize,
    pub(super) partition_key: String,
    pub(super) data: String,
    pub(super) sample: Option<Sample>,
}

/// A count of a product that is only counted up: the update is visible once the catalog shows it, or a later one.
#[derive(Clone, Copy)]
pub(super) struct Sample {
    pub(super) product: usize,
    pub(super) count: i64,
    pub(super) due: Duration,
}

/// Makes the messages, in the order of their times.
pub(super) struct Supply {
    plan: Plan,
    shards: Shards,
    traffic: Traffic,
    random: StdRng,
    gap: Exp<f64>,
    /// The next message's time, without the burst.
    next: Duration,
    left_of_burst: u64,
    /// The last event's time: each has one of its own, so that their order is known.
    time: DateTime<Utc>,
    pub(super) totals: Totals,
    pub(super) expected: ExpectedCatalog,
}

/// The numbers of what was made.
#[derive(Clone, Copy, Default)]
pub(super) struct Totals {
    pub(super) records: u64,
    pub(super) events: u64,
    pub(super) samples: u64,
}

/// Returns the SKU of a product that is only counted up.
pub(super) fn sampled_sku(product: usize) -> String {
    format!("SAMPLE{product:02}")
}

impl Supply {
    pub(super) fn new(plan: Plan, shards: Shards) -> Result<Self> {
        Ok(Self {
            shards,
            traffic: Traffic::new(PRODUCTS, OFFERS, Mix::EveryType)?,
            random: StdRng::seed_from_u64(20_261_128),
            gap: Exp::new(f64::from(plan.per_minute) / 60.0).context("a rate")?,
            next: Duration::ZERO,
            left_of_burst: plan.burst.map_or(0, |burst| burst.records),
            time: plan.begin,
            totals: Totals::default(),
            expected: ExpectedCatalog::default(),
            plan,
        })
    }

    /// Returns the next message, or none at the end.
    pub(super) fn next(&mut self) -> Option<Message> {
        let due = match self.plan.burst {
            Some(burst) if self.left_of_burst > 0 && burst.at <= self.next => {
                self.left_of_burst -= 1;
                burst.at
            }
            _ => self.step(),
        };
        (due < self.plan.length).then(|| self.message(due))
    }

    /// Returns the next time, and goes on to the one after it.
    fn step(&mut self) -> Duration {
        let due = self.next;
        self.next += match self.plan.spacing {
            Spacing::Poisson => Duration::from_secs_f64(self.gap.sample(&mut self.random)),
            Spacing::Even => Duration::from_mins(1) / self.plan.per_minute,
        };
        due
    }

    fn message(&mut self, due: Duration) -> Message {
        let number = self.totals.records;
        self.totals.records += 1;
        self.time = self.time.max(self.plan.begin + due);
        let sample = self.plan.sample_every.filter(|every| number.is_multiple_of(*every)).map(|_| self.sample(due));
        let (changes, by_supplier) = match sample {
            Some(Sample { product, count, .. }) => {
                let time = self.tick();
                (vec![self.traffic.count_at(sampled_sku(product), count, time)], false)
            }
            None if self.random.random_range(0..ARRAY_EVERY) == 0 => {
                let supplier = self.random.random_range(0..SUPPLIERS);
                let change = |_| {
                    let time = self.tick();
                    self.traffic.change_of(supplier, time)
                };
                ((0..ARRAY).map(change).collect(), true)
            }
            None => {
                let time = self.tick();
                (vec![self.traffic.change_at(time)], false)
            }
        };
        self.expected.expect(&changes);
        self.totals.events += changes.len() as u64;
        let Change { supplier, sku, .. } = &changes[0];
        let partition_key = if by_supplier { supplier.clone() } else { format!("{supplier}/{sku}") };
        let texts: Vec<String> = changes.iter().map(Change::text).collect();
        let data = if by_supplier { format!("[{}]", texts.join(",")) } else { texts.concat() };
        Message { due, shard: self.shards.of_partition_key(&partition_key), partition_key, data, sample }
    }

    fn sample(&mut self, due: Duration) -> Sample {
        let number = usize::try_from(self.totals.samples).unwrap_or_default();
        self.totals.samples += 1;
        let count = i64::try_from(self.totals.samples).unwrap_or_default();
        Sample { product: number % SAMPLED_PRODUCTS, count, due }
    }

    fn tick(&mut self) -> DateTime<Utc> {
        self.time += TimeDelta::microseconds(1);
        self.time
    }
}
