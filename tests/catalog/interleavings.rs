//! Readers and writers in each other's way. What must hold: once a batch is acknowledged, no read that begins later
//! returns anything older; only where the cache could not be told or has forgotten may an entry be stale, until it expires or the
//! cache is told again.
//!
//! "Held" readers have been answered by the database, but do not know it yet.

use std::slice::from_ref;
use std::time::Duration;

use pipegen_lambda::resources::CatalogResources;
use tokio::join;
use tokio::time::{sleep, timeout};

use crate::proxy::Proxy;
use crate::world::{VIEW_SECONDS, World, cache, cache_url, database_url, get, query, reader, reader_of, request, seen};

/// In the statement that reads the products.
const PRODUCTS: &str = "from product";

fn hit(version: i64) -> (i64, String) {
    (version, "hit".to_owned())
}

fn miss(version: i64) -> (i64, String) {
    (version, "miss".to_owned())
}

/// A reader whose database answers are held when they are asked for products.
async fn held_reader() -> (Proxy, CatalogResources) {
    let proxy = Proxy::before(database_url()).await;
    proxy.hold_from(PRODUCTS);
    let reader = reader_of(&proxy.url, cache_url());
    (proxy, reader)
}

/// What a held reader reads, and what comes of the work that is done before it learns that.
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
    let (world, reader) = (World::new().await, reader());
    let sku = world.sku("a");
    let old = world.process(&sku, 1).await;
    assert_eq!(seen(&sku, &reader).await, miss(old.version));
    let new = world.process(&sku, 2).await;
    assert_eq!(seen(&sku, &reader).await, hit(new.version));
}

#[tokio::test]
async fn a_slow_reader_fills_in_nothing_older_than_a_batch() {
    let world = World::new().await;
    let sku = world.sku("a");
    let old = world.commit(&sku, 1).await;
    let (slow_saw, new) = overtaken(async |slow| seen(&sku, slow).await, world.process(&sku, 2)).await;
    assert_eq!(slow_saw, miss(old.version), "it began before the batch");
    assert_eq!(seen(&sku, &reader()).await, miss(new.version));
    assert_eq!(seen(&sku, &reader()).await, hit(new.version));
}

#[tokio::test]
async fn a_slow_reader_does_not_hide_a_new_product() {
    let world = World::new().await;
    let sku = world.sku("a");
    let (slow_saw, new) = overtaken(async |slow| get(&sku, slow).await, world.process(&sku, 1)).await;
    assert_eq!(slow_saw.status_code, 404, "it began before the batch");
    assert_eq!(seen(&sku, &reader()).await, miss(new.version));
}

#[tokio::test]
async fn a_product_that_comes_into_being_is_seen_at_once() {
    let (world, reader) = (World::new().await, reader());
    let sku = world.sku("a");
    assert_eq!(get(&sku, &reader).await.status_code, 404);
    let new = world.process(&sku, 1).await;
    assert_eq!(seen(&sku, &reader).await, hit(new.version));
}

/// The processor dies between the commit and the cache; meanwhile a slow reader fills in what it had read before the commit.
#[tokio::test]
async fn a_redelivered_batch_repairs_what_a_crash_left() {
    let world = World::new().await;
    let sku = world.sku("a");
    let old = world.commit(&sku, 1).await;
    let (_, new) = overtaken(async |slow| seen(&sku, slow).await, world.commit(&sku, 2)).await;
    assert_eq!(seen(&sku, &reader()).await, hit(old.version), "not acknowledged yet");
    // Applying it again changes nothing, and its view is told all the same.
    world.cache.refresh(from_ref(&new)).await.unwrap();
    assert_eq!(seen(&sku, &reader()).await, hit(new.version));
    world.cache.refresh(from_ref(&new)).await.unwrap();
    assert_eq!(seen(&sku, &reader()).await, hit(new.version));
}

/// Batches are told in another order than they were committed in.
#[tokio::test]
async fn an_older_batch_that_is_told_late_changes_nothing() {
    let (world, reader) = (World::new().await, reader());
    let sku = world.sku("a");
    let old = world.commit(&sku, 1).await;
    let new = world.process(&sku, 2).await;
    world.cache.refresh(from_ref(&old)).await.unwrap();
    assert_eq!(seen(&sku, &reader).await, miss(new.version));
    world.cache.refresh(from_ref(&old)).await.unwrap();
    assert_eq!(seen(&sku, &reader).await, hit(new.version));
}

/// The one way to something stale: the tombstone is evicted (or lost in a failover to an empty cache) before the slow reader
/// fills. It lasts no longer than the entry, and the next telling repairs it.
#[tokio::test]
async fn what_a_cache_has_forgotten_is_bounded_and_repaired() {
    let world = World::new().await;
    let sku = world.sku("a");
    let old = world.commit(&sku, 1).await;
    let forgotten = async {
        let new = world.process(&sku, 2).await;
        world.evict(&sku).await;
        new
    };
    let (_, new) = overtaken(async |slow| seen(&sku, slow).await, forgotten).await;
    assert_eq!(seen(&sku, &reader()).await, hit(old.version));
    assert!((1..=i64::from(VIEW_SECONDS)).contains(&world.seconds(&sku).await));
    world.cache.refresh(from_ref(&new)).await.unwrap();
    assert_eq!(seen(&sku, &reader()).await, hit(new.version));
}

#[tokio::test]
async fn an_evicted_view_is_read_again() {
    let (world, reader) = (World::new().await, reader());
    let sku = world.sku("a");
    seen_after(&world, &sku, &reader).await;
    let new = world.process(&sku, 2).await;
    world.evict(&sku).await;
    assert_eq!(seen(&sku, &reader).await, miss(new.version));
}

