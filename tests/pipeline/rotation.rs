//! Logins are renewed while they are in use.

use anyhow::Result;
use serde_json::json;

use crate::run::scene::{PARTS, Scene};

#[test]
fn a_rotation_every_second_fails_no_invocation_and_no_read() -> Result<()> {
    let mut scene = Scene::open(&[("--rotate-every", "1")])?;
    // Each read of what nobody caches asks the database.
    let skus = scene.expected.catalog.views.keys().cloned().collect();
    scene.cache.is_read_by_others();
    let reading = scene.reader.clone().keeps_reading(skus);
    for part in 0..PARTS {
        scene.feed(part)?;
        scene.settle()?;
    }
    let reads = reading.stop()?;
    let (expected, played) = scene.end()?;

    assert!(reads > 100, "{reads} reads are too few to meet a rotation");
    let summary = played.summary();
    assert_eq!((&summary["retries"], &summary["rotations"]["failed"]), (&json!(0), &json!(0)), "{summary}");
    let errors = summary["errors_by_function"].as_object().into_iter().flatten();
    assert!(errors.clone().count() >= 6 && errors.clone().all(|(_, count)| *count == 0), "{summary}");
    assert!(summary["rotations"]["finished"].as_u64() >= Some(3), "each login once at least: {summary}");
    played.check(&expected)
}
