//! A poller of the stream: invokes a function as its event source mapping demands, and writes discarded batches.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use chrono::Utc;
use pipegen_contract::failure::is_permanent;
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::event_source::feed::Chunk;
use crate::event_source::mapping::{
    DiscardedBatch, EncodedRecord, EventSourceMapping, LaneId, MappingSettings, Origin, Statistics, Step, event,
};
use crate::event_source::on_failure::{LastInvocation, OnFailureDestination};
use crate::event_source::progress::Progress;
use crate::event_source::tally::Tally;
use crate::lambda_host::{FunctionPool, HostError, Invocation, InvocationOutcome};

/// A function that reads the stream.
pub struct Poller {
    pub pool: Arc<FunctionPool>,
    pub settings: MappingSettings,
    /// The destination of discarded batches.
    pub on_failure: OnFailureDestination,
    /// The progress bar, if there is one.
    pub progress: Option<Progress>,
}

/// The work of a poller.
#[derive(Clone, Debug, Default)]
pub struct PollerReport {
    pub statistics: Statistics,
    /// The time from the first invocation to the last acknowledgement.
    pub elapsed: Duration,
    /// The counts of events in the acknowledged batches.
    pub tally: Tally,
}

impl Poller {
    /// Reads to the end of the channel, and waits until every record was acknowledged or discarded.
    pub async fn consume(self, records: mpsc::Receiver<Chunk>) -> anyhow::Result<PollerReport> {
        let mut polling = Polling::new(self, records);
        polling.run().await?;
        Ok(PollerReport {
            statistics: polling.mapping.statistics(),
            elapsed: polling.last_acknowledged.saturating_sub(polling.first_invoked.unwrap_or_default()),
            tally: polling.tally,
        })
    }
}

struct Polling {
    pool: Arc<FunctionPool>,
    on_failure: OnFailureDestination,
    progress: Option<Progress>,
    origin: Arc<Origin>,
    mapping: EventSourceMapping,
    records: mpsc::Receiver<Chunk>,
    /// Records that were received and not yet offered: the mapping has no room for the first one.
    received: VecDeque<Arc<EncodedRecord>>,
    input_ended: bool,
    invocations: JoinSet<(LaneId, Result<Invocation, HostError>)>,
    last_invocations: BTreeMap<LaneId, LastInvocation>,
    tally: Tally,
    clock: Instant,
    first_invoked: Option<Duration>,
    last_acknowledged: Duration,
}

impl Polling {
    fn new(Poller { pool, settings, on_failure, progress }: Poller, records: mpsc::Receiver<Chunk>) -> Self {
        Self {
            pool,
            on_failure,
            progress,
            origin: Arc::clone(&settings.origin),
            mapping: EventSourceMapping::new(settings),
            records,
            received: VecDeque::new(),
            input_ended: false,
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
                Step::Done => return Ok(()),
            }
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
        if self.input_ended {
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
        Box::pin(write).await.context("cannot write the discarded records to the on-failure destination")
    }

    /// Waits for records, the end of an invocation, or the end of `pause`.
    async fn wait(&mut self, pause: Option<Duration>) -> anyhow::Result<()> {
        let wants_records = self.received.is_empty() && !self.input_ended;
        tokio::select! {
            Some(finished) = self.invocations.join_next() => {
                let (lane, invocation) = finished.context("an invocation panicked")?;
                let invocation = invocation?;
                if let Some(failure) = lasting_failure(&invocation) {
                    anyhow::bail!("{} failed, and retrying does not help: {failure}", self.pool.function().name);
                }
                self.finish(lane, invocation);
            }
            chunk = self.records.recv(), if wants_records => match chunk {
                Some(records) => {
                    if let Some(progress) = &mut self.progress {
                        progress.read(records.len());
                    }
                    self.received.extend(records);
                }
                None => self.input_ended = true,
            },
            () = tokio::time::sleep(pause.unwrap_or_default()), if pause.is_some() => {}
        }
        Ok(())
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
