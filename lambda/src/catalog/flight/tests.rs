use std::cell::{Cell, RefCell};
use std::time::Duration;

use tokio::join;
use tokio::time::{sleep, timeout};

use super::*;

/// A database whose answers take a second. It hands out the version that is current when it begins to answer.
#[derive(Default)]
struct Database {
    version: Cell<i64>,
    /// The SKUs of each query, in the order they began.
    asked: RefCell<Vec<Vec<String>>>,
    /// Queries, by their number, that fail at the end.
    fails: Cell<Option<usize>>,
}

const ANSWER: Duration = Duration::from_secs(1);

impl Database {
    async fn views(&self, skus: &[&str]) -> Result<Vec<View>, &'static str> {
        let number = self.asked.borrow().len();
        self.asked.borrow_mut().push(skus.iter().map(ToString::to_string).collect());
        let version = self.version.get();
        sleep(ANSWER).await;
        if self.fails.get() == Some(number) {
            return Err("the database is away");
        }
        let known = skus.iter().filter(|sku| **sku != "unknown");
        Ok(known.map(|sku| View { sku: (*sku).to_owned(), version, json: "{}".to_owned() }).collect())
    }

    fn asked(&self) -> Vec<Vec<String>> {
        self.asked.borrow().clone()
    }

    /// What the flights bring: SKU, version (none where unknown), whether asked here; sorted.
    async fn ask(
        &self,
        flights: &Flights,
        misses: &[(&'static str, Option<i64>)],
    ) -> Result<Vec<(&'static str, Option<i64>, bool)>, &'static str> {
        let misses: Vec<Miss<'static>> = misses.iter().map(|(sku, told)| Miss { sku, told: *told }).collect();
        let landed = flights.ask(&misses, async |skus| self.views(skus).await).await?;
        let mut landed: Vec<_> =
            landed.into_iter().map(|l| (l.sku, l.view.map(|view| view.version), l.asked_here)).collect();
        landed.sort_unstable();
        Ok(landed)
    }
}

async fn after<T>(milliseconds: u64, work: impl Future<Output = T>) -> T {
    sleep(Duration::from_millis(milliseconds)).await;
    work.await
}

#[tokio::test(start_paused = true)]
async fn overlapping_misses_ask_once() {
    let (database, flights) = (Database::default(), Flights::new(1));
    let (first, second, third) = join!(
        database.ask(&flights, &[("a", Some(0)), ("b", Some(0))]),
        after(100, database.ask(&flights, &[("b", Some(0)), ("c", Some(0))])),
        after(200, database.ask(&flights, &[("a", Some(0)), ("c", Some(0)), ("unknown", Some(0))])),
    );
    assert_eq!(database.asked(), [vec!["a", "b"], vec!["c"], vec!["unknown"]]);
    assert_eq!(first.unwrap(), [("a", Some(0), true), ("b", Some(0), true)]);
    assert_eq!(second.unwrap(), [("b", Some(0), false), ("c", Some(0), true)]);
    assert_eq!(third.unwrap(), [("a", Some(0), false), ("c", Some(0), false), ("unknown", None, true)]);
    assert!(flights.by_sku().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_miss_after_the_landing_asks_again() {
    let (database, flights) = (Database::default(), Flights::new(1));
    for _ in 0..2 {
        assert_eq!(database.ask(&flights, &[("a", Some(0))]).await.unwrap(), [("a", Some(0), true)]);
    }
    assert_eq!(database.asked().len(), 2);
}

/// A batch is committed and told while a flight is on its way. Who begins after that knows from the tombstone.
#[tokio::test(start_paused = true)]
async fn a_follower_takes_nothing_older_than_it_was_told() {
    let (database, flights) = (Database::default(), Flights::new(1));
    let (leader, follower) = join!(
        database.ask(&flights, &[("a", Some(0))]),
        after(500, async {
            database.version.set(7);
            database.ask(&flights, &[("a", Some(7))]).await
        }),
    );
    assert_eq!(leader.unwrap(), [("a", Some(0), true)]);
    assert_eq!(follower.unwrap(), [("a", Some(7), true)]);
}

/// As above, for readers to whom the cache could not say that there was a batch.
#[tokio::test(start_paused = true)]
async fn who_was_told_nothing_waits_for_a_flight_that_has_not_begun() {
    let (database, flights) = (Database::default(), Flights::new(1));
    let later = || {
        after(500, async {
            database.version.set(7);
            database.ask(&flights, &[("a", None)]).await.unwrap()
        })
    };
    let (leader, second, third, fourth) = join!(database.ask(&flights, &[("a", None)]), later(), later(), later());
    assert_eq!(leader.unwrap(), [("a", Some(0), true)]);
    assert_eq!(second, [("a", Some(7), true)]);
    assert_eq!([third, fourth], [[("a", Some(7), false)], [("a", Some(7), false)]]);
    assert_eq!(database.asked().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_flight_takes_no_followers_for_longer_than_the_cache_remembers() {
    let (database, flights) = (Database::default(), Flights::new(2));
    let slow = flights.ask(&[Miss { sku: "a", told: Some(0) }], async |skus| {
        sleep(TAKES_FOLLOWERS * 2).await;
        database.views(skus).await
    });
    let millis = u64::try_from(TAKES_FOLLOWERS.as_millis()).unwrap();
    let (slow, early, late) = join!(
        slow,
        after(millis - 1, database.ask(&flights, &[("a", Some(0))])),
        after(millis, database.ask(&flights, &[("a", Some(0))])),
    );
    assert!(slow.unwrap()[0].asked_here);
    assert_eq!(early.unwrap(), [("a", Some(0), false)]);
    assert_eq!(late.unwrap(), [("a", Some(0), true)]);
}

#[tokio::test(start_paused = true)]
async fn followers_of_a_failure_ask_themselves() {
    let (database, flights) = (Database::default(), Flights::new(1));
    database.fails.set(Some(0));
    let (leader, follower, other) = join!(
        database.ask(&flights, &[("a", Some(0))]),
        after(100, database.ask(&flights, &[("a", Some(0))])),
        after(100, database.ask(&flights, &[("a", Some(0)), ("b", Some(0))])),
    );
    assert_eq!(leader, Err("the database is away"));
    assert_eq!(follower.unwrap(), [("a", Some(0), true)]);
    assert_eq!(other.unwrap(), [("a", Some(0), true), ("b", Some(0), true)]);
    assert!(flights.by_sku().is_empty());
}

#[tokio::test(start_paused = true)]
async fn followers_of_a_cancelled_leader_ask_themselves() {
    let (database, flights) = (Database::default(), Flights::new(1));
    let (leader, follower) = join!(
        timeout(ANSWER / 2, database.ask(&flights, &[("a", Some(0))])),
        after(100, database.ask(&flights, &[("a", Some(0))])),
    );
    assert!(leader.is_err(), "cancelled");
    assert_eq!(follower.unwrap(), [("a", Some(0), true)]);
    assert!(flights.by_sku().is_empty());
}

/// One that waits for the only connection can be cancelled, too; and who comes then must not find its remains.
#[tokio::test(start_paused = true)]
async fn a_leader_cancelled_before_it_begins_strands_nobody() {
    let (database, flights) = (Database::default(), Flights::new(1));
    let (_, waiting, follower) = join!(
        database.ask(&flights, &[("b", Some(0))]),
        after(100, timeout(ANSWER / 2, database.ask(&flights, &[("a", Some(0))]))),
        after(200, database.ask(&flights, &[("a", Some(0))])),
    );
    assert!(waiting.is_err(), "cancelled");
    assert_eq!(follower.unwrap(), [("a", Some(0), true)]);
    assert!(flights.by_sku().is_empty());
}

/// The flight that was replaced lands first; it must not take the newer one's place away.
#[tokio::test(start_paused = true)]
async fn a_landing_leaves_the_flight_that_replaced_it() {
    let (database, flights) = (Database::default(), Flights::new(2));
    let (_, second, third) = join!(
        database.ask(&flights, &[("a", None)]),
        after(500, database.ask(&flights, &[("a", None)])),
        after(1200, database.ask(&flights, &[("a", Some(0))])),
    );
    assert_eq!(second.unwrap(), [("a", Some(0), true)]);
    assert_eq!(third.unwrap(), [("a", Some(0), false)], "follows the second");
}
