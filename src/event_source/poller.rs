//! A poller of the stream: invokes a function as its event source mapping demands, and writes discarded batches.

use std::collections::{BTreeMap, VecDeque};
use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use chrono::Utc;
use pipegen_contract::failure::is_permanent;
use serde::Deserialize;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::event_source::feed::Chunk;
use crate::event_source::mapping::{
    DiscardedBatch, EncodedRecord, EventSourceMapping, LaneId, MappingSettings, Origin, Step, event,
};
use crate::event_source::on_failure::{LastInvocation, OnFailureDestination};
use crate::event_source::progress::Progress;
use crate::event_source::status::{PollerReport, SharedStatus};
use crate::event_source::tally::Tally;
use crate::lambda_host::{FunctionPool, HostError, Invocation, InvocationOutcome};
use crate::stream::Lineage;

/// A function that reads the stream.
pub struct Poller {
    pub pool: Arc<FunctionPool>,
    pub settings: MappingSettings,
    /// The destination of discarded batches.
    pub on_failure: OnFailureDestination,
    /// The progress bar, if there is one.
    pub progress: Option<Progress>,
    /// The work so far.
    pub status: Arc<SharedStatus>,
}

/// The records of a poller.
pub struct PollerInput {
    /// Records that end at some time, such as a file's.
    pub records: mpsc::Receiver<Chunk>,
    /// Records that come beside them and after them.
    pub live: Option<mpsc::Receiver<Chunk>>,
    /// The parents of the shards.
    pub lineage: Arc<Lineage>,
    /// Hears of it when every record of `records` was acknowledged or discarded.
    pub played: Option<oneshot::Sender<PollerReport>>,
}

impl From<mpsc::Receiver<Chunk>> for PollerInput {
    fn from(records: mpsc::Receiver<Chunk>) -> Self {
        Self { records, live: None, lineage: Arc::default(), played: None }
    }
}

impl Poller {
    /// Reads to the end of all input, and waits until every record was acknowledged or discarded.
    pub async fn consume(self, input: impl Into<PollerInput>) -> anyhow::Result<PollerReport> {
        let mut polling = Polling::new(self, input.into());
        polling.run().await?;
        Ok(polling.report())
    }
}

struct Polling {
    pool: Arc<FunctionPool>,
    on_failure: OnFailureDestination,
    progress: Option<Progress>,
    status: Arc<SharedStatus>,
    origin: Arc<Origin>,
    mapping: EventSourceMapping,
    input: PollerInput,
    /// Records that were received and not yet offered: the mapping has no room for the first one.
    received: VecDeque<Arc<EncodedRecord>>,
    input_ended: bool,
    /// True until everything is done that was there when somebody asked for a flush.
    flushing: bool,
    invocations: JoinSet<(LaneId, Result<Invocation, HostError>)>,
    last_invocations: BTreeMap<LaneId, LastInvocation>,
    tally: Tally,
    clock: Instant,
    first_invoked: Option<Duration>,
    last_acknowledged: Duration,
}

