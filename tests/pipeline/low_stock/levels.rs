//! Generated records of stock levels that walk up and down around a number.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::records;
use crate::records::random::Random;

/// The category of every third product.
pub(super) const CATEGORY: &str = "Tea";

const SKUS: usize = 12;
/// The first count of every product, above every limit.
const FIRST: i64 = 30;
/// The changes of each product.
const CHANGES: usize = 150;
/// The most events of a record.
const MOST: usize = 8;

/// Levels by their changes: first one that brings a product near the number, then many small ones.
pub(super) struct Levels(BTreeMap<String, Vec<i64>>);

impl Levels {
    pub(super) fn walking_around(number: i64) -> Self {
        let mut random = Random(12);
        let changes = |random: &mut Random| {
            let mut level = FIRST;
            let mut changes = Vec::new();
            for _ in 0..CHANGES {
                // Towards the number, past it, and back.
                let step = [1, 2, 3, 5][random.below(4)];
                let change =
                    if level > number + 4 || (level > number - 4 && random.below(2) == 0) { -step } else { step };
                level += change;
                changes.push(change);
            }
            changes
        };
        Self((0..SKUS).map(|sku| (format!("sku-{sku}"), changes(&mut random))).collect())
    }

    /// Tells whether the product has the category.
    pub(super) fn is_described(sku: &str) -> bool {
        sku.strip_prefix("sku-").and_then(|number| number.parse::<usize>().ok()).is_some_and(|number| number % 3 == 0)
    }

    /// Returns records of the first count of each product, with its category.
    pub(super) fn first_counts(&self) -> Vec<String> {
        let records = self.0.keys().enumerate().map(|(number, sku)| {
            let counted = event(sku, "first", "stock.counted", 0, &json!({"quantity": FIRST}));
            let data = json!({"title": "A product", "category": CATEGORY});
            let described = Self::is_described(sku).then(|| event(sku, "text", "product.described", 0, &data));
            record(number, std::iter::once(counted).chain(described).collect())
        });
        records.collect()
    }

    /// Returns records of all changes, out of order, each of them twice, in other arrays the second time.
    pub(super) fn shuffled_doubled_and_recut(&self) -> Vec<String> {
        let mut random = Random(21);
        let mut arrays = Vec::new();
        for _ in 0..2 {
            let mut events: Vec<Value> = self.events().collect();
            // Each comes near to its time, so that levels do walk.
            for at in 0..events.len() {
                let other = (at + random.below(4 * SKUS)).min(events.len() - 1);
                events.swap(at, other);
            }
            let mut place = 0;
            while !events.is_empty() {
                let rest = events.split_off((1 + random.below(MOST)).min(events.len()));
                place += events.len();
                arrays.push((place, std::mem::replace(&mut events, rest)));
            }
        }
        arrays.sort_by_key(|(place, _)| *place);
        arrays.into_iter().enumerate().map(|(number, (_, events))| record(SKUS + number, events)).collect()
    }

    /// Returns the levels after all changes.
    pub(super) fn last(&self) -> BTreeMap<String, i64> {
        self.0.iter().map(|(sku, changes)| (sku.clone(), FIRST + changes.iter().sum::<i64>())).collect()
    }

    /// Returns the events of all changes, by time.
    fn events(&self) -> impl Iterator<Item = Value> {
        (0..CHANGES).flat_map(move |minute| {
            self.0.iter().map(move |(sku, changes)| {
                let data = json!({"delta": changes[minute]});
                event(sku, &minute.to_string(), "stock.adjusted", minute + 1, &data)
            })
        })
    }
}

fn event(sku: &str, id: &str, kind: &str, minute: usize, data: &Value) -> Value {
    let time = format!("2026-01-06T{:02}:{:02}:00Z", minute / 60, minute % 60);
    records::event::event("acme", sku, kind, id, &time, data)
}

/// Makes a record, in one of four shards.
fn record(number: usize, events: Vec<Value>) -> String {
    let (seconds, millis) = (number / 1000, number % 1000);
    json!({
        "shard": format!("shardId-{:012}", number % 4),
        "sequence_number": (1_000_000 + number).to_string(),
        "partition_key": format!("acme/{number}"),
        "arrived_at": format!("2026-01-06T12:00:{seconds:02}.{millis:03}000Z"),
        "data": Value::from(events).to_string(),
    })
    .to_string()
}
