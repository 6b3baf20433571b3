//! One load, from the start of the pipeline to the check of its work.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};

use super::latencies::Latencies;
use super::observer::{Observed, Observer};
use super::pipeline::{Pipeline, SHARDS, shards};
use super::reader::{SHOPPERS, shop, watch};
use super::sender::{Pace, ShardSender};
use super::supply::{Message, Plan, Supply, Totals};
use crate::inputs::Inputs;
use crate::progress::Bar;

/// The time by which messages are made before they are due.
const AHEAD: Duration = Duration::from_secs(1);
/// Records that may be on their way if they are sent at once.
const IN_FLIGHT: u64 = 20_000;
/// A wait in a loop.
const PAUSE: Duration = Duration::from_millis(2);
/// The longest wait for the rest to be acknowledged.
const DRAIN: Duration = Duration::from_mins(10);

/// The way in which a load is put on the pipeline.
pub(super) struct Load {
    pub(super) plan: Plan,
    /// Sent when they are due, or else as fast as they are taken.
    pub(super) when_due: bool,
    /// The time at the beginning that no figure counts: functions start in it.
    pub(super) warm_up: Duration,
    /// The time between two looks at the stream, and at the processes' memory.
    pub(super) look_every: Duration,
    pub(super) memory_every: Duration,
}

/// A load that was put on the pipeline, and whose work was checked.
pub(super) struct Loaded {
    pub(super) put: Totals,
    /// From due to accepted by the stream.
    pub(super) accepted: Latencies,
    /// From due to the catalog's answer that shows it.
    pub(super) visible: Latencies,
    /// Of reads, from due to answered.
    pub(super) answered: Latencies,
    pub(super) observed: Observed,
    /// The time until everything was put.
    pub(super) sent_after: Duration,
    /// The time until the catalog answered with every product as the events mean it.
    pub(super) all_visible_after: Duration,
    /// Refreshes of the cache that were made up for later, because it did not answer in time.
    pub(super) refreshed_later: f64,
}

/// Puts a load on a pipeline of its own.
pub(super) fn run(inputs: &Inputs, name: &str, load: Load) -> Result<Loaded> {
    let Load { plan, when_due, warm_up, look_every, memory_every } = load;
    let pipeline = Pipeline::start(inputs)?;
    let records = plan.length.as_secs() * u64::from(plan.per_minute) / 60 + plan.burst.map_or(0, |burst| burst.records);
    let bar = Bar::new(name, usize::try_from(records)?);
    let mut supply = Supply::new(plan, shards())?;
    let (put, done, stop) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
    let begin = Instant::now();
    let pace = if when_due { Pace::WhenDue(begin) } else { Pace::AtOnce };
    let url = &*pipeline.url;
    let mut loaded = thread::scope(|scope| -> Result<Loaded> {
        let (queues, receivers): (Vec<_>, Vec<_>) = (0..SHARDS).map(|_| channel()).unzip();
        let (samples, placed) = channel();
        let senders: Vec<_> = receivers
            .into_iter()
            .map(|queue| ShardSender { queue, url, pace, put: &put, samples: samples.clone() })
            .map(|sender| scope.spawn(|| sender.run()))
            .collect();
        drop(samples);
        let watcher = scope.spawn(move || watch(url, &placed, begin));
        let shoppers: Vec<_> = (0..SHOPPERS)
            .map(|shopper| {
                scope.spawn({
                    let stop = &stop;
                    move || shop(url, shopper, begin, stop)
                })
            })
            .collect();
        let observer = Observer {
            pipeline: &pipeline,
            begin,
            every: look_every,
            memory_every,
            warm_up,
            put: &put,
            done: &done,
            stop: &stop,
            bar,
        };
        let watching = scope.spawn(|| observer.run());
        make(&mut supply, &queues, pace, &done, &stop);
        drop(queues);
        let sent = all(senders);
        let sent_after = begin.elapsed();
        let visible = joined(watcher);
        let drained = sent.and_then(|accepted| wait_until_done(&put, &done, &stop).map(|()| accepted));
        stop.store(true, Ordering::Relaxed);
        // The observer's error is the cause of others.
        let seen = joined(watching)?;
        Ok(Loaded {
            put: supply.totals,
            accepted: drained?,
            visible: visible?,
            answered: all(shoppers)?,
            observed: seen,
            sent_after,
            all_visible_after: Duration::ZERO,
            refreshed_later: 0.0,
        })
    })?;
    pipeline.wait_until_visible(&supply.expected)?;
    loaded.all_visible_after = begin.elapsed();
    let summary = pipeline.end(supply.totals, &supply.expected)?;
    loaded.refreshed_later = summary["pending"].as_f64().context("no number of pending refreshes")?;
    Ok(loaded)
}

/// Makes the messages a little before they are due, or as many as may be on their way.
fn make(supply: &mut Supply, queues: &[Sender<Message>], pace: Pace, done: &AtomicU64, stop: &AtomicBool) {
    while let Some(message) = supply.next() {
        match pace {
            Pace::WhenDue(begin) => {
                thread::sleep(message.due.saturating_sub(begin.elapsed() + AHEAD));
            }
            Pace::AtOnce => {
                while supply.totals.records > done.load(Ordering::Relaxed) + IN_FLIGHT && !stop.load(Ordering::Relaxed)
                {
                    thread::sleep(PAUSE);
                }
            }
        }
        // A sender that has ended says why.
        if stop.load(Ordering::Relaxed) || queues[message.shard].send(message).is_err() {
            return;
        }
    }
}

fn wait_until_done(put: &AtomicU64, done: &AtomicU64, stop: &AtomicBool) -> Result<()> {
    let deadline = Instant::now() + DRAIN;
    while done.load(Ordering::Relaxed) < put.load(Ordering::Relaxed) && !stop.load(Ordering::Relaxed) {
        ensure!(Instant::now() < deadline, "not everything is acknowledged after {DRAIN:?}");
        thread::sleep(PAUSE);
    }
    Ok(())
}

fn all(threads: Vec<ScopedJoinHandle<'_, Result<Latencies>>>) -> Result<Latencies> {
    let mut latencies = Latencies::default();
    for thread in threads {
        latencies.extend(joined(thread)?);
    }
    Ok(latencies)
}

fn joined<T>(thread: ScopedJoinHandle<'_, Result<T>>) -> Result<T> {
    thread.join().map_err(|_| anyhow!("a thread panicked"))?
}
