//! Single flight: readers that miss one SKU at the same time query the database once. The first one leads, the others
//! follow it and share its result.
//!
//! A follower must not get anything older than a query of its own would return: it must see every batch that was
//! acknowledged before it began. So:
//!
//! 1. A query that has not started accepts every reader.
//! 2. A query that has started accepts, for 5 s, only readers that could read the cache. If a batch was committed after
//!    the query started, they know its version from there: the cache keeps the version for longer than 5 s.
//! 3. A reader that knows of a newer version than the result's queries again.
//! 4. A reader whose leader fails or is cancelled queries again.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::Shared;
use parking_lot::Mutex;
use pipegen_store::View;
use tokio::sync::{Semaphore, SemaphorePermit, oneshot};
use tokio::time::Instant;

/// The time after its start in which a query accepts followers: as long as the cache is sure to keep a version that a
/// writer has put there.
const ACCEPTS_FOLLOWERS_FOR: Duration = Duration::from_secs(5);

/// A SKU that is not in the cache.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Miss<'a> {
    pub(crate) sku: &'a str,
    /// The version that the database has reached according to the cache, 0 if the cache knows of none; `None` if the
    /// cache could not be read.
    pub(crate) min_version: Option<i64>,
}

/// A SKU as the database has it.
#[derive(Debug)]
pub(crate) struct Fetched<'a> {
    pub(crate) sku: &'a str,
    /// `None` if the SKU is unknown.
    pub(crate) view: Option<View>,
    /// True if it was queried after this miss, and for it. Only then may the cache be filled with it.
    pub(crate) by_own_query: bool,
}

/// The queries for single SKUs that this process has in flight.
pub struct SingleFlight {
    queries: Mutex<HashMap<String, Query>>,
    /// One permit for each connection: a query without one has not started.
    connections: Semaphore,
}

/// The state of the lookup of one SKU.
#[derive(Clone, Debug)]
pub(crate) enum Lookup {
    /// The SKU has not been read yet.
    Unread,
    /// The SKU is unknown.
    Unknown,
    Known(View),
}

impl From<Option<View>> for Lookup {
    fn from(view: Option<View>) -> Self {
        view.map_or(Self::Unknown, Self::Known)
    }
}

impl Lookup {
    /// Returns the view, if one was found.
    pub(crate) fn into_view(self) -> Option<View> {
        match self {
            Self::Unread | Self::Unknown => None,
            Self::Known(view) => Some(view),
        }
    }
}

/// A query for one SKU that is waiting or running.
struct Query {
    started_at: Option<Instant>,
    result: SharedResult,
}

/// The view that a query has found, for all who wait for it. They are woken in the order in which they came.
type SharedResult = Shared<oneshot::Receiver<Option<View>>>;

/// The SKUs that one reader queries. Dropping it ends their queries; followers that have no result then query by
/// themselves.
struct Leader<'f, 'a> {
    flight: &'f SingleFlight,
    own: Vec<OwnQuery<'a>>,
}

/// A query for one SKU, to be run by this reader.
struct OwnQuery<'a> {
    sku: &'a str,
    /// Used up when the query has run.
    sender: Option<oneshot::Sender<Option<View>>>,
    result: SharedResult,
}

impl SingleFlight {
    /// Makes one for a process that has this many connections to the database.
    pub fn new(connections: u32) -> Self {
        Self { queries: Mutex::default(), connections: Semaphore::new(connections as usize) }
    }