impl Polling {
    fn new(poller: Poller, input: PollerInput) -> Self {
        let Poller { pool, settings, on_failure, progress, status } = poller;
        Self {
            pool,
            on_failure,
            progress,
            status,
            origin: Arc::clone(&settings.origin),
            mapping: EventSourceMapping::new(settings).with_lineage(Arc::clone(&input.lineage)),
            input,
            received: VecDeque::new(),
            input_ended: false,
            flushing: false,
            invocations: JoinSet::new(),
            last_invocations: BTreeMap::new(),
            tally: Tally::default(),
            clock: Instant::now(),
            first_invoked: None,
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
                Step::Done if self.flushing && !self.input_ended => {
                    self.flushing = false;
                    self.mapping.resume();
                }
                Step::Done => {
                    if let Some(played) = self.input.played.take() {
                        // Nobody may want to know.
                        played.send(self.report()).ok();
                    }
                    match self.input.live.take() {
                        Some(live) => self.go_on(live),
                        None => return Ok(()),
                    }
                }
            }
        }
    }

    /// Goes on with the records that come after those of a file.
    fn go_on(&mut self, live: mpsc::Receiver<Chunk>) {
        self.input.records = live;
        self.input_ended = false;
        self.mapping.resume();
    }

    fn report(&self) -> PollerReport {
        PollerReport {
            statistics: self.mapping.statistics(),
            elapsed: self.last_acknowledged.saturating_sub(self.first_invoked.unwrap_or_default()),
            tally: self.tally.clone(),
        }
    }

    /// Offers the received records, up to the first that finds no room. With several shards that record delays the
    /// others behind it in the file; the mapping's lookahead makes that rare, and the maximum record age ends it.
    fn offer(&mut self) {
        let now = self.clock.elapsed();
        while let Some(record) = self.received.pop_front() {
            if let Err(back) = self.mapping.offer(record, now) {
                self.received.push_front(back);
                return;
            }
        }
        if self.input_ended || self.flushing {
            self.mapping.end();
        }
    }

    fn invoke(&mut self, lane: LaneId, records: Vec<Arc<EncodedRecord>>, now: Duration) {
        self.first_invoked.get_or_insert(now);
        let (pool, origin) = (Arc::clone(&self.pool), Arc::clone(&self.origin));
        self.invocations.spawn(async move {
            let payload = event(&records, &origin);
            (lane, pool.invoke(payload.into()).await)
        });
    }

    async fn discard(&mut self, lane: LaneId, discarded: &DiscardedBatch) -> anyhow::Result<()> {
        // A batch that was never invoked shares its lane with others that were.
        let last = self.last_invocations.get(&lane).filter(|_| discarded.invocations > 0);
        let write = self.on_failure.write(&self.pool.function().arn, &self.origin, discarded, last, Utc::now());
        Box::pin(write).await.context("cannot write the discarded records to the on-failure destination")?;
        self.publish();
        Ok(())
    }

    /// Waits for records, the end of an invocation, or the end of `pause`.
    async fn wait(&mut self, pause: Option<Duration>) -> anyhow::Result<()> {
        let oldest = self.mapping.oldest().map(|picked_up| self.clock + picked_up);
        self.status.update(|status| status.oldest = oldest);
        let status = Arc::clone(&self.status);
        let wants_records = self.received.is_empty() && !self.input_ended && !self.flushing;
        tokio::select! {
            Some(finished) = self.invocations.join_next() => {
                let (lane, invocation) = finished.context("an invocation panicked")?;
                let invocation = invocation?;
                if let Some(failure) = lasting_failure(&invocation) {
                    anyhow::bail!("{} failed, and retrying does not help: {failure}", self.pool.function().name);
                }
                self.finish(lane, invocation);
            }
            chunk = self.input.records.recv(), if wants_records => match chunk {
                Some(records) => {
                    if let Some(progress) = &mut self.progress {
                        progress.read(records.len());
                    }
                    self.receive(records);
                }
                None => self.input_ended = true,
            },
            () = status.asked_to_redeliver() => self.mapping.redeliver(),
            () = status.asked_to_flush(), if wants_records => self.flushing = true,
            // Not while what a file ended with is being finished.
            Some(records) = receive_live(&mut self.input.live), if wants_records => self.receive(records),
            () = tokio::time::sleep(pause.unwrap_or_default()), if pause.is_some() => {}
        }
        Ok(())
    }

    fn receive(&mut self, records: Chunk) {
        self.status.update(|status| status.picked_up += records.len() as u64);
        self.received.extend(records);
    }

    fn finish(&mut self, lane: LaneId, invocation: Invocation) {
        let now = self.clock.elapsed();
        let before = self.mapping.statistics().delivered;
        let complete = self.mapping.finished(lane, &invocation.outcome, now);
        let statistics = self.mapping.statistics();
        if statistics.delivered > before {
            self.last_acknowledged = now;
        }
        if complete && let Some(line) = &invocation.batch_line {
            self.tally.add(line);
        }
        let failed = invocation.outcome == InvocationOutcome::Failed;
        self.last_invocations.insert(lane, LastInvocation { request_id: invocation.request_id, failed });
        if let Some(progress) = &self.progress {
            progress.show(statistics, now.saturating_sub(self.first_invoked.unwrap_or(now)));
        }
        self.publish();
    }

    fn publish(&self) {
        let report = self.report();
        self.status.update(|status| status.report = report);
    }
}

/// Receives the next chunk that comes beside a file. Without such a channel, or at its end, it waits for ever.
async fn receive_live(live: &mut Option<mpsc::Receiver<Chunk>>) -> Option<Chunk> {
    match live {
        Some(live) => live.recv().await,
        None => pending().await,
    }
}

/// Returns the function error if only a person can repair its cause. Lambda would retry for as long as the stream keeps
/// the records.
fn lasting_failure(invocation: &Invocation) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct FunctionError {
        error_type: String,
        error_message: String,
    }
    let FunctionError { error_type, error_message } = serde_json::from_str(invocation.failure.as_deref()?).ok()?;
    is_permanent(&error_type).then(|| format!("{error_type}: {error_message}"))
}
