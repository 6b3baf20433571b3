//! Readers of views: what they read is never older than what was acknowledged before.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Result;
use pipegen_store::Store;
use tokio::time::sleep;

use crate::journal::Journal;
use crate::records::random::Random;
use crate::sessions::again;

/// The most products of a read.
const PRODUCTS: usize = 6;

/// Reads until told to stop.
pub(crate) async fn read(store: &Store, seed: u64, journal: &Journal, stop: &AtomicBool) -> Result<()> {
    let random = &mut Random(seed);
    let mut last = BTreeMap::<String, i64>::new();
    while !stop.load(Ordering::Relaxed) {
        sleep(Duration::from_millis(random.next() % 12)).await;
        let acknowledged = journal.told.lock().acknowledged.clone();
        let skus: Vec<&str> = acknowledged.keys().map(String::as_str).collect();
        if skus.is_empty() {
            continue;
        }
        let mut wanted: Vec<&str> = (0..PRODUCTS).map(|_| skus[random.below(skus.len())]).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let views = again(store, journal, async |store| store.views(&wanted).await).await?;
        let told = &mut *journal.told.lock();
        told.figures.reads += 1;
        for sku in wanted {
            let version = views.iter().find(|view| view.sku == sku).map(|view| view.version);
            let before = last.entry(sku.to_owned()).or_default();
            let duty = (*before).max(acknowledged[sku]);
            if version.is_none_or(|version| version < duty) {
                told.violation(format!("{sku:?} was read as of {version:?}, after {duty} was acknowledged or read"));
            }
            *before = version.unwrap_or(duty);
        }
        for view in &views {
            told.saw(view);
        }
    }
    Ok(())
}
