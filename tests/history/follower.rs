//! A reader that follows the feed of changes, and keeps what it was told.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use crate::pipeline::Pipeline;
use crate::suppliers::{SUPPLIERS, own_product};

/// The time in which the end of the feed is reached once everything is healed.
const CAUGHT_UP: Duration = Duration::from_secs(30);

/// The time between two pages of which the first was the last, or failed.
const PAUSE: Duration = Duration::from_millis(50);

/// The copy of the catalog that a follower keeps.
#[derive(Clone, Debug, Default)]
pub(crate) struct Followed {
    pub(crate) versions: BTreeMap<String, u64>,
    pub(crate) counts: BTreeMap<String, i64>,
    pub(crate) pages: u64,
}

/// Follows until told to stop, and then to the end.
pub(crate) fn follow(pipeline: &Pipeline<'_>, stop: &AtomicBool) -> Result<Followed> {
    let (mut followed, mut cursor) = (Followed::default(), None);
    let mut deadline = None;
    loop {
        let is_stopped = stop.load(Ordering::Relaxed);
        if is_stopped {
            let deadline = *deadline.get_or_insert_with(|| Instant::now() + CAUGHT_UP);
            ensure!(Instant::now() < deadline, "the feed of changes has no end");
        }
        // The feed keeps back what comes after a running transaction, and there may be one whose client is gone.
        let is_ending = is_stopped && pipeline.running_transactions()? == 0;
        // An answer that does not come, or is an error, is asked for again.
        if let Ok(Some(page)) = pipeline.changes(cursor.as_deref()) {
            let changes = page["changes"].as_array().context("a page without changes")?;
            for view in changes {
                let sku = view["sku"].as_str().context("a view without a SKU")?;
                let version = view["version"].as_u64().context("a view without a version")?;
                let known = followed.versions.entry(sku.to_owned()).or_default();
                ensure!(version >= *known, "{sku:?} went back from version {known} to {version} in the feed");
                *known = version;
                // A supplier's own product is counted up, in the order of its partition key.
                let count = view["available"].as_i64().unwrap_or(0);
                let counted = followed.counts.entry(sku.to_owned()).or_default();
                let is_own = SUPPLIERS.map(own_product).iter().any(|own| own == sku);
                ensure!(!is_own || count >= *counted, "{sku:?} went back from {counted} to {count} in the feed");
                *counted = count;
            }
            followed.pages += 1;
            cursor = Some(page["next"].as_str().context("a page without a cursor")?.to_owned());
            if !changes.is_empty() || page["more"] == true {
                continue;
            }
            if is_ending {
                return Ok(followed);
            }
        }
        thread::sleep(PAUSE);
    }
}
