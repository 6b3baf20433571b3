//! Made-up records of few products, suppliers, ids and times.
//!
//! Sales data has little of what §4 settles: late counts, counts and adjustments at one time, the same event with other
//! content, ties that only source or id decides. Here nearly every record is one of these. Content follows from identity
//! and time, so that no two contents at one time contradict each other.

use serde_json::{Value, json};

use super::random::{Random, hash};

/// How many records there are.
const RECORDS: usize = 4000;
const SUPPLIERS: [&str; 3] = ["acme", "acme-2", "beta"];
const SKUS: [&str; 5] = ["A", "a", "A B", "Ä", "\u{1f600}"];

/// The lines of the file; one record in ten is an array.
pub(crate) fn lines() -> Vec<String> {
    let mut random = Random(42);
    (0..RECORDS).map(|number| line(number, &mut random)).collect()
}

fn line(number: usize, random: &mut Random) -> String {
    let single = random.below(10) > 0;
    let data = if single { event(random) } else { (0..random.below(30)).map(|_| event(random)).collect() };
    let (seconds, millis) = (number / 1000, number % 1000);
    json!({
        "shard": "shardId-000000000000",
        "sequence_number": (1_000_000 + number).to_string(),
        "partition_key": format!("crowd/{}", random.below(8)),
        "arrived_at": format!("2026-01-06T12:00:{seconds:02}.{millis:03}000Z"),
        "data": data.to_string(),
    })
    .to_string()
}

fn event(random: &mut Random) -> Value {
    // Many adjustments and few counts, or hardly an adjustment would be later than its count.
    let (kind, ids) = match random.below(100) {
        0..70 => ("stock.adjusted", 400),
        70..74 => ("stock.counted", 3),
        74..90 => ("price.changed", 4),
        _ => ("product.described", 4),
    };
    let (supplier, sku) = (SUPPLIERS[random.below(SUPPLIERS.len())], SKUS[random.below(SKUS.len())]);
    let (id, time) = (format!("{kind}-{}", random.below(ids)), time(random));
    let content = hash(&format!("{supplier} {sku} {id} {time}"));
    json!({
        "specversion": "1.0",
        "id": id,
        "source": format!("/suppliers/{supplier}"),
        "type": format!("com.retailtech.{kind}.v1"),
        "subject": sku,
        "time": time,
        "data": data(kind, content),
    })
}

/// One of a few hundred, and the earlier the rarer, so that a count is often late.
fn time(random: &mut Random) -> String {
    let minute = random.below(300).max(random.below(300));
    format!("2026-01-06T{:02}:{:02}:00Z", minute / 60, minute % 60)
}

fn data(kind: &str, content: u64) -> Value {
    match kind {
        "stock.counted" => json!({ "quantity": content % 1000 }),
        "stock.adjusted" => json!({ "delta": if content.is_multiple_of(3) { 1 + content % 50 } else { 7 } }),
        "price.changed" => {
            json!({ "amount": format!("{}.{:02}", content % 40, content / 64 % 100), "currency": "GBP" })
        }
        _ if content.is_multiple_of(2) => json!({ "title": format!("title {content}") }),
        _ => json!({
            "title": format!("title {content}"),
            "description": "d".repeat(usize::try_from(content % 20).unwrap_or_default()),
            "category": format!("category {}", content % 7),
            "attributes": { "colour": format!("{}", content % 5), "size": "L" },
        }),
    }
}
