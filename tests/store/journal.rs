//! The journal of a history: everything that the store told its sessions, and that they saw.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use pipegen_store::{Crossing, FeedPlace, ProductVersion, View};
use serde_json::Value;

use crate::events::Delivery;
use crate::model::decode::Event;

/// The journal of a history.
#[derive(Default)]
pub(crate) struct Journal {
    pub(crate) told: Mutex<Told>,
}

/// Everything that was told so far.
#[derive(Default)]
pub(crate) struct Told {
    /// Breaches of what must hold.
    pub(crate) violations: Vec<String>,
    pub(crate) accepted: HashMap<Delivery, Event>,
    /// Of this round: the times of events by the history's clock, and whether each was rejected.
    pub(crate) judged: Vec<(DateTime<Utc>, bool)>,
    /// The last acknowledged version of each product.
    pub(crate) acknowledged: BTreeMap<String, i64>,
    /// The number available in each version of a product.
    available: HashMap<(String, i64), i64>,
    /// Every view that was read, by its version.
    views: HashMap<(String, i64), String>,
    /// The greatest version that was added to the pending ones, and that the cache has had when they were settled.
    pub(crate) added: BTreeMap<String, i64>,
    pub(crate) settled: BTreeMap<String, i64>,
    /// By product and version: how often it crossed, and the state then.
    pub(crate) crossings: BTreeMap<(String, i64), (i32, bool)>,
    /// Of this round: the pages of the feed from one place to another.
    pub(crate) pages: Vec<FeedPart>,
    pub(crate) figures: Figures,
}

/// The changes that a follower was told between two places.
pub(crate) struct FeedPart {
    pub(crate) from: FeedPlace,
    pub(crate) to: FeedPlace,
    pub(crate) skus: BTreeSet<String>,
}

/// The figures of a history.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Figures {
    pub(crate) batches: u64,
    pub(crate) events: u64,
    pub(crate) rejected: u64,
    pub(crate) died: u64,
    pub(crate) retried: u64,
    pub(crate) pruned: u64,
    pub(crate) reads: u64,
    pub(crate) pages: u64,
    pub(crate) crossings: u64,
    pub(crate) deadlocks: u64,
}

impl Told {
    pub(crate) fn violation(&mut self, text: String) {
        self.violations.push(text);
    }

    /// Notes the versions that were returned with an acknowledged batch.
    pub(crate) fn acknowledge(&mut self, products: &[ProductVersion]) {
        for product in products {
            let last = self.acknowledged.entry(product.sku.clone()).or_default();
            *last = (*last).max(product.version);
            self.note_available(&product.sku, product.version, product.available);
        }
    }

    pub(crate) fn add(&mut self, products: &[ProductVersion]) {
        raise(&mut self.added, products);
    }

    pub(crate) fn settle(&mut self, products: &[ProductVersion]) {
        raise(&mut self.settled, products);
    }

    /// Notes a view that was read. A version has one view.
    pub(crate) fn saw(&mut self, view: &View) {
        let mut content: Value = serde_json::from_str(&view.json).unwrap_or_default();
        if content["sku"] != *view.sku || content["version"] != view.version {
            self.violation(format!("{:?} of {} was read as {}", view.sku, view.version, view.json));
        }
        let available = content["available"].as_i64().unwrap_or(i64::MIN);
        self.note_available(&view.sku, view.version, available);
        content["updated_at"].take();
        let content = content.to_string();
        let first = self.views.entry((view.sku.clone(), view.version)).or_insert_with(|| content.clone());
        if *first != content {
            let first = first.clone();
            self.violation(format!("one version has two views: {first} and {content}"));
        }
    }

    fn note_available(&mut self, sku: &str, version: i64, available: i64) {
        let first = *self.available.entry((sku.to_owned(), version)).or_insert(available);
        if first != available {
            self.violation(format!("of {sku:?} in version {version} both {first} and {available} are available"));
        }
    }

    /// Notes a crossing that is told. Once it is closed it changes no more.
    pub(crate) fn cross(&mut self, crossing: &Crossing) {
        let key = (crossing.sku.clone(), crossing.version);
        let now = (crossing.crossings, crossing.is_low);
        let first = *self.crossings.entry(key).or_insert(now);
        if first != now {
            self.violation(format!("a closed crossing of {:?} changed from {first:?} to {now:?}", crossing.sku));
        }
    }
}

fn raise(greatest: &mut BTreeMap<String, i64>, products: &[ProductVersion]) {
    for product in products {
        let version = greatest.entry(product.sku.clone()).or_default();
        *version = (*version).max(product.version);
    }
}
