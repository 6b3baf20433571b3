//! The number of statements that a batch takes, and what the database is asked for to refresh the cache.

use pipegen_contract::cache::product;
use pipegen_event::Event;
use pipegen_store::{EventOutcome, Store};
use redis::AsyncCommands as _;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};
use tokio::time::sleep;

use super::failover::CIRCUIT_OPEN;
use super::functions::{count, maintain, maintenance_on, process, processor_on};
use super::proxy::Proxy;
use super::test_catalog::{TestCatalog, event};

/// The most statements of a batch.
const MOST: usize = 8;

/// The statements around a transaction, which are not counted.
const FRAME: [&str; 2] = ["BEGIN", "COMMIT"];

/// Applies the events, and returns the number of statements that it took.
async fn statements(events: &[Event], store: &Store, proxy: &Proxy) -> usize {
    let before = proxy.statements(&FRAME);
    let applied = store.apply(&events.iter().collect::<Vec<_>>()).await.expect("applied");
    assert!(applied.outcomes.contains(&EventOutcome::Applied));
    proxy.statements(&FRAME) - before
}

/// Returns a batch of `size` times these kinds of events, each time about another SKU.
fn batch(kinds: &[(&str, Value)], size: usize, name: &str, minute: i64) -> Vec<Event> {
    let about = |number: usize| {
        kinds.iter().map(move |(kind, data)| {
            // Later than the count of the same batch, and so entered into the ledger.
            let minute = if *kind == "stock.adjusted" { minute + 1 } else { minute };
            event(kind, "acme", &format!("{name} {number}"), &minute.to_string(), minute, data)
        })
    };
    (0..size).flat_map(about).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_of_any_size_takes_the_same_few_statements() {
    let catalog = TestCatalog::open().await;
    let proxy = Proxy::before(&catalog.servers.database_url).await;
    let store = Store::new(proxy.url.parse().expect("a URL"), 1);
    let kinds = [
        ("stock.adjusted", json!({"delta": 1})),
        ("price.changed", json!({"amount": "2.50", "currency": "GBP"})),
        ("product.described", json!({"title": "title"})),
        ("stock.counted", json!({"quantity": 1})),
    ];
    // The connection learns PostgreSQL's types. A batch without a new product is the last one, as it will be each time.
    for minute in [1, 3] {
        statements(&batch(&kinds, 1, "first", minute), &store, &proxy).await;
    }
    // Each kind alone, then all together.
    for (number, kinds) in kinds.chunks(1).chain([&kinds[..]]).enumerate() {
        let mut taken = Vec::new();
        for size in [1, 2000 / kinds.len()] {
            let name = format!("{number} {size}");
            let new = statements(&batch(kinds, size, &name, 1), &store, &proxy).await;
            // Of products that exist; a count supersedes what the first batch entered into the ledger.
            let known = statements(&batch(kinds, size, &name, 3), &store, &proxy).await;
            taken.push((new, known));
        }
        println!("{kinds:?}: {taken:?}");
        assert_eq!(taken[0], taken[1], "{kinds:?}: as many for one as for many");
        assert!(taken.iter().all(|(new, known)| (2..=MOST).contains(new) && (2..=MOST).contains(known)), "{taken:?}");
    }
    catalog.close().await;
}

/// A batch goes on after it has waited for another one's new product.
#[tokio::test(flavor = "multi_thread")]
async fn a_product_that_is_created_meanwhile_takes_no_more_statements() {
    let catalog = TestCatalog::open().await;
    let proxy = Proxy::before(&catalog.servers.database_url).await;
    let store = Store::new(proxy.url.parse().expect("a URL"), 1);
    let kinds = [("stock.counted", json!({"quantity": 1}))];
    // The store learns PostgreSQL's types, and that the catalog grows.
    statements(&batch(&kinds, 2, "first", 1), &store, &proxy).await;
    let alone = statements(&batch(&kinds, 2, "alone", 1), &store, &proxy).await;

    let mut other = PgConnection::connect(&catalog.servers.database_url).await.expect("connected");
    let create = "begin; insert into product (sku, version) values ('together 1', 1)";
    sqlx::raw_sql(create).execute(&mut other).await.expect("created");
    let commit = async {
        catalog.until_somebody_waits().await;
        sqlx::raw_sql("commit").execute(&mut other).await.expect("committed");
    };
    let events = batch(&kinds, 2, "together", 1);
    let (together, ()) = tokio::join!(statements(&events, &store, &proxy), commit);
    assert_eq!(together, alone);
    catalog.close().await;
}

/// A supplier that sends an event again with a later time makes the transaction run again, once.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_sent_again_with_a_later_time_replaces_the_first() {
    let catalog = TestCatalog::open().await;
    let adjusted = |id: &str, minute, delta| event("stock.adjusted", "acme", "1", id, minute, &json!({"delta": delta}));
    catalog.store.apply(&[&adjusted("a", 1, 10), &adjusted("b", 2, 100)]).await.expect("applied");
    let again = [adjusted("a", 3, 20), adjusted("c", 4, 1000), adjusted("b", 2, 100)];
    let applied = catalog.store.apply(&again.iter().collect::<Vec<_>>()).await.expect("applied");
    assert_eq!(applied.outcomes, [EventOutcome::Applied, EventOutcome::Applied, EventOutcome::Duplicate]);
    assert_eq!(catalog.shown().await[0]["available"], 1120);
    assert_eq!(catalog.number("select sum(delta)::bigint from ledger").await, 1120);
    let applied = catalog.store.apply(&[&adjusted("a", 1, 10)]).await.expect("applied");
    assert_eq!(applied.outcomes, [EventOutcome::Duplicate]);
    assert_eq!(catalog.shown().await[0]["available"], 1120);
    catalog.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn views_are_read_of_cached_products_only() {
    let catalog = TestCatalog::open().await;
    let proxy = Proxy::before(&catalog.servers.database_url).await;
    let processor = processor_on(&proxy.url, &catalog.servers.cache_url);
    let client = redis::Client::open(catalog.servers.cache_url.as_str()).expect("a URL");
    let mut redis = client.get_multiplexed_async_connection().await.expect("connected");
    let stop = std::time::Duration::from_secs(20);
    // How often each SKU is sent to PostgreSQL for a batch of both, and the number of statements.
    let read = async |id: &str, quantity: i64| {
        let sent = || (proxy.heard("in the cache"), proxy.heard("elsewhere"), proxy.statements(&FRAME));
        let before = sent();
        let records = [count("in the cache", id, quantity), count("elsewhere", id, quantity)];
        assert!(matches!(process(&records, stop, &processor).await, Ok(None)));
        let after = sent();
        (after.0 - before.0, after.1 - before.1, after.2 - before.2)
    };
    // The first batch creates the products, and the second one still tries to.
    read("1", 1).await;
    read("2", 2).await;
    let (cached, elsewhere, number) = read("3", 3).await;
    redis
        .hset_multiple::<_, _, _, ()>(product("in the cache"), &[("version", "1"), ("view", "{}")])
        .await
        .expect("put");
    let one_more = (cached + 1, elsewhere, number + 1);
    assert_eq!(read("4", 4).await, one_more, "one more statement, with the one SKU that is cached");
    let view: String = redis.hget(product("in the cache"), "view").await.expect("a view");
    assert_eq!(view, catalog.store.views(&["in the cache"]).await.expect("read")[0].json);
    let view: Option<String> = redis.hget(product("elsewhere"), "view").await.expect("read");
    assert_eq!(view, None, "a tombstone");
    catalog.close().await;
}

/// The cache takes the announcement, and hangs when it is sent the views.
#[tokio::test(flavor = "multi_thread")]
async fn a_view_that_cannot_be_sent_is_pending() {
    let catalog = TestCatalog::open().await;
    let proxy = Proxy::before(&catalog.servers.cache_url).await;
    let processor = processor_on(&catalog.servers.database_url, &proxy.url);
    let client = redis::Client::open(catalog.servers.cache_url.as_str()).expect("a URL");
    let mut redis = client.get_multiplexed_async_connection().await.expect("connected");
    redis.hset_multiple::<_, _, _, ()>(product("a"), &[("version", "1"), ("view", "{}")]).await.expect("put");
    // Only a view has this.
    proxy.hang_from("\"offers\":");
    let records = [count("a", "1", 1), count("b", "1", 1)];
    let stop = std::time::Duration::from_secs(20);
    assert!(matches!(process(&records, stop, &processor).await, Ok(None)));
    let view: String = redis.hget(product("a"), "view").await.expect("a view");
    assert_eq!(view, "{}", "not replaced yet");
    assert_eq!(catalog.number("select count(*) from pending_refresh").await, 2);
    let maintenance = maintenance_on(&catalog.servers.database_url, &proxy.url);
    assert_eq!(maintain(&maintenance).await.drained, 0, "it cannot send them either");
    assert_eq!(catalog.number("select count(*) from pending_refresh").await, 2);
    proxy.release();
    sleep(CIRCUIT_OPEN).await;
    assert_eq!(maintain(&maintenance).await.drained, 2);
    let view: String = redis.hget(product("a"), "view").await.expect("a view");
    assert_eq!(view, catalog.store.views(&["a"]).await.expect("read")[0].json);
    assert_eq!(catalog.number("select count(*) from pending_refresh").await, 0);
    catalog.close().await;
}
