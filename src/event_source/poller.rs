//! One consumer of the stream: follows its mapping, invokes its function, keeps what is given up.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use chrono::Utc;
use pipegen_contract::failure::is_lasting;
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::event_source::mapping::{
    DiscardedBatch, EventSourceMapping, LaneId, MappingSettings, Origin, Statistics, Step, event,
};
use crate::event_source::on_failure::{LastInvocation, OnFailureDestination};
use crate::event_source::progress::Progress;
use crate::event_source::tally::Tally;
use crate::lambda_host::{FunctionPool, HostError, Invocation, Outcome};
use crate::records::{Chunk, Record};

/// A function that reads the stream.
pub struct Poller {
    /// The function.
    pub pool: Arc<FunctionPool>,
    /// How it reads.
    pub settings: MappingSettings,
    /// Where batches that are given up go.
    pub on_failure: OnFailureDestination,
    /// What shows how far it is, if anything does.
    pub progress: Option<Progress>,
}

/// What a consumer has done.
#[derive(Clone, Debug, Default)]
pub struct PollerReport {
    /// Its records, batches and retries.
    pub statistics: Statistics,
    /// From the hand-over of the first record to the acknowledgement of the last.
    pub elapsed: Duration,
    /// What the function says about the acknowledged batches.
    pub tally: Tally,
}

impl Poller {
    /// Reads to the end of the channel, and waits until every record was acknowledged or given up.
    pub async fn consume(self, records: mpsc::Receiver<Chunk>) -> anyhow::Result<PollerReport> {
        let mut consuming = Consuming::new(self, records);
        consuming.run().await?;
        Ok(PollerReport {
            statistics: consuming.mapping.statistics(),
            elapsed: consuming.last_acknowledged.saturating_sub(consuming.first_handed_over.unwrap_or_default()),
            tally: consuming.tally,
        })
    }
}

struct Consuming {
    pool: Arc<FunctionPool>,
    on_failure: OnFailureDestination,
    progress: Option<Progress>,
    origin: Arc<Origin>,
    mapping: EventSourceMapping,
    records: mpsc::Receiver<Chunk>,
    /// Read, and not yet offered: the mapping has no room for the first one.
    read: VecDeque<Arc<Record>>,
    ended: bool,
    invocations: JoinSet<(LaneId, Result<Invocation, HostError>)>,
    last: BTreeMap<LaneId, LastInvocation>,
    tally: Tally,
    clock: Instant,
    first_handed_over: Option<Duration>,
    last_acknowledged: Duration,
}

impl Consuming {
    fn new(Poller { pool, settings, on_failure, progress }: Poller, records: mpsc::Receiver<Chunk>) -> Self {
        Self {
            pool,
            on_failure,
            progress,
            origin: Arc::clone(&settings.origin),
            mapping: EventSourceMapping::new(settings),
            records,
            read: VecDeque::new(),
            ended: false,
            invocations: JoinSet::new(),
            last: BTreeMap::new(),
            tally: Tally::default(),
            clock: Instant::now(),
            first_handed_over: None,
            last_acknowledged: Duration::ZERO,
        }
    }

    async fn run(&mut self) -> anyhow::Result<()> {
        loop {
            self.offer();
            let now = self.clock.elapsed();
            match self.mapping.next(now) {
                Step::Invoke { lane, records } => self.invoke(lane, records, now),
                Step::Discard { lane, discarded } => self.discard(lane, &discarded).await?,
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
        let (pool, origin) = (Arc::clone(&self.pool), Arc::clone(&self.origin));
        self.invocations.spawn(async move {
            let payload = event(&records, &origin);
            (lane, pool.invoke(payload.into()).await)
        });
    }

    async fn discard(&mut self, lane: LaneId, discarded: &DiscardedBatch) -> anyhow::Result<()> {
        // A batch that was never invoked shares its lane with others that were.
        let last = self.last.get(&lane).filter(|_| discarded.invocations > 0);
        let keep = self.on_failure.write(&self.pool.function().arn, &self.origin, discarded, last, Utc::now());
        Box::pin(keep).await.context("cannot keep the records that were given up")
    }

    /// Waits for records, an answer, or the end of `pause`.
    async fn wait(&mut self, pause: Option<Duration>) -> anyhow::Result<()> {
        let wants_records = self.read.is_empty() && !self.ended;
        tokio::select! {
            Some(finished) = self.invocations.join_next() => {
                let (lane, invocation) = finished.context("an invocation panicked")?;
                let invocation = invocation?;
                if let Some(failure) = lasting_failure(&invocation) {
                    anyhow::bail!("{} failed, and trying again does not help: {failure}", self.pool.function().name);
                }
                self.finish(lane, invocation);
            }
            chunk = self.records.recv(), if wants_records => match chunk {
                Some(records) => {
                    if let Some(progress) = &mut self.progress {
                        progress.read(records.len());
                    }
                    self.read.extend(records);
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
        let counted = self.mapping.statistics();
        if counted.delivered > before {
            self.last_acknowledged = now;
        }
        if complete && let Some(line) = &invocation.batch_line {
            self.tally.add(line);
        }
        let failed = invocation.outcome == Outcome::Failed;
        self.last.insert(lane, LastInvocation { request_id: invocation.request_id, failed });
        if let Some(progress) = &self.progress {
            progress.show(counted, now.saturating_sub(self.first_handed_over.unwrap_or(now)));
        }
    }
}

/// What a function failed with, if somebody has to mend it: Lambda would try for as long as the stream keeps the records.
fn lasting_failure(invocation: &Invocation) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Posted {
        error_type: String,
        error_message: String,
    }
    let Posted { error_type, error_message } = serde_json::from_str(invocation.failure.as_deref()?).ok()?;
    is_lasting(&error_type).then(|| format!("{error_type}: {error_message}"))
}
