//! Readers of the catalog, who hold each read to what was acknowledged before it began.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::Result;
use serde_json::Value;

use crate::known::Known;
use crate::pipeline::Pipeline;
use crate::records::random::Random;
use crate::suppliers::{SUPPLIERS, own_product, shared_products};

/// The reads of a reader.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) reads: u64,
    /// Answers other than a product or an unknown SKU, which a fault may cause.
    pub(crate) failures: u64,
    /// Reads of which a fault of the cache allowed that they were stale.
    pub(crate) excused: u64,
    /// Reads that showed less than was acknowledged.
    pub(crate) violations: Vec<String>,
}

/// Reads until told to stop.
pub(crate) fn read(number: u64, pipeline: &Pipeline<'_>, known: &Known, stop: &AtomicBool) -> Result<Seen> {
    let random = &mut Random(number);
    let skus: Vec<String> = SUPPLIERS.map(own_product).into_iter().chain(shared_products()).collect();
    let mut seen = Seen::default();
    while !stop.load(Ordering::Relaxed) {
        // Most reads are of the products that are counted up.
        let among = if random.below(4) == 0 { skus.len() } else { SUPPLIERS.len() };
        let sku = &skus[random.below(among)];
        let duty = known.duty(sku);
        seen.reads += 1;
        match pipeline.reader.get(sku) {
            Ok(answer) if answer.status == 200 || answer.status == 404 => {
                let view: Value = serde_json::from_str(&answer.body)?;
                let shown = view["available"].as_i64().unwrap_or(0);
                if shown < duty.count && duty.is_excused {
                    seen.excused += 1;
                } else if shown < duty.count {
                    let (count, hit) = (duty.count, answer.is_hit);
                    seen.violations.push(format!("{sku:?}: {count} was acknowledged, read {shown}, hit {hit}"));
                }
            }
            _ => seen.failures += 1,
        }
        thread::sleep(Duration::from_millis(u64::try_from(random.below(6))?));
    }
    Ok(seen)
}
