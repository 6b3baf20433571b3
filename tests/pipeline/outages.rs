//! Servers that are away for a while: the stream waits or goes on as the design says, and nothing is lost.

use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::run::cache::NEVER_SENT;
use crate::run::postgresql;
use crate::run::scene::{PARTS, Scene};

/// How long a server is away at least, so that more than one attempt fails.
const AWAY: Duration = Duration::from_secs(3);

#[test]
fn without_redis_everything_goes_on_and_catches_up() -> Result<()> {
    let mut scene = Scene::open(&[])?;
    scene.feed(0)?;
    scene.settle()?;
    let known = scene.known()?;
    for sku in &known {
        ensure!(scene.reader.get(sku)?.is_hit, "{sku:?} is not cached");
    }

    // It does not answer, and what it holds is still there when it does again: out of date by then.
    scene.cache.freeze()?;
    for part in 1..PARTS {
        scene.feed(part)?;
    }
    scene.settle()?;
    for sku in &known {
        let answer = scene.reader.get(sku)?;
        ensure!(answer.status == 200 && !answer.is_hit, "the database answers for {sku:?}: {answer:?}");
    }
    // No batch comes any more that would make up for it: that is left to `maintain`.
    scene.cache.thaw()?;

    let (expected, played) = scene.end()?;
    assert!(played.count("pending") > 0, "the cache was told everything: {}", played.summary());
    assert!(played.summary()["maintain"]["drained"].as_u64() > Some(0), "nothing was left: {}", played.summary());
    played.check_all_but_pending(&expected)
}

#[test]
fn a_redis_that_lost_everything_is_filled_again() -> Result<()> {
    let mut scene = Scene::open(&[])?;
    scene.feed(0)?;
    scene.settle()?;
    let known = scene.known()?;
    scene.cache.stop()?;
    scene.feed(1)?;
    scene.settle()?;
    scene.cache.start_again()?;
    scene.feed(2)?;
    scene.feed(3)?;
    scene.settle()?;
    // Whose connection has died leaves the cache alone for a second.
    scene.reader.wait_until_cached(&known[0])?;
    for sku in &known {
        let (first, second) = (scene.reader.get(sku)?, scene.reader.get(sku)?);
        ensure!(first.body == second.body && second.is_hit, "{sku:?} is not filled: {second:?}");
    }

    let (expected, played) = scene.end()?;
    played.check_all_but_pending(&expected)
}

#[test]
fn without_postgresql_cached_reads_go_on_and_writes_wait() -> Result<()> {
    let mut scene = Scene::open(&[])?;
    scene.feed(0)?;
    scene.settle()?;
    let known = scene.known()?;

    let stopped = postgresql::stop(scene.running.pid())?;
    scene.feed_some(1, 300)?;
    thread::sleep(AWAY);
    for sku in &known {
        let answer = scene.reader.get(sku)?;
        ensure!(answer.status == 200 && answer.is_hit, "the cache answers for {sku:?}: {answer:?}");
    }
    assert_eq!(scene.reader.get(NEVER_SENT)?.status, 404, "an unknown SKU is cached, too");
    let uncached = scene.reader.get("asked for the first time")?;
    assert_eq!(uncached.status, 503, "only the database knows: {uncached:?}");
    let postgresql = stopped.start_again()?;
    scene.feed(1)?;
    scene.feed(2)?;
    scene.feed(3)?;

    let (expected, played) = scene.end()?;
    assert!(played.count("retries") > 0, "no batch has met the outage: {}", played.finished().stdout);
    // The quarantine among it, which holds nothing more than the records' own faults.
    played.check(&expected)?;
    drop(postgresql);
    Ok(())
}
