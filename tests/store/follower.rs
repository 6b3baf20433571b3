//! Followers of the changes feed, who keep what they are told.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Result;
use chrono::TimeDelta;
use pipegen_store::{Cursor, FeedPlace, PageLimits, Store};
use tokio::time::{Instant, sleep};

use crate::journal::{FeedPart, Journal};
use crate::records::random::Random;
use crate::sessions::again;

/// The time in which a follower knows everything once all is at rest. Transactions of other histories hold it up, too.
const CAUGHT_UP: Duration = Duration::from_secs(5);

/// A follower of the feed.
pub(crate) struct Follower {
    /// Begins anew now and then.
    pub(crate) is_forgetful: bool,
    cursor: Option<Cursor>,
    /// The last version of each product.
    versions: BTreeMap<String, i64>,
}

impl Follower {
    pub(crate) fn new(is_forgetful: bool) -> Self {
        Self { is_forgetful, cursor: None, versions: BTreeMap::new() }
    }

    /// Lets time pass.
    pub(crate) fn pass(&mut self, time: TimeDelta) {
        let Some(Cursor::Listing { since: Some(place), .. } | Cursor::Changes(Some(place))) = &mut self.cursor else {
            return;
        };
        place.changed_at -= time;
    }

    /// Follows until told to stop.
    pub(crate) async fn follow(
        &mut self,
        store: &Store,
        seed: u64,
        journal: &Journal,
        stop: &AtomicBool,
    ) -> Result<()> {
        let random = &mut Random(seed);
        while !stop.load(Ordering::Relaxed) {
            if self.is_forgetful && random.below(25) == 0 {
                (self.cursor, self.versions) = (None, BTreeMap::new());
            }
            self.page(store, 1 + random.below(40), journal).await?;
            sleep(Duration::from_millis(random.next() % 15)).await;
        }
        Ok(())
    }

    /// Follows until it has every product in this version.
    pub(crate) async fn catch_up(
        &mut self,
        store: &Store,
        products: &BTreeMap<String, i64>,
        journal: &Journal,
    ) -> Result<()> {
        let deadline = Instant::now() + CAUGHT_UP;
        loop {
            let more = self.page(store, 100, journal).await?;
            if !more && self.versions == *products {
                return Ok(());
            }
            if Instant::now() > deadline {
                let missed = products.iter().find(|(sku, version)| self.versions.get(*sku) != Some(version));
                let had = missed.map(|(sku, _)| self.versions.get(sku));
                let text = format!("the feed did not tell of {missed:?}, but {had:?}");
                journal.told.lock().violation(text);
                return Ok(());
            }
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Reads a page, and tells whether there is more.
    async fn page(&mut self, store: &Store, products: usize, journal: &Journal) -> Result<bool> {
        // A few views, so that many pages end before the most products are on them.
        let limits = PageLimits { products, bytes: 700, size: |view| view.json.len() };
        let page = again(store, journal, async |store| store.changes(self.cursor.as_ref(), limits).await).await?;
        let told = &mut *journal.told.lock();
        told.figures.pages += 1;
        for view in &page.views {
            told.saw(view);
            let known = self.versions.entry(view.sku.clone()).or_default();
            if view.version < *known {
                told.violation(format!("{:?} went back from {known} to {} in the feed", view.sku, view.version));
            }
            *known = view.version;
        }
        if let (Some(from), Some(to)) = (place(self.cursor.as_ref()), place(Some(&page.next))) {
            told.pages.push(FeedPart { from, to, skus: page.views.into_iter().map(|view| view.sku).collect() });
        }
        self.cursor = Some(page.next);
        Ok(page.more)
    }
}

fn place(cursor: Option<&Cursor>) -> Option<FeedPlace> {
    if let Some(Cursor::Changes(place)) = cursor { *place } else { None }
}
