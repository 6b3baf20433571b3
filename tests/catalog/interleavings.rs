//! Concurrent readers and writers. Once a batch is acknowledged, no read that begins later may return anything older.
//! Only where the cache could not be refreshed or has lost an entry may it be stale, until the entry expires or is
//! refreshed.
//!
//! The database has responded to a "held" reader, but the reader has not received the response yet.

use std::time::Duration;

use pipegen_lambda::refresh::refresh;
use pipegen_lambda::resources::CatalogResources;
use tokio::join;
use tokio::time::{sleep, timeout};

use crate::proxy::Proxy;
use crate::test_products::{
    TestProducts, VIEW_SECONDS, cache, cache_url, database_url, get, query, reader, reader_of, request, seen, version,
};

/// The name that each use of a prepared statement names.
const STATEMENT: &str = "sqlx_s_";

fn hit(version: i64) -> (i64, String) {
    (version, "hit".to_owned())
}

fn miss(version: i64) -> (i64, String) {
    (version, "miss".to_owned())
}

/// Makes a reader for which the database's responses about products are held.
async fn held_reader() -> (Proxy, CatalogResources) {
    held_reader_with(cache_url()).await
}

/// Makes one that uses this cache. Its statement is prepared, so that the response which is held is the one with the
/// products.
async fn held_reader_with(cache: &str) -> (Proxy, CatalogResources) {
    let proxy = Proxy::before(database_url()).await;
    let reader = reader_of(&proxy.url, cache);
    reader.database.run(async |store| store.views(&["nothing"]).await).await.unwrap();
    proxy.hold_from_next(STATEMENT);
    (proxy, reader)
}

/// Runs a held read, and work that is done before the reader receives the response.
async fn overtaken<A, B>(read: impl AsyncFnOnce(&CatalogResources) -> A, work: impl Future<Output = B>) -> (A, B) {
    let (proxy, slow) = held_reader().await;
    join!(read(&slow), async {
        proxy.holding().await;
        let done = work.await;
        proxy.release();
        done
    })
}

#[tokio::test]
async fn a_batch_replaces_a_cached_view() {
    let (products, reader) = (TestProducts::new().await, reader());
    let sku = products.sku("a");
    let old = products.process(&sku, 1).await;
    assert_eq!(seen(&sku, &reader).await, miss(old.version));
    let new = products.process(&sku, 2).await;
    assert_eq!(seen(&sku, &reader).await, hit(new.version));
}

#[tokio::test]
async fn a_slow_reader_fills_in_nothing_older_than_a_batch() {
    let products = TestProducts::new().await;
    let sku = products.sku("a");
    let old = products.commit(&sku, 1).await;
    let (slow_saw, new) = overtaken(async |slow| seen(&sku, slow).await, Box::pin(products.process(&sku, 2))).await;
    assert_eq!(slow_saw, miss(old.version), "it began before the batch");
    assert_eq!(seen(&sku, &reader()).await, miss(new.version));
    assert_eq!(seen(&sku, &reader()).await, hit(new.version));
}

#[tokio::test]
async fn a_slow_reader_does_not_hide_a_new_product() {
    let products = TestProducts::new().await;
    let sku = products.sku("a");
    let (slow_saw, new) = overtaken(async |slow| get(&sku, slow).await, Box::pin(products.process(&sku, 1))).await;
    assert_eq!(slow_saw.status_code, 404, "it began before the batch");
    assert_eq!(seen(&sku, &reader()).await, miss(new.version));
}

#[tokio::test]
async fn a_product_that_comes_into_being_is_seen_at_once() {
    let (products, reader) = (TestProducts::new().await, reader());
    let sku = products.sku("a");
    assert_eq!(get(&sku, &reader).await.status_code, 404);
    let new = products.process(&sku, 1).await;
    assert_eq!(seen(&sku, &reader).await, hit(new.version));
}

/// The processor dies between the commit and the cache; meanwhile a slow reader fills in what it had read before the
/// commit.
#[tokio::test]
async fn a_redelivered_batch_repairs_what_a_crash_left() {
    let products = TestProducts::new().await;
    let sku = products.sku("a");
    let old = products.commit(&sku, 1).await;
    let (_, new) = overtaken(async |slow| seen(&sku, slow).await, Box::pin(products.commit(&sku, 2))).await;
    assert_eq!(seen(&sku, &reader()).await, hit(old.version), "not acknowledged yet");
    // Applying it again changes nothing, and its entry is refreshed all the same.
    products.refresh(&new).await;
    assert_eq!(seen(&sku, &reader()).await, hit(new.version));
    products.refresh(&new).await;
    assert_eq!(seen(&sku, &reader()).await, hit(new.version));
}