async fn seen_after(world: &World, sku: &str, reader: &CatalogResources) {
    let old = world.process(sku, 1).await;
    assert_eq!(seen(sku, reader).await, miss(old.version));
}

/// The writer cannot tell: its breaker is open, the version is pending. Readers may see the old entry until that is told.
#[tokio::test]
async fn a_view_that_could_not_be_told_is_repaired_by_the_next_telling() {
    let (world, reader) = (World::new().await, reader());
    let sku = world.sku("a");
    let old = world.process(&sku, 1).await;
    assert_eq!(seen(&sku, &reader).await, miss(old.version));
    let (writer, new) = (cache("redis://127.0.0.1:1/", VIEW_SECONDS), world.commit(&sku, 2).await);
    assert!(writer.refresh(from_ref(&new)).await.is_err());
    assert!(writer.refresh(from_ref(&new)).await.is_err(), "left alone");
    assert_eq!(seen(&sku, &reader).await, hit(old.version));
    assert!((1..=i64::from(VIEW_SECONDS)).contains(&world.seconds(&sku).await));
    world.cache.refresh(from_ref(&new)).await.unwrap();
    assert_eq!(seen(&sku, &reader).await, hit(new.version));
}

/// The reader cannot ask: it reads the database, and fills in nothing, since it has no time of a miss.
#[tokio::test]
async fn a_reader_without_a_cache_is_current_and_fills_nothing() {
    let world = World::new().await;
    let sku = world.sku("a");
    let reader = reader_of(database_url(), "redis://127.0.0.1:1/");
    for quantity in 1..4 {
        let view = world.process(&sku, quantity).await;
        assert_eq!(seen(&sku, &reader).await, miss(view.version));
        assert_eq!(world.entry(&sku).await, (Some(view.version.to_string()), None), "the tombstone");
    }
}

/// A read that begins after a batch was acknowledged must not be given what a read that began before has asked for.
#[tokio::test]
async fn a_follower_sees_a_batch_that_its_leader_does_not() {
    let world = World::new().await;
    let (a, b) = (world.sku("a"), world.sku("b"));
    let old = world.commit(&a, 1).await;
    world.commit(&b, 1).await;
    let (proxy, shared) = held_reader().await;
    let (leader, (follower, many, new)) = join!(seen(&a, &shared), async {
        proxy.holding().await;
        let new = world.process(&a, 2).await;
        let (follower, many, ()) = join!(
            seen(&a, &shared),
            // Asks for other products at the same time.
            async { request("GET", "/products", &query(&[&b, &a]), &[], &shared).await },
            async {
                // The leader's answer lands when both have found their miss.
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

/// As before, where the readers' cache cannot say that there was a batch.
#[tokio::test]
async fn a_follower_without_a_cache_sees_a_batch_that_its_leader_does_not() {
    let world = World::new().await;
    let sku = world.sku("a");
    let old = world.commit(&sku, 1).await;
    let proxy = Proxy::before(database_url()).await;
    proxy.hold_from(PRODUCTS);
    let shared = reader_of(&proxy.url, "redis://127.0.0.1:1/");
    let (leader, (follower, new)) = join!(seen(&sku, &shared), async {
        proxy.holding().await;
        let new = world.process(&sku, 2).await;
        let (follower, ()) = join!(seen(&sku, &shared), async {
            sleep(Duration::from_millis(100)).await;
            proxy.release();
        });
        (follower, new)
    });
    assert_eq!(leader, miss(old.version));
    assert_eq!(follower, miss(new.version));
}

/// A follower has no right to fill: its leader asked before the follower's miss. Here the leader's own fill comes too late, and the
/// tombstone is gone; with the follower's time the old view would get in.
#[tokio::test]
async fn a_follower_fills_nothing() {
    let world = World::new().await;
    let sku = world.sku("a");
    let old = world.commit(&sku, 1).await;
    let proxy = Proxy::before(database_url()).await;
    // At the end of its transaction: in the middle PostgreSQL would not wait for it that long.
    proxy.hold_from("COMMIT");
    let shared = reader_of(&proxy.url, cache_url());
    let (leader, (follower, new)) = join!(seen(&sku, &shared), async {
        proxy.holding().await;
        let new = world.process(&sku, 2).await;
        world.evict(&sku).await;
        sleep(Duration::from_millis(4_500)).await;
        let (follower, ()) = join!(seen(&sku, &shared), async {
            sleep(Duration::from_millis(700)).await;
            proxy.release();
        });
        (follower, new)
    });
    assert_eq!((leader, follower), (miss(old.version), miss(old.version)), "the cache has forgotten");
    assert_eq!(world.entry(&sku).await, (None, None));
    assert_eq!(seen(&sku, &reader()).await, miss(new.version));
}

#[tokio::test]
async fn concurrent_misses_ask_the_database_once() {
    let world = World::new().await;
    let sku = world.sku("a");
    let view = world.process(&sku, 1).await;
    let (proxy, shared) = held_reader().await;
    let read = || seen(&sku, &shared);
    let (a, b, c, d, ()) = join!(read(), read(), read(), read(), async {
        proxy.holding().await;
        // The answer lands when all have found their miss.
        sleep(Duration::from_millis(100)).await;
        proxy.release();
    });
    assert_eq!([a, b, c, d], [(); 4].map(|()| miss(view.version)));
    assert_eq!(proxy.heard("begin isolation level repeatable read"), 1);
}

#[tokio::test]
async fn a_reader_that_is_cut_off_strands_nobody() {
    let world = World::new().await;
    let sku = world.sku("a");
    let view = world.process(&sku, 1).await;
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
