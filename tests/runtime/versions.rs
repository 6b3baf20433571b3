//! A view's version only ever grows, and only when the view changes.

use serde_json::Value;

use super::workshop::{Workshop, adjusted, counted};

async fn version(workshop: &Workshop) -> i64 {
    workshop.exported().await[0]["version"].as_i64().expect("a version")
}

#[tokio::test(flavor = "multi_thread")]
async fn it_grows_with_the_view_and_stays_otherwise() {
    let workshop = Workshop::open().await;
    workshop.store.apply(&[&counted("1", "a", 1, 5)]).await.expect("applied");
    let first = version(&workshop).await;
    assert!(first > 1_700_000_000_000_000, "microseconds since the epoch: {first}");

    workshop.store.apply(&[&adjusted("1", "b", 2, 1), &adjusted("1", "c", 3, -1)]).await.expect("applied");
    assert_eq!(version(&workshop).await, first, "what cancels out changes no view");
    workshop.store.apply(&[&adjusted("1", "b", 2, 1), &adjusted("1", "c", 3, -1)]).await.expect("applied");
    assert_eq!(workshop.shown().await[0]["available"], 5, "but it was applied, once");

    workshop.store.apply(&[&adjusted("1", "d", 4, 1)]).await.expect("applied");
    let second = version(&workshop).await;
    assert!(second > first);
    let time = |view: &Value| view["updated_at"].as_str().map(str::to_owned);
    assert!(time(&workshop.exported().await[0]).is_some_and(|time| time.ends_with('Z') && time.len() == 27));

    // A database that is ahead of its clock, as after a restore under a living cache.
    workshop.execute("update product set version = 4000000000000000").await;
    workshop.store.apply(&[&adjusted("1", "e", 5, 1)]).await.expect("applied");
    assert_eq!(version(&workshop).await, 4_000_000_000_000_001);
    workshop.close().await;
}
