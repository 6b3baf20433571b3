//! Suppliers, who put events on the stream by a seed: counts of a product of their own, which only go up, and events of
//! every kind about shared products, with duplicates, late ones and invalid ones among them.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use parking_lot::{Mutex, RwLock};
use serde_json::{Value, json};

use crate::pipeline::Pipeline;
use crate::plan::LOAD;
use crate::records;
use crate::records::random::{Random, hash};

/// The names of the suppliers.
pub(crate) const SUPPLIERS: [&str; 3] = ["acme", "beta", "gamma"];

/// The number of shared products.
const PRODUCTS: usize = 12;

/// The number available at which stock of a shared product is low: their levels go up and down around it.
pub(crate) const LOW: i64 = 60;

/// The stock of each shared product before the load, at one supplier: more than that.
const IN_STOCK: i64 = 100;

/// A record's shard and sequence number.
pub(crate) type Place = (String, String);

/// Totals of the puts.
#[derive(Default)]
pub(crate) struct Totals {
    pub(crate) records: u64,
    /// The last count of each supplier's own product.
    pub(crate) counts: BTreeMap<String, i64>,
}

/// The records that were put on the stream.
#[derive(Default)]
pub(crate) struct Journal {
    pub(crate) records: Mutex<BTreeMap<Place, String>>,
    /// Everybody who puts holds it to read; who writes has a moment in which nothing is on its way.
    pub(crate) gate: RwLock<()>,
    pub(crate) totals: Mutex<Totals>,
}

/// Returns the SKU that only this supplier counts, and only up.
pub(crate) fn own_product(supplier: &str) -> String {
    format!("counted by {supplier}")
}

/// Returns the SKUs that everybody sends events about.
pub(crate) fn shared_products() -> impl Iterator<Item = String> {
    (0..PRODUCTS).map(|number| format!("shared {number}"))
}

/// Counts every shared product once, so that each begins above its limit.
pub(crate) fn stock_up(pipeline: &Pipeline<'_>, journal: &Journal) -> Result<()> {
    let time = Utc::now() - TimeDelta::minutes(1);
    let events: Vec<String> = shared_products()
        .map(|sku| event(SUPPLIERS[0], &sku, "stock.counted", "first", time, &json!({"quantity": IN_STOCK})))
        .collect();
    put(&events, &mut Random(0), pipeline, journal)
}

/// Sends until the load's time is over. Returns the number of events.
pub(crate) fn supply(supplier: &'static str, seed: u64, pipeline: &Pipeline<'_>, journal: &Journal) -> Result<u64> {
    let random = &mut Random(seed ^ hash(supplier));
    let ended = Instant::now() + LOAD;
    let (mut sent, mut count, mut described, mut earlier) = (0, 0, 0, Vec::new());
    while Instant::now() < ended {
        let events: Vec<String> = (0..=random.below(20))
            .map(|_| match random.below(4) {
                0 => {
                    count += 1;
                    counted(supplier, count)
                }
                1 if !earlier.is_empty() => repeated(random, &earlier),
                2 if random.below(3) == 0 => {
                    described += 1;
                    introduced(supplier, described)
                }
                _ => {
                    let text = any_event(supplier, random);
                    earlier.push(text.clone());
                    text
                }
            })
            .collect();
        sent += u64::try_from(events.len())?;
        {
            let _gate = journal.gate.read();
            put(&events, random, pipeline, journal)?;
            journal.totals.lock().counts.insert(own_product(supplier), count);
        }
        thread::sleep(Duration::from_millis(u64::try_from(random.below(120))?));
    }
    Ok(sent)
}

/// Puts events on the stream: each as a record of its own, or all as one record.
fn put(events: &[String], random: &mut Random, pipeline: &Pipeline<'_>, journal: &Journal) -> Result<()> {
    let body = format!("[{}]", events.join(","));
    let (places, texts) = if random.below(3) == 0 {
        let mut places = pipeline.put("application/cloudevents+json", &body)?;
        places.dedup();
        (places, vec![body])
    } else {
        (pipeline.put("application/cloudevents-batch+json", &body)?, events.to_vec())
    };
    ensure!(places.len() == texts.len(), "{} places of {} records", places.len(), texts.len());
    journal.totals.lock().records += u64::try_from(places.len())?;
    journal.records.lock().extend(places.into_iter().zip(texts));
    Ok(())
}

/// Makes the next count of a supplier's own product.
fn counted(supplier: &str, count: i64) -> String {
    event(
        supplier,
        &own_product(supplier),
        "stock.counted",
        &format!("count {count}"),
        Utc::now(),
        &json!({"quantity": count}),
    )
}

/// Describes a product that nobody speaks of again: who is not told of its only change never hears of it.
fn introduced(supplier: &str, number: i64) -> String {
    let sku = format!("introduced by {supplier} {number}");
    event(supplier, &sku, "product.described", "only", Utc::now(), &json!({"title": format!("title {number}")}))
}

/// Sends something once more, as a producer does that has not heard an answer.
fn repeated(random: &mut Random, earlier: &[String]) -> String {
    earlier[random.below(earlier.len())].clone()
}

/// Makes an event about a shared product. Its content follows from its identity and time.
fn any_event(supplier: &str, random: &mut Random) -> String {
    let sku = format!("shared {}", random.below(PRODUCTS));
    let id = random.below(400).to_string();
    // In whole seconds, so that times are equal now and then.
    let late = TimeDelta::seconds(i64::try_from(random.below(20)).expect("small"));
    let now = Utc::now() - late;
    let time = DateTime::from_timestamp(now.timestamp(), 0).expect("a time");
    let content = hash(&format!("{supplier} {sku} {id} {}", time.timestamp()));
    let of = |kind, data: &Value| event(supplier, &sku, kind, &id, time, data);
    match random.below(20) {
        0..9 => {
            let delta = [-2, -1, 1, 3][usize::try_from(content % 4).expect("small")];
            of("stock.adjusted", &json!({"delta": delta}))
        }
        9..12 => of("stock.counted", &json!({"quantity": i64::try_from(content % 50).expect("small") - 5})),
        12..15 => of("price.changed", &json!({"amount": format!("{}.5", content % 90), "currency": "GBP"})),
        15..17 => of("product.described", &json!({"title": format!("title {content}"), "category": "Tea"})),
        17 => of("stock.counted", &json!({"quantity": "many"})),
        18 => event(supplier, &sku, "stock.counted", &id, time - TimeDelta::days(30), &json!({"quantity": 1})),
        _ => event(supplier, "", "stock.counted", &id, time, &json!({"quantity": 1})),
    }
}

fn event(supplier: &str, sku: &str, kind: &str, id: &str, time: DateTime<Utc>, data: &Value) -> String {
    let time = time.to_rfc3339_opts(SecondsFormat::Micros, true);
    records::event::event(supplier, sku, kind, id, &time, data).to_string()
}
