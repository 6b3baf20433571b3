use std::cell::{Cell, RefCell};
use std::time::Duration;

use tokio::join;
use tokio::time::{sleep, timeout};

use super::*;

/// A database whose answers take a second. It hands out the version that is current when it begins to answer.
#[derive(Default)]
struct SlowDatabase {
    version: Cell<i64>,
    /// The SKUs of each query, in the order they began.
    queried: RefCell<Vec<Vec<String>>>,
    /// Queries, by their number, that fail at the end.
    fails: Cell<Option<usize>>,
}

const ANSWER: Duration = Duration::from_secs(1);

impl SlowDatabase {
    async fn views(&self, skus: &[&str]) -> Result<Vec<View>, &'static str> {
        let number = self.queried.borrow().len();
        self.queried.borrow_mut().push(skus.iter().map(ToString::to_string).collect());
        let version = self.version.get();
        sleep(ANSWER).await;
        if self.fails.get() == Some(number) {
            return Err("the database is unavailable");
        }
        let known = skus.iter().filter(|sku| **sku != "unknown");
        Ok(known.map(|sku| View { sku: (*sku).to_owned(), version, json: "{}".to_owned() }).collect())
    }

    fn queried(&self) -> Vec<Vec<String>> {
        self.queried.borrow().clone()
    }

    /// Fetches these SKUs: SKU, version (`None` where unknown), whether by an own query; sorted.
    async fn fetch(
        &self,
        flight: &SingleFlight,
        misses: &[(&'static str, Option<i64>)],
    ) -> Result<Vec<(&'static str, Option<i64>, bool)>, &'static str> {
        let misses: Vec<Miss<'static>> =
            misses.iter().map(|(sku, min_version)| Miss { sku, min_version: *min_version }).collect();
        let fetched = flight.fetch(&misses, async |skus| self.views(skus).await).await?;
        let mut fetched: Vec<_> =
            fetched.into_iter().map(|one| (one.sku, one.view.map(|view| view.version), one.by_own_query)).collect();
        fetched.sort_unstable();
        Ok(fetched)
    }
}

/// Waits, then does the work.
async fn after<T>(milliseconds: u64, work: impl Future<Output = T>) -> T {
    sleep(Duration::from_millis(milliseconds)).await;
    work.await
}

#[tokio::test(start_paused = true)]
async fn overlapping_misses_query_once() {
    let (database, flight) = (SlowDatabase::default(), SingleFlight::new(1));
    let (first, second, third) = join!(
        database.fetch(&flight, &[("a", Some(0)), ("b", Some(0))]),
        after(100, database.fetch(&flight, &[("b", Some(0)), ("c", Some(0))])),
        after(200, database.fetch(&flight, &[("a", Some(0)), ("c", Some(0)), ("unknown", Some(0))])),
    );
    assert_eq!(database.queried(), [vec!["a", "b"], vec!["c"], vec!["unknown"]]);
    assert_eq!(first.unwrap(), [("a", Some(0), true), ("b", Some(0), true)]);
    assert_eq!(second.unwrap(), [("b", Some(0), false), ("c", Some(0), true)]);
    assert_eq!(third.unwrap(), [("a", Some(0), false), ("c", Some(0), false), ("unknown", None, true)]);
    assert!(flight.queries.lock().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_miss_after_the_result_queries_again() {
    let (database, flight) = (SlowDatabase::default(), SingleFlight::new(1));
    for _ in 0..2 {
        assert_eq!(database.fetch(&flight, &[("a", Some(0))]).await.unwrap(), [("a", Some(0), true)]);
    }
    assert_eq!(database.queried().len(), 2);
}

/// A batch is committed and the cache refreshed while a query is running. A reader that begins after that knows from
/// the tombstone.
#[tokio::test(start_paused = true)]
async fn a_follower_takes_nothing_older_than_its_minimum_version() {
    let (database, flight) = (SlowDatabase::default(), SingleFlight::new(1));
    let (leader, follower) = join!(
        database.fetch(&flight, &[("a", Some(0))]),
        after(500, async {
            database.version.set(7);
            database.fetch(&flight, &[("a", Some(7))]).await
        }),
    );
    assert_eq!(leader.unwrap(), [("a", Some(0), true)]);
    assert_eq!(follower.unwrap(), [("a", Some(7), true)]);
}

/// As above, for readers that could not read the cache.
#[tokio::test(start_paused = true)]
async fn a_reader_without_a_minimum_version_follows_only_a_query_that_has_not_started() {
    let (database, flight) = (SlowDatabase::default(), SingleFlight::new(1));
    let later = || {
        after(500, async {
            database.version.set(7);
            database.fetch(&flight, &[("a", None)]).await.unwrap()
        })
    };
    let (leader, second, third, fourth) = join!(database.fetch(&flight, &[("a", None)]), later(), later(), later());
    assert_eq!(leader.unwrap(), [("a", Some(0), true)]);
    assert_eq!(second, [("a", Some(7), true)]);
    assert_eq!([third, fourth], [[("a", Some(7), false)], [("a", Some(7), false)]]);
    assert_eq!(database.queried().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_query_accepts_no_followers_for_longer_than_the_cache_remembers() {
    let (database, flight) = (SlowDatabase::default(), SingleFlight::new(2));
    let slow = flight.fetch(&[Miss { sku: "a", min_version: Some(0) }], async |skus| {
        sleep(ACCEPTS_FOLLOWERS_FOR * 2).await;
        database.views(skus).await
    });
    let millis = u64::try_from(ACCEPTS_FOLLOWERS_FOR.as_millis()).unwrap();
    let (slow, early, late) = join!(
        slow,
        after(millis - 1, database.fetch(&flight, &[("a", Some(0))])),
        after(millis, database.fetch(&flight, &[("a", Some(0))])),
    );
    assert!(slow.unwrap()[0].by_own_query);
    assert_eq!(early.unwrap(), [("a", Some(0), false)]);
    assert_eq!(late.unwrap(), [("a", Some(0), true)]);
}

#[tokio::test(start_paused = true)]
async fn followers_of_a_failure_query_by_themselves() {
    let (database, flight) = (SlowDatabase::default(), SingleFlight::new(1));
    database.fails.set(Some(0));
    let (leader, follower, other) = join!(
        database.fetch(&flight, &[("a", Some(0))]),
        after(100, database.fetch(&flight, &[("a", Some(0))])),
        after(100, database.fetch(&flight, &[("a", Some(0)), ("b", Some(0))])),
    );
    assert_eq!(leader, Err("the database is unavailable"));
    assert_eq!(follower.unwrap(), [("a", Some(0), true)]);
    assert_eq!(other.unwrap(), [("a", Some(0), true), ("b", Some(0), true)]);
    assert!(flight.queries.lock().is_empty());
}

#[tokio::test(start_paused = true)]
async fn followers_of_a_cancelled_leader_query_by_themselves() {
    let (database, flight) = (SlowDatabase::default(), SingleFlight::new(1));
    let (leader, follower) = join!(
        timeout(ANSWER / 2, database.fetch(&flight, &[("a", Some(0))])),
        after(100, database.fetch(&flight, &[("a", Some(0))])),
    );
    assert!(leader.is_err(), "cancelled");
    assert_eq!(follower.unwrap(), [("a", Some(0), true)]);
    assert!(flight.queries.lock().is_empty());
}

/// A leader that waits for the only connection can be cancelled, too; a reader that comes then must not find its
/// remains.
#[tokio::test(start_paused = true)]
async fn a_leader_cancelled_before_it_starts_strands_nobody() {
    let (database, flight) = (SlowDatabase::default(), SingleFlight::new(1));
    let (_, waiting, follower) = join!(
        database.fetch(&flight, &[("b", Some(0))]),
        after(100, timeout(ANSWER / 2, database.fetch(&flight, &[("a", Some(0))]))),
        after(200, database.fetch(&flight, &[("a", Some(0))])),
    );
    assert!(waiting.is_err(), "cancelled");
    assert_eq!(follower.unwrap(), [("a", Some(0), true)]);
    assert!(flight.queries.lock().is_empty());
}

/// The query that was replaced ends first; it must not remove the newer one.
#[tokio::test(start_paused = true)]
async fn a_query_leaves_the_one_that_replaced_it() {
    let (database, flight) = (SlowDatabase::default(), SingleFlight::new(2));
    let (_, second, third) = join!(
        database.fetch(&flight, &[("a", None)]),
        after(500, database.fetch(&flight, &[("a", None)])),
        after(1200, database.fetch(&flight, &[("a", Some(0))])),
    );
    assert_eq!(second.unwrap(), [("a", Some(0), true)]);
    assert_eq!(third.unwrap(), [("a", Some(0), false)], "follows the second");
}
