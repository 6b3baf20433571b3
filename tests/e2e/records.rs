//! Records that suppliers put on the stream, and the views and rejections that must result.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

const PRODUCTS: u32 = 60;

/// A record of the stream.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Record {
    pub(crate) partition_key: String,
    pub(crate) data: Vec<u8>,
}

/// Returns records in which every product is described, counted, adjusted and priced, some twice, with garbage in
/// between.
pub(crate) fn first(now: DateTime<Utc>) -> Vec<Record> {
    let mut records = Vec::new();
    for number in 0..PRODUCTS {
        let one = |kind: &str, data: Value| single(number, &event(kind, number, "", now, &data));
        records.push(one("product.described", json!({"title": title(number)})));
        records.push(one("price.changed", json!({"amount": "9.990", "currency": "GBP"})));
        let later = now + TimeDelta::milliseconds(1);
        let adjusted = |id: &str, delta: i64| event("stock.adjusted", number, id, later, &json!({"delta": delta}));
        let both = Value::from(vec![adjusted("in", 7), adjusted("out", -2)]);
        records.push(Record { partition_key: "acme".to_owned(), data: both.to_string().into_bytes() });
        records.push(one("stock.counted", json!({"quantity": 100 + number})));
    }
    let again: Vec<_> = records.iter().step_by(7).cloned().collect();
    records.extend(again);
    for (place, (_, data)) in garbage(now).into_iter().enumerate() {
        records.insert(place * 30, Record { partition_key: format!("acme/garbage {place}"), data });
    }
    records
}

/// Returns a record for each product that adds one item.
pub(crate) fn second(now: DateTime<Utc>) -> Vec<Record> {
    let one = |number| single(number, &event("stock.adjusted", number, "more", now, &json!({"delta": 1})));
    (0..PRODUCTS).map(one).collect()
}

/// Returns the views that the catalog must show, without versions and times, after this many more records for each
/// product.
pub(crate) fn views(more: u32) -> Vec<Value> {
    let view = |number: u32| {
        let on_hand = 105 + number + more;
        json!({
            "sku": sku(number), "title": title(number), "description": null, "category": null, "attributes": {},
            "available": on_hand,
            "offers": [{"supplier": "acme", "on_hand": on_hand, "price": {"amount": "9.99", "currency": "GBP"}}],
        })
    };
    (0..PRODUCTS).map(view).collect()
}

/// Returns the number of events that must be rejected, by reason.
pub(crate) fn rejections() -> BTreeMap<String, usize> {
    let mut rejections = BTreeMap::new();
    for (reason, _) in garbage(Utc::now()) {
        *rejections.entry(reason.to_owned()).or_default() += 1;
    }
    rejections
}

/// Returns a SKU with a space, which real ones have.
pub(crate) fn sku(number: u32) -> String {
    format!("E2E {number:03}")
}

fn title(number: u32) -> String {
    format!("THING № {number}")
}

/// Returns records that must be rejected, with the reason.
fn garbage(now: DateTime<Utc>) -> Vec<(&'static str, Vec<u8>)> {
    let text = |value: Value| value.to_string().into_bytes();
    let good = event("stock.counted", 0, "garbage", now, &json!({"quantity": 1}));
    let with = |name: &str, value: Value| {
        let mut bad = good.clone();
        bad[name] = value;
        text(bad)
    };
    let tomorrow = (now + TimeDelta::days(1)).to_rfc3339_opts(SecondsFormat::Millis, true);
    let long_ago = (now - TimeDelta::days(30)).to_rfc3339_opts(SecondsFormat::Millis, true);
    vec![
        ("invalid_json", b"not JSON".to_vec()),
        ("invalid_json", vec![0xff, 0x00, 0xfe]),
        ("invalid_event", with("source", "/elsewhere".into())),
        ("unsupported_type", with("type", "com.retailtech.stock.guessed.v1".into())),
        ("invalid_data", with("data", json!({"quantity": "1"}))),
        ("from_future", with("time", tomorrow.into())),
        ("too_old", with("time", long_ago.into())),
    ]
}

fn single(number: u32, event: &Value) -> Record {
    Record { partition_key: format!("acme/{}", sku(number)), data: event.to_string().into_bytes() }
}

fn event(kind: &str, number: u32, id: &str, time: DateTime<Utc>, data: &Value) -> Value {
    json!({
        "specversion": "1.0",
        "id": format!("{kind} {number} {id}"),
        "source": "/suppliers/acme",
        "type": format!("com.retailtech.{kind}.v1"),
        "subject": sku(number),
        "time": time.to_rfc3339_opts(SecondsFormat::Millis, true),
        "data": data,
    })
}
