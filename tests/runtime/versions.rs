//! The version of a view only ever grows, and only when the view changes.

use serde_json::Value;

use super::test_catalog::{TestCatalog, adjusted, counted};

async fn version(catalog: &TestCatalog) -> i64 {
    catalog.exported().await[0]["version"].as_i64().expect("a version")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_version_grows_with_the_view_and_stays_otherwise() {
    let catalog = TestCatalog::open().await;
    catalog.store.apply(&[&counted("1", "a", 1, 5)]).await.expect("applied");
    let first = version(&catalog).await;
    assert!(first > 1_700_000_000_000_000, "microseconds since the epoch: {first}");

    catalog.store.apply(&[&adjusted("1", "b", 2, 1), &adjusted("1", "c", 3, -1)]).await.expect("applied");
    assert_eq!(version(&catalog).await, first, "what cancels out changes no view");
    catalog.store.apply(&[&adjusted("1", "b", 2, 1), &adjusted("1", "c", 3, -1)]).await.expect("applied");
    assert_eq!(catalog.shown().await[0]["available"], 5, "but it was applied, once");

    catalog.store.apply(&[&adjusted("1", "d", 4, 1)]).await.expect("applied");
    let second = version(&catalog).await;
    assert!(second > first);
    let time = |view: &Value| view["updated_at"].as_str().map(str::to_owned);
    assert!(time(&catalog.exported().await[0]).is_some_and(|time| time.ends_with('Z') && time.len() == 27));

    // A database that is ahead of its clock, as after a restore under a living cache.
    catalog.execute("update product set version = 4000000000000000").await;
    catalog.store.apply(&[&adjusted("1", "e", 5, 1)]).await.expect("applied");
    assert_eq!(version(&catalog).await, 4_000_000_000_000_001);
    catalog.close().await;
}
