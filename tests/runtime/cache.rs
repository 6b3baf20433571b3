//! Refreshing of cache entries.

use std::collections::HashMap;

use aws_config::SdkConfig;
use aws_sdk_s3::config::BehaviorVersion;
use pipegen_lambda::cache::{Cache, CacheError};
use pipegen_lambda::settings::{CacheEndpoint, CacheSettings, Secret};
use pipegen_store::View;
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;

use super::test_catalog::TestCatalog;

const VIEW_SECONDS: u32 = 300;

fn view(sku: &str, version: i64) -> View {
    View { sku: sku.to_owned(), version, json: format!("{{\"version\":{version}}}") }
}

fn cache(url: &str) -> Cache {
    let aws = SdkConfig::builder().behavior_version(BehaviorVersion::latest()).build();
    Cache::new(
        &CacheSettings { endpoint: CacheEndpoint::Url(Secret(url.to_owned())), view_seconds: VIEW_SECONDS },
        &aws,
    )
    .expect("a URL")
}

async fn connect(url: &str) -> MultiplexedConnection {
    redis::Client::open(url).expect("a URL").get_multiplexed_async_connection().await.expect("connected")
}

async fn entry(redis: &mut MultiplexedConnection, sku: &str) -> (Option<String>, Option<String>) {
    let mut fields: HashMap<String, String> = redis.hgetall(format!("product:{sku}")).await.expect("read");
    (fields.remove("version"), fields.remove("view"))
}

async fn put(redis: &mut MultiplexedConnection, sku: &str, fields: &[(&str, &str)]) {
    redis.hset_multiple::<_, _, _, ()>(format!("product:{sku}"), fields).await.expect("put");
}

fn fields(version: &str, view: Option<&str>) -> (Option<String>, Option<String>) {
    (Some(version.to_owned()), view.map(str::to_owned))
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_are_replaced_by_newer_ones_only() {
    let catalog = TestCatalog::open().await;
    let (cache, mut redis) = (cache(&catalog.servers.cache_url), connect(&catalog.servers.cache_url).await);
    put(&mut redis, "cached", &[("version", "5"), ("view", "old")]).await;
    put(&mut redis, "unknown", &[("version", "0"), ("view", "")]).await;
    put(&mut redis, "newer", &[("version", "9"), ("view", "newer")]).await;
    put(&mut redis, "same", &[("version", "7"), ("view", "same")]).await;
    put(&mut redis, "tombstone", &[("version", "5")]).await;
    put(&mut redis, "strange", &[("version", "many"), ("view", "strange")]).await;
    redis.set::<_, _, ()>("product:wrong type", "text").await.expect("put");

    let skus = ["cached", "unknown", "newer", "same", "tombstone", "nothing", "strange", "wrong type"];
    let views: Vec<View> = skus.iter().map(|sku| view(sku, 7)).collect();
    for _ in 0..2 {
        cache.refresh(&views).await.expect("refreshed");
        let new = views[0].json.as_str();
        assert_eq!(entry(&mut redis, "cached").await, fields("7", Some(new)));
        assert_eq!(entry(&mut redis, "unknown").await, fields("7", Some(new)));
        assert_eq!(entry(&mut redis, "newer").await, fields("9", Some("newer")));
        assert_eq!(entry(&mut redis, "same").await, fields("7", Some("same")));
        assert_eq!(entry(&mut redis, "tombstone").await, fields("7", None));
        assert_eq!(entry(&mut redis, "nothing").await, fields("7", None));
        assert_eq!(entry(&mut redis, "strange").await, fields("7", Some(new)));
        assert_eq!(entry(&mut redis, "wrong type").await, fields("7", None));
    }
    let seconds: i64 = redis.ttl("product:nothing").await.expect("read");
    assert!((50..=60).contains(&seconds), "a tombstone lives {seconds} s");
    let seconds: i64 = redis.ttl("product:cached").await.expect("read");
    assert!((230..=300).contains(&seconds), "a view lives {seconds} s");
    catalog.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_entries_than_one_call_takes_are_all_refreshed() {
    let catalog = TestCatalog::open().await;
    let (cache, mut redis) = (cache(&catalog.servers.cache_url), connect(&catalog.servers.cache_url).await);
    // Versions that differ in their last digit only: Redis' scripts count in 64-bit floats.
    let great = (1_i64 << 53) - 2;
    let views: Vec<View> = (0..1201).map(|number| view(&number.to_string(), great)).collect();
    cache.refresh(&views).await.expect("refreshed");
    let later: Vec<View> = views.iter().map(|old| view(&old.sku, great + 1)).collect();
    cache.refresh(&later).await.expect("refreshed");
    for number in [0, 500, 1000, 1200] {
        assert_eq!(entry(&mut redis, &number.to_string()).await, fields(&(great + 1).to_string(), None));
    }
    catalog.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cache_that_has_failed_is_not_called_for_a_moment() {
    let cache = cache("redis://127.0.0.1:1");
    let views = [view("1", 1)];
    assert!(matches!(cache.refresh(&views).await, Err(CacheError::Failed(_))));
    assert!(matches!(cache.refresh(&views).await, Err(CacheError::CircuitOpen)));
    assert!(cache.missed_refreshes());
}
