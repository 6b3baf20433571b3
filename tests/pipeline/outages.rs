//! Servers that are down for a while: the stream waits or goes on as in docs/ARCHITECTURE.md, "Processing a batch", and
//! nothing is lost.

use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::run::cache::NEVER_SENT;
use crate::run::postgresql;
use crate::run::stepwise::{PARTS, StepwiseRun};

/// The minimum duration of an outage, so that more than one attempt fails.
const OUTAGE: Duration = Duration::from_secs(3);

#[test]
fn without_redis_everything_goes_on_and_catches_up() -> Result<()> {
    let mut run = StepwiseRun::start(&[])?;
    run.feed(0)?;
    run.wait_until_processed()?;
    let known = run.cached_skus()?;
    for sku in &known {
        ensure!(run.reader.get(sku)?.is_hit, "{sku:?} is not cached");
    }

    // Redis stops answering and keeps its entries, which are out of date when it answers again.
    run.cache.freeze()?;
    for part in 1..PARTS {
        run.feed(part)?;
    }
    run.wait_until_processed()?;
    for sku in &known {
        let answer = run.reader.get(sku)?;
        ensure!(answer.status == 200 && !answer.is_hit, "the database answers for {sku:?}: {answer:?}");
    }
    // No further batch refreshes these entries, so `maintain` has to.
    run.cache.thaw()?;

    let (expected, results) = run.finish()?;
    assert!(results.count("pending") > 0, "every entry was refreshed: {}", results.summary());
    assert!(
        results.summary()["maintain"]["drained"].as_u64() > Some(0),
        "maintain had nothing to drain: {}",
        results.summary()
    );
    results.check_all_but_pending(&expected)
}

#[test]
fn a_redis_that_lost_everything_is_filled_again() -> Result<()> {
    let mut run = StepwiseRun::start(&[])?;
    run.feed(0)?;
    run.wait_until_processed()?;
    let known = run.cached_skus()?;
    run.cache.stop()?;
    run.feed(1)?;
    run.wait_until_processed()?;
    run.cache.restart()?;
    run.feed(2)?;
    run.feed(3)?;
    run.wait_until_processed()?;
    // A client whose connection has died does not use the cache for a second.
    run.reader.wait_until_cached(&known[0])?;
    for sku in &known {
        let (first, second) = (run.reader.get(sku)?, run.reader.get(sku)?);
        ensure!(first.body == second.body && second.is_hit, "{sku:?} is not filled: {second:?}");
    }

    let (expected, results) = run.finish()?;
    results.check_all_but_pending(&expected)
}

#[test]
fn without_postgresql_cached_reads_go_on_and_writes_wait() -> Result<()> {
    let mut run = StepwiseRun::start(&[])?;
    run.feed(0)?;
    run.wait_until_processed()?;
    let known = run.cached_skus()?;

    let stopped = postgresql::stop(run.process.pid())?;
    run.feed_some(1, 300)?;
    thread::sleep(OUTAGE);
    for sku in &known {
        let answer = run.reader.get(sku)?;
        ensure!(answer.status == 200 && answer.is_hit, "the cache answers for {sku:?}: {answer:?}");
    }
    assert_eq!(run.reader.get(NEVER_SENT)?.status, 404, "an unknown SKU is cached, too");
    let uncached = run.reader.get("asked for the first time")?;
    assert_eq!(uncached.status, 503, "only the database knows: {uncached:?}");
    let postgresql = stopped.restart()?;
    run.feed(1)?;
    run.feed(2)?;
    run.feed(3)?;

    let (expected, results) = run.finish()?;
    assert!(results.count("retries") > 0, "no batch was retried during the outage: {}", results.finished().stdout);
    // This includes the quarantine, which holds only the records' own faults.
    results.check(&expected)?;
    drop(postgresql);
    Ok(())
}
