//! Plays records: reads, follows the mapping, invokes the function, keeps what is given up.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use chrono::Utc;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::console::Console;
use super::destination::{self, LastInvocation};
use super::host::{Host, HostError, Invocation};
use super::mapping::{Discarded, LaneId, Mapping, Outcome, Settings, Step, event};
use super::objects::Folder;
use super::records::{Chunk, ReadError, Record, Source, feed};
use super::summary::Summary;
use super::tally::Tally;

/// What a run plays into.
#[derive(Clone, Debug)]
pub struct Stage {
    /// The function.
    pub host: Arc<Host>,
    /// Where batches that are given up go.
    pub objects: Arc<Folder>,
    /// The bucket for them.
    pub bucket: String,
    /// Where the progress is shown.
    pub console: Arc<Console>,
}

/// What came of a run.
#[derive(Debug)]
pub struct Played {
    /// What happened.
    pub summary: Summary,
    /// Why reading stopped before the end, if it did. What stood before was played.
    pub stopped: Option<ReadError>,
}

/// Plays a source to its end, and waits until every record of it was acknowledged or given up.
pub async fn play(source: Source, settings: Settings, stage: Stage) -> anyhow::Result<Played> {
    let mut player = Player::new(source, settings, stage);
    let result = player.run().await;
    player.stage.console.end();
    result?;
    Ok(Played { summary: player.summary(), stopped: player.stopped })
}

struct Player {
    stage: Stage,
    mapping: Mapping,
    chunks: mpsc::Receiver<Chunk>,
    /// Read, and not yet offered: the mapping has no room for the first one.
    read: VecDeque<Record>,
    ended: bool,
    stopped: Option<ReadError>,
    invocations: JoinSet<(LaneId, Result<Invocation, HostError>)>,
    last: BTreeMap<LaneId, LastInvocation>,
    tally: Tally,
    clock: Instant,
    first_handed_over: Option<Duration>,
    last_acknowledged: Duration,
    progress: Progress,
}

/// How far the bytes of the source have been read, and how many records that were.
struct Progress {
    length: Option<u64>,
    bytes_read: Arc<AtomicU64>,
    records_read: u64,
}

impl Player {
    fn new(source: Source, settings: Settings, stage: Stage) -> Self {
        let progress = Progress { length: source.length(), bytes_read: source.bytes_read(), records_read: 0 };
        stage.console.begin(progress.length);
        Self {
            stage,
            mapping: Mapping::new(settings),
            chunks: feed(source),
            read: VecDeque::new(),
            ended: false,
            stopped: None,
            invocations: JoinSet::new(),
            last: BTreeMap::new(),
            tally: Tally::default(),
            clock: Instant::now(),
            first_handed_over: None,
            last_acknowledged: Duration::ZERO,
            progress,
        }
    }

    async fn run(&mut self) -> anyhow::Result<()> {
        loop {
            self.offer();
            let now = self.clock.elapsed();
            match self.mapping.next(now) {
                Step::Invoke { lane, records } => self.invoke(lane, records, now),
                Step::Discard { lane, discarded } => self.discard(lane, &discarded)?,
                Step::Wait(until) => self.wait(until.map(|until| until.saturating_sub(now))).await?,
                Step::Done => return Ok(()),
            }
        }
    }

    /// Offers what was read, up to the first record that finds no room. With several shards that record holds up the
    /// others behind it in the file; the mapping's lookahead is what makes that rare, and its record age what ends it.
    fn offer(&mut self) {
        let now = self.clock.elapsed();
        while let Some(record) = self.read.pop_front() {
            if let Err(back) = self.mapping.offer(record, now) {
                self.read.push_front(back);
                return;
            }
        }
        if self.ended {
            self.mapping.end();
        }
    }

    fn invoke(&mut self, lane: LaneId, records: Vec<Arc<Record>>, now: Duration) {
        self.first_handed_over.get_or_insert(now);
        let host = Arc::clone(&self.stage.host);
        self.invocations.spawn(async move {
            let payload = event(&records);
            (lane, host.invoke(payload.into()).await)
        });
    }

    fn discard(&mut self, lane: LaneId, discarded: &Discarded) -> anyhow::Result<()> {
        let Stage { host, objects, bucket, .. } = &self.stage;
        // A batch that was never invoked shares its lane with others that were.
        let last = self.last.get(&lane).filter(|_| discarded.invocations > 0);
        destination::keep(objects, bucket, &host.function().arn(), discarded, last, Utc::now())
            .context("cannot keep the records that were given up")
    }

    /// Waits for records, an answer, or the end of `pause`.
    async fn wait(&mut self, pause: Option<Duration>) -> anyhow::Result<()> {
        let wants_records = self.read.is_empty() && !self.ended;
        tokio::select! {
            Some(finished) = self.invocations.join_next() => {
                let (lane, invocation) = finished.context("an invocation panicked")?;
                self.finish(lane, invocation?);
            }
            chunk = self.chunks.recv(), if wants_records => match chunk {
                Some(Ok(records)) => {
                    self.progress.records_read += records.len() as u64;
                    self.read.extend(records);
                }
                Some(Err(error)) => {
                    self.stopped = Some(error);
                    self.ended = true;
                }
                None => self.ended = true,
            },
            () = tokio::time::sleep(pause.unwrap_or_default()), if pause.is_some() => {}
        }
        Ok(())
    }

    fn finish(&mut self, lane: LaneId, invocation: Invocation) {
        let now = self.clock.elapsed();
        let before = self.mapping.statistics().delivered;
        let complete = self.mapping.finished(lane, &invocation.outcome, now);
        if self.mapping.statistics().delivered > before {
            self.last_acknowledged = now;
        }
        if complete && let Some(line) = &invocation.batch_line {
            self.tally.add(line);
        }
        let failed = invocation.outcome == Outcome::Failed;
        self.last.insert(lane, LastInvocation { request_id: invocation.request_id, failed });
        self.show(now);
    }

    fn show(&self, now: Duration) {
        let counted = self.mapping.statistics();
        let ended = counted.delivered + counted.discarded;
        // The file is read ahead: what counts is the part of what was read that has come to its end.
        let bytes = self.progress.bytes_read.load(Ordering::Relaxed);
        let position = u128::from(bytes) * u128::from(ended) / u128::from(self.progress.records_read.max(1));
        let since = now.saturating_sub(self.first_handed_over.unwrap_or(now));
        let rate = per_second(counted.delivered, since);
        let message = format!("{ended} records, {rate:.0}/s");
        self.stage.console.show(u64::try_from(position).unwrap_or(u64::MAX), message);
    }

    fn summary(&self) -> Summary {
        let counted = self.mapping.statistics();
        let elapsed = self.last_acknowledged.saturating_sub(self.first_handed_over.unwrap_or_default());
        Summary {
            records: counted.delivered,
            discarded: counted.discarded,
            seconds: elapsed.as_secs_f64(),
            records_per_second: per_second(counted.delivered, elapsed),
            batches: counted.invocations,
            retries: counted.retries,
            splits: counted.splits,
            function_errors: self.stage.host.errors(),
            tally: self.tally.clone(),
            exported: None,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "no run has 2^52 records")]
fn per_second(records: u64, elapsed: Duration) -> f64 {
    if elapsed.is_zero() { 0.0 } else { records as f64 / elapsed.as_secs_f64() }
}
