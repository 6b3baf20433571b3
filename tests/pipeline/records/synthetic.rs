//! Generated records of few suppliers, ids and times.
//!
//! In sales data the special cases of docs/ARCHITECTURE.md, "Meaning", are rare: late counts, counts and adjustments at
//! one time, the same event with other content, ties that only source or id decides, adjustments that cancel each other
//! out. Here nearly every record is one of these. Content follows from identity and time, so that no two contents at
//! one time contradict each other.

use serde_json::{Value, json};

use super::event::event;
use super::random::{Random, hash};

/// The number of records in a file.
const RECORDS: usize = 4000;
const SUPPLIERS: [&str; 3] = ["acme", "acme-2", "beta"];
/// The first SKUs; the others are numbers.
const SKUS: [&str; 5] = ["A", "a", "A B", "Ä", "\u{1f600}"];

/// The numbers of distinct SKUs, adjustment ids and times.
struct Generator {
    skus: usize,
    adjustments: usize,
    minutes: usize,
}

/// Few products: each batch has many events about each of them.
pub(crate) fn few_products() -> Vec<String> {
    Generator { skus: SKUS.len(), adjustments: 400, minutes: 300 }.lines()
}

/// Many products: each batch has a few events about each of them, which often leave a level unchanged.
pub(crate) fn many_products() -> Vec<String> {
    Generator { skus: 120, adjustments: 5, minutes: 8 }.lines()
}

impl Generator {
    fn lines(&self) -> Vec<String> {
        let mut random = Random(42);
        (0..RECORDS).map(|number| self.line(number, &mut random)).collect()
    }

    /// Generates a record, one in ten of which is an array.
    fn line(&self, number: usize, random: &mut Random) -> String {
        let single = random.below(10) > 0;
        let data =
            if single { self.event(random) } else { (0..random.below(30)).map(|_| self.event(random)).collect() };
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

    fn event(&self, random: &mut Random) -> Value {
        // Many adjustments and few counts, because otherwise hardly any adjustment would be later than its count.
        let (kind, ids) = match random.below(100) {
            0..70 => ("stock.adjusted", self.adjustments),
            70..74 => ("stock.counted", 3),
            74..90 => ("price.changed", 4),
            _ => ("product.described", 4),
        };
        let supplier = SUPPLIERS[random.below(SUPPLIERS.len())];
        let sku = self.sku(random);
        let (id, time) = (format!("{kind}-{}", random.below(ids)), self.time(random));
        let content = hash(&format!("{supplier} {sku} {id} {time}"));
        event(supplier, &sku, kind, &id, &time, &data(kind, content))
    }

    fn sku(&self, random: &mut Random) -> String {
        let number = random.below(self.skus);
        SKUS.get(number).map_or_else(|| number.to_string(), |sku| (*sku).to_owned())
    }

    /// Generates a time. Early ones are rarer, so that a count is often late.
    fn time(&self, random: &mut Random) -> String {
        let minute = random.below(self.minutes).max(random.below(self.minutes));
        format!("2026-01-06T{:02}:{:02}:00Z", minute / 60, minute % 60)
    }
}

fn data(kind: &str, content: u64) -> Value {
    match kind {
        "stock.counted" => json!({ "quantity": content % 1000 }),
        "stock.adjusted" => json!({ "delta": delta(content) }),
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

/// Returns one of a few deltas of either sign, so that many cancel each other out or stay the same at another time.
fn delta(content: u64) -> i64 {
    match content % 6 {
        0 => -2,
        1 | 2 => -1,
        3 | 4 => 1,
        _ => 3,
    }
}