/// The cache is refreshed in another order than that of the commits.
#[tokio::test]
async fn a_late_refresh_of_an_older_batch_changes_nothing() {
    let (products, reader) = (TestProducts::new().await, reader());
    let sku = products.sku("a");
    let old = products.commit(&sku, 1).await;
    let new = products.process(&sku, 2).await;
    products.refresh(&old).await;
    assert_eq!(seen(&sku, &reader).await, miss(new.version));
    products.refresh(&old).await;
    assert_eq!(seen(&sku, &reader).await, hit(new.version));
}

/// The one case of a stale entry: the tombstone is evicted (or lost in a failover to an empty cache) before the slow
/// reader fills. It lasts no longer than the entry, and the next refresh repairs it.
#[tokio::test]
async fn a_lost_tombstone_has_a_bounded_effect_and_is_repaired() {
    let products = TestProducts::new().await;
    let sku = products.sku("a");
    let old = products.commit(&sku, 1).await;
    let forgotten = async {
        let new = products.process(&sku, 2).await;
        products.evict(&sku).await;
        new
    };
    let (_, new) = overtaken(async |slow| seen(&sku, slow).await, Box::pin(forgotten)).await;
    assert_eq!(seen(&sku, &reader()).await, hit(old.version));
    assert!((1..=i64::from(VIEW_SECONDS)).contains(&products.seconds(&sku).await));
    products.refresh(&new).await;
    assert_eq!(seen(&sku, &reader()).await, hit(new.version));
}

#[tokio::test]
async fn an_evicted_view_is_read_again() {
    let (products, reader) = (TestProducts::new().await, reader());
    let sku = products.sku("a");
    seen_after(&products, &sku, &reader).await;
    let new = products.process(&sku, 2).await;
    products.evict(&sku).await;
    assert_eq!(seen(&sku, &reader).await, miss(new.version));
}

async fn seen_after(products: &TestProducts, sku: &str, reader: &CatalogResources) {
    let old = products.process(sku, 1).await;
    assert_eq!(seen(sku, reader).await, miss(old.version));
}

/// The writer cannot refresh: its circuit is open, the refresh is pending. Readers may see the old entry until it is
/// drained.
#[tokio::test]
async fn an_entry_that_could_not_be_refreshed_is_repaired_by_the_next_refresh() {
    let (products, reader) = (TestProducts::new().await, reader());
    let sku = products.sku("a");
    let old = products.process(&sku, 1).await;
    assert_eq!(seen(&sku, &reader).await, miss(old.version));
    let (writer, new) = (cache("redis://127.0.0.1:1/", VIEW_SECONDS), products.commit(&sku, 2).await);
    assert!(refresh(&products.database, &writer, &[version(&new)]).await.is_err());
    assert!(refresh(&products.database, &writer, &[version(&new)]).await.is_err(), "the circuit is open");
    assert_eq!(seen(&sku, &reader).await, hit(old.version));
    assert!((1..=i64::from(VIEW_SECONDS)).contains(&products.seconds(&sku).await));
    products.refresh(&new).await;
    assert_eq!(seen(&sku, &reader).await, hit(new.version));
}

/// The reader cannot read the cache: it reads the database, and fills in nothing, since it has no time of a miss.
#[tokio::test]
async fn a_reader_without_a_cache_is_current_and_fills_nothing() {
    let products = TestProducts::new().await;
    let sku = products.sku("a");
    let reader = reader_of(database_url(), "redis://127.0.0.1:1/");
    for quantity in 1..4 {
        let view = products.process(&sku, quantity).await;
        assert_eq!(seen(&sku, &reader).await, miss(view.version));
        assert_eq!(products.entry(&sku).await, (Some(view.version.to_string()), None), "the tombstone");
    }
}

