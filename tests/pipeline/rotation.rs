//! Logins are rotated while they are in use.

use anyhow::Result;
use serde_json::json;

use crate::run::stepwise::{PARTS, StepwiseRun};

#[test]
fn a_rotation_every_second_fails_no_invocation_and_no_read() -> Result<()> {
    let mut run = StepwiseRun::start(&[("--rotate-every", "1")])?;
    // SKUs that nobody has cached, so that each read asks the database.
    let skus = run.expected.catalog.views.keys().cloned().collect();
    run.cache.allow_reads();
    let reading = run.reader.clone().keep_reading(skus);
    for part in 0..PARTS {
        // The records alone may be processed before the first rotation is due.
        run.wait_for_rotations(part)?;
        run.feed(part)?;
        run.wait_until_processed()?;
    }
    let reads = reading.stop()?;
    let (expected, results) = run.finish()?;

    assert!(reads > 100, "{reads} reads are too few to coincide with a rotation");
    let summary = results.summary();
    assert_eq!((&summary["retries"], &summary["rotations"]["failed"]), (&json!(0), &json!(0)), "{summary}");
    let errors = summary["errors_by_function"].as_object().into_iter().flatten();
    assert!(errors.clone().count() >= 6 && errors.clone().all(|(_, count)| *count == 0), "{summary}");
    assert!(summary["rotations"]["finished"].as_u64() >= Some(3), "each login once at least: {summary}");
    results.check(&expected)
}
