//! Filling of the cache.

use std::time::Duration;

use pipegen_lambda::cache::{Cache, Entry, Fill, UNKNOWN_SECONDS};
use pipegen_store::View;
use tokio::time::sleep;

use crate::test_products::{TestProducts, VIEW_SECONDS, cache, cache_url, key};

const SCRIPT: &str = include_str!("../../lambda/src/cache/fill.lua");

fn view(sku: &str, version: i64) -> View {
    View { sku: sku.to_owned(), version, json: format!(r#"{{"version":{version}}}"#) }
}

/// Reads an entry and fills it at once; returns true if it was stored. Version 0 is an unknown SKU.
async fn fill(cache: &Cache, sku: &str, version: i64) -> bool {
    let reading = cache.read(&[sku]).await.unwrap();
    let view = (version > 0).then(|| view(sku, version));
    cache.fill(reading.fill_permission, &[Fill { sku, view: view.as_ref() }]).await.unwrap() == 1
}

#[tokio::test]
async fn only_a_newer_view_or_a_missing_one_is_filled() {
    let products = TestProducts::new().await;
    // Stored before: version, true with a view. Filled: version, 0 for an unknown SKU. True if it is stored.
    for (case, (version, has_view, filled, stored)) in [
        (None, false, 7, true),
        (None, false, 0, true),
        (Some("6"), true, 7, true),
        (Some("7"), true, 7, false),
        (Some("8"), true, 7, false),
        (Some("6"), false, 7, true),
        (Some("7"), false, 7, true),
        (Some("8"), false, 7, false),
        (Some("1"), false, 0, false),
        (Some("1"), true, 0, false),
        (Some("0"), true, 7, true),
        (Some("new"), true, 7, true),
        (None, true, 7, true),
        // As numbers, not as text; and to the last digit.
        (Some("9"), true, 10, true),
        (Some("10"), true, 9, false),
        (Some("9007199254740989"), true, 9_007_199_254_740_990, true),
        (Some("9007199254740990"), true, 9_007_199_254_740_989, false),
    ]
    .into_iter()
    .enumerate()
    {
        let sku = products.sku(&case.to_string());
        for (field, value) in [("version", version), ("view", has_view.then_some("before"))] {
            if let Some(value) = value {
                let _: i64 = products.redis(redis::cmd("HSET").arg(key(&sku)).arg(field).arg(value)).await;
            }
        }
        let before = products.entry(&sku).await;
        assert_eq!(fill(&products.cache, &sku, filled).await, stored, "{version:?} {has_view} {filled}");
        let text = if filled > 0 { view(&sku, filled).json } else { String::new() };
        let expected = if stored { (Some(filled.to_string()), Some(text)) } else { before };
        assert_eq!(products.entry(&sku).await, expected, "{version:?} {has_view} {filled}");
    }
}

#[tokio::test]
async fn entries_live_as_long_as_they_should() {
    let products = TestProducts::new().await;
    let (known, unknown, short) = (products.sku("known"), products.sku("unknown"), products.sku("short"));
    assert!(fill(&products.cache, &known, 7).await && fill(&products.cache, &unknown, 0).await);
    let longest = i64::from(VIEW_SECONDS);
    assert!((longest * 4 / 5 - 1..=longest).contains(&products.seconds(&known).await));
    assert!((1..=i64::from(UNKNOWN_SECONDS)).contains(&products.seconds(&unknown).await));
    // Shorter than this, an entry could be gone before an older fill is refused.
    assert!(fill(&cache(cache_url(), 1), &short, 7).await);
    assert!(products.seconds(&short).await >= 5);
}

#[tokio::test]
async fn several_entries_are_filled_at_once_independently() {
    let products = TestProducts::new().await;
    let skus = ["old", "new", "unknown", "tombstone"].map(|name| products.sku(name));
    products.cache.refresh(&[view(&skus[0], 9), view(&skus[3], 7)]).await.unwrap();
    let requested: Vec<&str> = skus.iter().map(String::as_str).collect();
    let reading = products.cache.read(&requested).await.unwrap();
    let missing = |min_version| Entry::Missing { min_version };
    assert_eq!(reading.entries, [missing(9), missing(0), missing(0), missing(7)]);
    let views = skus.clone().map(|sku| view(&sku, 7));
    let fills = [0, 1, 2, 3].map(|n| Fill { sku: &skus[n], view: (n != 2).then_some(&views[n]) });
    assert_eq!(products.cache.fill(reading.fill_permission, &fills).await.unwrap(), 3);
    let entries = products.cache.read(&requested).await.unwrap().entries;
    let known = |n: usize| Entry::Known(views[n].clone());
    assert_eq!(entries, [missing(9), known(1), Entry::Unknown, known(3)]);
}

#[tokio::test]
async fn a_fill_is_refused_five_seconds_after_its_miss() {
    let products = TestProducts::new().await;
    let (early, late) = (products.sku("early"), products.sku("late"));
    let skus = [&*early, &*late];
    let (first, second) = (products.cache.read(&skus).await.unwrap(), products.cache.read(&skus).await.unwrap());
    sleep(Duration::from_secs(4)).await;
    let filled =
        products.cache.fill(first.fill_permission, &[Fill { sku: &early, view: Some(&view(&early, 7)) }]).await;
    assert_eq!(filled.unwrap(), 1);
    sleep(Duration::from_millis(1_100)).await;
    let filled = products.cache.fill(second.fill_permission, &[Fill { sku: &late, view: Some(&view(&late, 7)) }]).await;
    assert_eq!(filled.unwrap(), 0);
    assert_eq!(products.entry(&late).await, (None, None));
}

/// Only the server's clock counts. A miss in its future was recorded by a server that has failed since.
#[tokio::test]
async fn the_server_s_clock_decides() {
    let products = TestProducts::new().await;
    for (case, (age, stored)) in
        [(0, true), (4_900_000, true), (5_000_001, false), (3_600_000_000, false), (-1_000_000, false)]
            .into_iter()
            .enumerate()
    {
        let sku = products.sku(&case.to_string());
        let (seconds, microseconds): (i64, i64) = products.redis(&redis::cmd("TIME")).await;
        let missed_at = seconds * 1_000_000 + microseconds - age;
        let mut script = redis::cmd("EVAL");
        script.arg(SCRIPT).arg(1).arg(key(&sku)).arg(missed_at).arg(5_000_000).arg(7).arg("{}").arg(60);
        assert_eq!(products.redis::<i64>(&script).await, i64::from(stored), "{age}");
    }
}

#[tokio::test]
async fn a_script_that_the_server_has_lost_is_loaded_again() {
    let products = TestProducts::new().await;
    let sku = products.sku("a");
    let _: redis::Value = products.redis(redis::cmd("SCRIPT").arg("FLUSH")).await;
    assert!(fill(&products.cache, &sku, 7).await);
}