/// A read that begins after a batch was acknowledged must not get the result of a query that began before.
#[tokio::test]
async fn a_follower_sees_a_batch_that_its_leader_does_not() {
    let products = TestProducts::new().await;
    let (a, b) = (products.sku("a"), products.sku("b"));
    let old = products.commit(&a, 1).await;
    products.commit(&b, 1).await;
    let (proxy, shared) = held_reader().await;
    let (leader, (follower, many, new)) = join!(seen(&a, &shared), async {
        proxy.holding().await;
        let new = products.process(&a, 2).await;
        let (follower, many, ()) = join!(
            seen(&a, &shared),
            // Requests other products at the same time.
            async { request("GET", "/products", &query(&[&b, &a]), &[], &shared).await },
            async {
                // The leader receives its response when both have found their miss.
                sleep(Duration::from_millis(100)).await;
                proxy.release();
            }
        );
        (follower, many, new)
    });
    assert_eq!(leader, miss(old.version));
    assert_eq!(follower, miss(new.version));
    assert!(many.body.unwrap().contains(&new.json));
    assert_eq!(seen(&a, &reader()).await, hit(new.version));
}

/// As before, for readers that cannot read the cache.
#[tokio::test]
async fn a_follower_without_a_cache_sees_a_batch_that_its_leader_does_not() {
    let products = TestProducts::new().await;
    let sku = products.sku("a");
    let old = products.commit(&sku, 1).await;
    let (proxy, shared) = held_reader_with("redis://127.0.0.1:1/").await;
    let (leader, (follower, new)) = join!(seen(&sku, &shared), async {
        proxy.holding().await;
        let new = products.process(&sku, 2).await;
        let (follower, ()) = join!(seen(&sku, &shared), async {
            sleep(Duration::from_millis(100)).await;
            proxy.release();
        });
        (follower, new)
    });
    assert_eq!(leader, miss(old.version));
    assert_eq!(follower, miss(new.version));
}

/// A follower must not fill: its leader queried before the follower's miss. Here the leader's own fill comes too late,
/// and the tombstone is gone; with the time of the follower's miss, the old view would be accepted.
#[tokio::test]
async fn a_follower_fills_nothing() {
    let products = TestProducts::new().await;
    let sku = products.sku("a");
    let old = products.commit(&sku, 1).await;
    let (proxy, shared) = held_reader().await;
    let (leader, (follower, new)) = join!(seen(&sku, &shared), async {
        proxy.holding().await;
        let new = products.process(&sku, 2).await;
        products.evict(&sku).await;
        sleep(Duration::from_millis(4_500)).await;
        let (follower, ()) = join!(seen(&sku, &shared), async {
            sleep(Duration::from_millis(700)).await;
            proxy.release();
        });
        (follower, new)
    });
    assert_eq!((leader, follower), (miss(old.version), miss(old.version)), "the cache has lost the tombstone");
    assert_eq!(products.entry(&sku).await, (None, None));
    assert_eq!(seen(&sku, &reader()).await, miss(new.version));
}

#[tokio::test]
async fn concurrent_misses_query_the_database_once() {
    let products = TestProducts::new().await;
    let sku = products.sku("a");
    let view = products.process(&sku, 1).await;
    let (proxy, shared) = held_reader().await;
    let before = proxy.statements(&[]);
    let read = || seen(&sku, &shared);
    let (a, b, c, d, ()) = join!(read(), read(), read(), read(), async {
        proxy.holding().await;
        // The response arrives when all have found their miss.
        sleep(Duration::from_millis(100)).await;
        proxy.release();
    });
    assert_eq!([a, b, c, d], [(); 4].map(|()| miss(view.version)));
    assert_eq!(proxy.statements(&[]), before + 1);
}

#[tokio::test]
async fn a_reader_that_is_cut_off_strands_nobody() {
    let products = TestProducts::new().await;
    let sku = products.sku("a");
    let view = products.process(&sku, 1).await;
    let (proxy, shared) = held_reader().await;
    let (leader, follower) = join!(timeout(Duration::from_millis(300), seen(&sku, &shared)), async {
        proxy.holding().await;
        let cut_off = async {
            sleep(Duration::from_millis(500)).await;
            proxy.release();
        };
        join!(get(&sku, &shared), cut_off).0
    });
    assert!(leader.is_err(), "cut off");
    assert!(follower.body.unwrap().contains(&view.json));
}
