//! The events of suppliers: counts, adjustments, prices and descriptions, some of them late, repeated, changed or
//! invalid.

use std::sync::Arc;
use std::time::Duration;

use chrono::{SecondsFormat, TimeDelta};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::world::World;

/// Sends the plan's records, spread over its time.
pub(crate) async fn supply(world: Arc<World>) {
    let mut supplier = Suppliers { world, sent: Vec::new(), events: 0 };
    let records = supplier.world.plan.records;
    let mean = supplier.world.plan.load / u32::try_from(records).expect("few");
    for _ in 0..records {
        sleep(supplier.world.schedule.up_to(2 * mean)).await;
        supplier.send();
    }
}

struct Suppliers {
    world: Arc<World>,
    /// The records so far: partition key and data.
    sent: Vec<(String, Vec<u8>)>,
    events: usize,
}

impl Suppliers {
    fn send(&mut self) {
        let (key, data) = match self.below(12) {
            0 if !self.sent.is_empty() => self.sent[self.below(self.sent.len())].clone(),
            1 => self.invalid(),
            2 | 3 => self.array(),
            _ => self.single(),
        };
        self.world.put(&key, &data);
        self.sent.push((key, data));
    }

    fn single(&mut self) -> (String, Vec<u8>) {
        let (supplier, sku) = (self.supplier(), self.sku());
        let event = self.event(&supplier, &sku);
        (format!("{supplier}/{sku}"), event.to_string().into_bytes())
    }

    fn array(&mut self) -> (String, Vec<u8>) {
        let supplier = self.supplier();
        let count = 2 + self.below(2);
        let events: Vec<Value> = (0..count)
            .map(|_| {
                let sku = self.sku();
                self.event(&supplier, &sku)
            })
            .collect();
        (supplier, Value::from(events).to_string().into_bytes())
    }

    fn invalid(&mut self) -> (String, Vec<u8>) {
        let (key, data) = self.single();
        let data = match self.below(3) {
            0 => data[..data.len() - 1].to_vec(),
            1 => String::from_utf8_lossy(&data).replace("/suppliers/", "/others/").into_bytes(),
            _ => vec![0xff, 0xfe],
        };
        (key, data)
    }

    fn event(&mut self, supplier: &str, sku: &str) -> Value {
        self.events += 1;
        let number = self.events;
        let (kind, data) = match self.below(8) {
            0..=3 => ("stock.counted", json!({"quantity": number * 10})),
            4 | 5 => ("stock.adjusted", json!({"delta": if number.is_multiple_of(3) { -7 } else { 3 }})),
            6 => ("price.changed", json!({"amount": format!("{number}.5"), "currency": "GBP"})),
            _ => ("product.described", json!({"title": format!("title {number}")})),
        };
        // An id that was there before, with a later time: the later content is the event.
        let id = if self.below(10) == 0 { "again".to_owned() } else { format!("e{number}") };
        let late = self.world.schedule.up_to(Duration::from_secs(10));
        let time = self.world.schedule.now() - TimeDelta::from_std(late).expect("short")
            + TimeDelta::microseconds(i64::try_from(number).expect("small"));
        json!({
            "specversion": "1.0", "id": id, "source": format!("/suppliers/{supplier}"),
            "type": format!("com.retailtech.{kind}.v1"), "subject": sku,
            "time": time.to_rfc3339_opts(SecondsFormat::Micros, true), "data": data,
        })
    }

    fn supplier(&self) -> String {
        format!("s{}", self.below(self.world.plan.suppliers))
    }

    fn sku(&self) -> String {
        format!("p{}", self.below(self.world.plan.products))
    }

    fn below(&self, limit: usize) -> usize {
        self.world.schedule.below(limit)
    }
}
