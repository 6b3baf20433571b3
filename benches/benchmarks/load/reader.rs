//! Reads of the catalog beside the load: shoppers, and the one who waits until samples are visible.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::latencies::Latencies;
use super::pipeline::{agent, products};
use super::supply::{PRODUCTS, Sample, sampled_sku};
use crate::traffic::{Mix, Traffic, sku};

/// Reads a second, of all shoppers together.
pub(super) const READS: u32 = 200;
/// Shoppers who read at the same time.
pub(super) const SHOPPERS: u32 = 4;
/// The time between two looks at the samples.
const LOOK: Duration = Duration::from_millis(5);
/// The longest that an update may take.
const LIMIT: Duration = Duration::from_mins(5);

/// Reads products by Zipf's law, each when it is due since the beginning, until told to stop. Returns the times from
/// due to answered.
pub(super) fn shop(url: &str, shopper: u32, begin: Instant, stop: &AtomicBool) -> Result<Latencies> {
    let (agent, mut answered) = (agent(), Latencies::default());
    let mut traffic = Traffic::new(PRODUCTS, 1, Mix::Usual)?;
    for number in (shopper..).step_by(usize::try_from(SHOPPERS)?) {
        // Each has its own part of what chance says.
        let product = (0..SHOPPERS).map(|_| traffic.product()).nth(usize::try_from(shopper)?).context("a product")?;
        let due = Duration::from_secs(1) * number / READS;
        thread::sleep((begin + due).saturating_duration_since(Instant::now()));
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let mut response = agent.get(format!("{url}/products/{}", sku(product))).call()?;
        let text = response.body_mut().read_to_string()?;
        answered.add(due, begin.elapsed().saturating_sub(due));
        // Nobody may have sent anything about it yet.
        ensure!(matches!(response.status().as_u16(), 200 | 404), "a read failed: {} {text}", response.status());
    }
    Ok(answered)
}

/// Waits until each sample is visible. Returns the times from due to the catalog's answer that shows it.
pub(super) fn watch(url: &str, samples: &Receiver<Sample>, begin: Instant) -> Result<Latencies> {
    let (agent, mut visible) = (agent(), Latencies::default());
    let mut waiting: Vec<Sample> = Vec::new();
    loop {
        if waiting.is_empty() {
            match samples.recv_timeout(LIMIT) {
                Ok(sample) => waiting.push(sample),
                Err(RecvTimeoutError::Disconnected) => return Ok(visible),
                Err(RecvTimeoutError::Timeout) => continue,
            }
        }
        waiting.extend(samples.try_iter());
        let skus: BTreeSet<String> = waiting.iter().map(|sample| sampled_sku(sample.product)).collect();
        let skus: Vec<&str> = skus.iter().map(String::as_str).collect();
        let views = products(&agent, url, &skus)?;
        let now = begin.elapsed();
        let shown = views.iter().map(shown).collect::<Result<BTreeMap<_, _>>>()?;
        waiting.retain(|sample| {
            let is_visible = shown.get(&sampled_sku(sample.product)).is_some_and(|count| *count >= sample.count);
            if is_visible {
                visible.add(sample.due, now.saturating_sub(sample.due));
            }
            !is_visible
        });
        let late = waiting.iter().find(|sample| now.saturating_sub(sample.due) > LIMIT);
        ensure!(late.is_none(), "an update is not visible after {LIMIT:?}");
        thread::sleep(LOOK);
    }
}

/// Returns the SKU of a view, and the number available.
fn shown(view: &Value) -> Result<(String, i64)> {
    let shown = view["sku"].as_str().map(str::to_owned).zip(view["available"].as_i64());
    shown.context("a view has a SKU and a number available")
}