    /// Fetches these SKUs (distinct) from the database, in any order. Runs `query` at most twice, each time for SKUs of
    /// which no other query can be followed.
    ///
    /// # Errors
    /// Those of `query`. Where another reader's query fails, this one queries by itself.
    pub(crate) async fn fetch<'a, E>(
        &self,
        misses: &[Miss<'a>],
        query: impl AsyncFn(&[&str]) -> Result<Vec<View>, E>,
    ) -> Result<Vec<Fetched<'a>>, E> {
        let (leader, followed) = self.join(misses);
        let mut fetched = leader.run(&query).await?;
        let mut left_over = Vec::new();
        for (miss, result) in followed {
            match result.await {
                Ok(view) if is_new_enough(view.as_ref(), miss) => {
                    fetched.push(Fetched { sku: miss.sku, view, by_own_query: false });
                }
                _ => left_over.push(miss.sku),
            }
        }
        fetched.extend(self.lead(left_over).run(&query).await?);
        Ok(fetched)
    }

    /// Follows each query that accepts the miss, and registers one for each of the others, in place of one that cannot
    /// be followed.
    fn join<'a>(&self, misses: &[Miss<'a>]) -> (Leader<'_, 'a>, Vec<(Miss<'a>, SharedResult)>) {
        let (mut own, mut followed) = (Vec::new(), Vec::new());
        let now = Instant::now();
        let mut queries = self.queries.lock();
        for miss in misses {
            match queries.get(miss.sku).filter(|query| query.accepts(miss, now)) {
                Some(query) => followed.push((*miss, query.result.clone())),
                None => own.push(miss.sku),
            }
        }
        (Leader::register(self, &mut queries, own), followed)
    }

    fn lead<'a>(&self, skus: Vec<&'a str>) -> Leader<'_, 'a> {
        Leader::register(self, &mut self.queries.lock(), skus)
    }
}

impl Query {
    fn accepts(&self, miss: &Miss<'_>, now: Instant) -> bool {
        self.started_at.is_none_or(|started_at| miss.min_version.is_some() && now - started_at < ACCEPTS_FOLLOWERS_FOR)
    }

    fn is(&self, own: &OwnQuery<'_>) -> bool {
        self.result.ptr_eq(&own.result)
    }
}

fn is_new_enough(view: Option<&View>, miss: Miss<'_>) -> bool {
    view.map_or(0, |view| view.version) >= miss.min_version.unwrap_or(0)
}

impl<'f, 'a> Leader<'f, 'a> {
    fn register(flight: &'f SingleFlight, queries: &mut HashMap<String, Query>, skus: Vec<&'a str>) -> Self {
        let mut own = Vec::with_capacity(skus.len());
        for sku in skus {
            let (sender, result) = oneshot::channel();
            let (sender, result) = (Some(sender), result.shared());
            queries.insert(sku.to_owned(), Query { started_at: None, result: result.clone() });
            own.push(OwnQuery { sku, sender, result });
        }
        Self { flight, own }
    }

    /// Runs the query and hands its results to the followers.
    async fn run<E>(mut self, query: &impl AsyncFn(&[&str]) -> Result<Vec<View>, E>) -> Result<Vec<Fetched<'a>>, E> {
        if self.own.is_empty() {
            return Ok(Vec::new());
        }
        let _connection = self.start().await;
        let skus: Vec<&str> = self.own.iter().map(|own| own.sku).collect();
        let mut views: HashMap<String, View> =
            query(&skus).await?.into_iter().map(|view| (view.sku.clone(), view)).collect();
        let mut fetched = Vec::with_capacity(self.own.len());
        for own in &mut self.own {
            let view = views.remove(own.sku);
            if let Some(sender) = own.sender.take() {
                // The reader itself still holds the receiver.
                sender.send(view.clone()).ok();
            }
            fetched.push(Fetched { sku: own.sku, view, by_own_query: true });
        }
        Ok(fetched)
    }

    /// Waits for a connection, then marks the queries as started.
    async fn start(&self) -> SemaphorePermit<'f> {
        let connection = self.flight.connections.acquire().await.expect("the semaphore is never closed");
        let now = Instant::now();
        let mut queries = self.flight.queries.lock();
        for own in &self.own {
            if let Some(query) = queries.get_mut(own.sku).filter(|query| query.is(own)) {
                query.started_at = Some(now);
            }
        }
        connection
    }
}

impl Drop for Leader<'_, '_> {
    fn drop(&mut self) {
        let mut queries = self.flight.queries.lock();
        for own in &self.own {
            if queries.get(own.sku).is_some_and(|query| query.is(own)) {
                queries.remove(own.sku);
            }
        }
    }
}

#[cfg(test)]
mod tests;
