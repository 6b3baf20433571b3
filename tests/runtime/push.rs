//! The channel on which the cache publishes what has changed.

use std::time::Duration;

use futures_util::StreamExt as _;
use pipegen_contract::cache::{CHANGES_CHANNEL, SHOP_RIGHTS, product};
use pipegen_store::ProductVersion;
use redis::AsyncCommands as _;
use redis::aio::{MultiplexedConnection, PubSub};
use serde_json::{Value, json};

use super::functions::{count, process, processor_on};
use super::test_catalog::{TestCatalog, event};

/// A shop that has subscribed, with the rights of a shop, and an administrator's connection.
struct Shop {
    channel: PubSub,
    redis: MultiplexedConnection,
}

impl Shop {
    async fn of(catalog: &TestCatalog) -> Self {
        let client = redis::Client::open(catalog.servers.cache_url.as_str()).expect("a URL");
        let mut redis = client.get_multiplexed_async_connection().await.expect("connected");
        let mut create = redis::cmd("ACL");
        create.arg("SETUSER").arg("shop").arg(">secret").arg(SHOP_RIGHTS.split(' ').collect::<Vec<_>>());
        create.query_async::<()>(&mut redis).await.expect("set");
        let url = url::Url::parse(&catalog.servers.cache_url).expect("a URL");
        let url = format!("redis://shop:secret@127.0.0.1:{}", url.port().expect("a port"));
        let mut channel = redis::Client::open(url).expect("a URL").get_async_pubsub().await.expect("logged in");
        channel.subscribe(CHANGES_CHANNEL).await.expect("it may");
        Self { channel, redis }
    }

    /// Returns the messages so far: those before one that is published now.
    async fn heard(&mut self) -> Vec<Value> {
        self.redis.publish::<_, _, ()>(CHANGES_CHANNEL, "null").await.expect("published");
        let mut heard = Vec::new();
        let mut messages = self.channel.on_message();
        loop {
            let message = tokio::time::timeout(Duration::from_secs(20), messages.next()).await;
            let text: String = message.expect("in time").expect("a message").get_payload().expect("text");
            match serde_json::from_str(&text).expect("JSON") {
                Value::Null => return heard,
                message => heard.push(message),
            }
        }
    }
}

/// No message.
const NOTHING: [Value; 0] = [];

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_publishes_what_it_has_changed() {
    let catalog = TestCatalog::open().await;
    let mut shop = Shop::of(&catalog).await;
    let processor = processor_on(&catalog.servers.database_url, &catalog.servers.cache_url);
    let time = Duration::from_secs(20);
    for sku in ["cached", "unknown"] {
        let view = if sku == "cached" { "{}" } else { "" };
        let old = [("version", "0"), ("view", view)];
        shop.redis.hset_multiple::<_, _, _, ()>(product(sku), &old).await.expect("put");
    }
    let records = [count("cached", "1", 3), count("elsewhere", "1", 4), count("unknown", "1", 5)];
    assert!(matches!(process(&records, time, &processor).await, Ok(None)));
    let views = catalog.exported().await;
    let message = |sku: &str| {
        let view = views.iter().find(|view| view["sku"] == sku).expect("a view");
        json!({"sku": sku, "version": view["version"], "available": view["available"]})
    };
    let heard = shop.heard().await;
    assert_eq!(heard, [message("elsewhere"), message("cached"), message("unknown")], "announced first, then refreshed");
    assert_eq!(heard[1]["available"], 3);

    // Delivered again: every entry is as new.
    assert!(matches!(process(&records, time, &processor).await, Ok(None)));
    assert_eq!(shop.heard().await, NOTHING);
    // An entry that is evicted or has expired: whoever announces its version again publishes it again.
    shop.redis.del::<_, ()>(product("elsewhere")).await.expect("evicted");
    assert!(matches!(process(&records, time, &processor).await, Ok(None)));
    assert_eq!(shop.heard().await, [message("elsewhere")]);
    catalog.close().await;
}

/// A shop that reads the entry when the message comes finds the new view, or that it must ask the catalog.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_finds_the_older_view_after_the_message() {
    let catalog = TestCatalog::open().await;
    let mut shop = Shop::of(&catalog).await;
    let processor = processor_on(&catalog.servers.database_url, &catalog.servers.cache_url);
    let old = [("version", "1"), ("view", "old")];
    shop.redis.hset_multiple::<_, _, _, ()>(product("a"), &old).await.expect("put");
    let applied = catalog.store.apply(&[&super::test_catalog::counted("a", "1", 1, 7)]).await.expect("applied");
    processor.cache.announce(&applied.products).await.expect("announced");
    assert_eq!(shop.heard().await, NOTHING, "the older view is still there");
    // Changed again before the view is read: one message, of the view that is there.
    catalog.store.apply(&[&super::test_catalog::counted("a", "2", 2, 8)]).await.expect("applied");
    let views = catalog.store.views(&["a"]).await.expect("read");
    processor.cache.refresh(&views).await.expect("refreshed");
    assert_eq!(shop.heard().await, [json!({"sku": "a", "version": views[0].version, "available": 8})]);
    catalog.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_a_product_are_in_the_order_of_its_versions() {
    let catalog = TestCatalog::open().await;
    let mut shop = Shop::of(&catalog).await;
    let processor = processor_on(&catalog.servers.database_url, &catalog.servers.cache_url);
    let announced = |sku: &str, version| ProductVersion { sku: sku.to_owned(), version, offers: 1, available: version };
    for versions in [[5, 7], [6, 6], [8, 7]] {
        let products = [announced("a", versions[0]), announced("b", versions[1])];
        processor.cache.announce(&products).await.expect("announced");
    }
    let heard = shop.heard().await;
    let of = |sku| heard.iter().filter(move |message| message["sku"] == sku).map(|message| message["version"].clone());
    assert_eq!(
        (of("a").collect::<Vec<_>>(), of("b").collect::<Vec<_>>()),
        (vec![json!(5), json!(6), json!(8)], vec![json!(7)])
    );
    catalog.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_hears_of_probes() {
    let catalog = TestCatalog::open().await;
    let mut shop = Shop::of(&catalog).await;
    let processor = processor_on(&catalog.servers.database_url, &catalog.servers.cache_url);
    let probe = event("stock.counted", "pipegen-probe", "pipegen-probe-1", "a", 1, &json!({"quantity": 1}));
    let applied = catalog.store.apply(&[&probe]).await.expect("applied");
    processor.cache.announce(&applied.products).await.expect("announced");
    let version: i64 = shop.redis.hget(product("pipegen-probe-1"), "version").await.expect("announced");
    assert_eq!((version, shop.heard().await), (applied.products[0].version, Vec::new()));
    catalog.close().await;
}
