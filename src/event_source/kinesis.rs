//! Reads a Kinesis stream from its beginning, as an event source mapping does: each shard at its own pace.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::error::DisplayErrorContext;
use aws_sdk_kinesis::operation::get_records::{GetRecordsError, GetRecordsOutput};
use aws_sdk_kinesis::types::{self, ShardIteratorType};
use chrono::DateTime;
use parking_lot::Mutex;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::feed::Chunk;
use super::generations::Generations;
use super::mapping::EncodedRecord;
use crate::records::Record;
use crate::stream::Lineage;

/// The wait after a request that found no records (Lambda waits a second).
const PAUSE: Duration = Duration::from_millis(250);

/// The number of chunks that are read ahead. One may have 10 MB.
const CHUNKS: usize = 1;

/// A stream in an account.
#[derive(Clone, Debug)]
pub struct KinesisStream {
    pub client: Client,
    pub arn: String,
    /// The parents of the shards, which readers find out.
    pub lineage: Arc<Lineage>,
}

/// The readers' activity, by which an idle stream is known.
#[derive(Debug)]
pub struct Activity {
    /// The last time that records were found.
    last: Mutex<Instant>,
    /// The number of readers with records that are not passed on yet.
    busy: AtomicUsize,
}

impl Default for Activity {
    fn default() -> Self {
        Self { last: Mutex::new(Instant::now()), busy: AtomicUsize::new(0) }
    }
}

impl Activity {
    /// Waits until no reader has found records for this period.
    pub async fn idle_for(&self, period: Duration) {
        loop {
            let last = *self.last.lock();
            let waited = last.elapsed();
            if waited >= period && self.busy.load(Ordering::Acquire) == 0 {
                return;
            }
            tokio::time::sleep(period.saturating_sub(waited).max(PAUSE)).await;
        }
    }

    fn found(&self) {
        self.busy.fetch_add(1, Ordering::AcqRel);
    }

    fn passed_on(&self) {
        *self.last.lock() = Instant::now();
        self.busy.fetch_sub(1, Ordering::AcqRel);
    }
}

impl KinesisStream {
    /// Starts a reader for each present shard, until `stop` is cancelled or the first error. Their records come out of
    /// the receiver. A shard that came of others is read once they are read to their ends.
    pub async fn read(
        &self,
        activity: &Arc<Activity>,
        stop: &CancellationToken,
        readers: &mut JoinSet<anyhow::Result<()>>,
    ) -> anyhow::Result<mpsc::Receiver<Chunk>> {
        let (sender, receiver) = mpsc::channel(CHUNKS);
        let (stream, activity, stop) = (self.clone(), Arc::clone(activity), stop.clone());
        let generations = Generations::new(self.shards().await?);
        readers.spawn(async move {
            tokio::select! {
                read = stream.read_all(generations, &activity, sender) => read,
                () = stop.cancelled() => Ok(()),
            }
        });
        Ok(receiver)
    }

    async fn read_all(
        self,
        mut generations: Generations,
        activity: &Arc<Activity>,
        sender: mpsc::Sender<Chunk>,
    ) -> anyhow::Result<()> {
        let mut readers = JoinSet::new();
        loop {
            for (shard, parents) in generations.ready() {
                if !parents.is_empty() {
                    self.lineage.add(shard.clone(), parents);
                }
                let (stream, activity, sender) = (self.clone(), Arc::clone(activity), sender.clone());
                readers.spawn(async move {
                    let children = stream.read_shard(&shard, &activity, &sender).await?;
                    anyhow::Ok((shard, children))
                });
            }
            let Some(read) = readers.join_next().await else { return Ok(()) };
            let (shard, children) = read.context("a reader panicked")??;
            generations.end(shard, children);
        }
    }

    async fn shards(&self) -> anyhow::Result<Vec<(String, Vec<String>)>> {
        let mut shards = Vec::new();
        let mut token = None;
        loop {
            let request = self.client.list_shards();
            // The token identifies the stream as well.
            let request = match token {
                Some(token) => request.next_token(token),
                None => request.stream_arn(&self.arn),
            };
            let page =
                request.send().await.map_err(|error| self.failed("list the shards", DisplayErrorContext(error)))?;
            shards.extend(page.shards.unwrap_or_default().into_iter().map(|shard| {
                let parents = [shard.parent_shard_id, shard.adjacent_parent_shard_id];
                (shard.shard_id, parents.into_iter().flatten().collect())
            }));
            token = page.next_token;
            if token.is_none() {
                return Ok(shards);
            }
        }
    }

    /// Reads a shard to its end, and returns its children. Only a shard that was split or merged has an end.
    async fn read_shard(
        &self,
        shard: &str,
        activity: &Activity,
        to: &mpsc::Sender<Chunk>,
    ) -> anyhow::Result<Vec<(String, Vec<String>)>> {
        let mut last = None;
        let mut children = Vec::new();
        let mut iterator = self.iterator(shard, last.as_deref()).await?;
        while let Some(current) = iterator {
            let request = self.client.get_records().stream_arn(&self.arn).shard_iterator(current);
            let GetRecordsOutput { records, next_shard_iterator, child_shards, .. } = match request.send().await {
                Ok(found) => found,
                Err(error) if error.as_service_error().is_some_and(GetRecordsError::is_expired_iterator_exception) => {
                    iterator = self.iterator(shard, last.as_deref()).await?;
                    continue;
                }
                Err(error) => return Err(self.failed("get records", DisplayErrorContext(error))),
            };
            iterator = next_shard_iterator;
            let found = child_shards.unwrap_or_default();
            children.extend(found.into_iter().map(|child| (child.shard_id, child.parent_shards)));
            let chunk = records.into_iter().map(|found| record(shard, found)).collect::<anyhow::Result<Chunk>>()?;
            let Some(newest) = chunk.last() else {
                if iterator.is_some() {
                    tokio::time::sleep(PAUSE).await;
                }
                continue;
            };
            last = Some(newest.sequence_number().to_owned());
            activity.found();
            let sent = to.send(chunk).await;
            activity.passed_on();
            if sent.is_err() {
                break;
            }
        }
        Ok(children)
    }

    /// Requests an iterator: behind the last record, or at the shard's beginning.
    async fn iterator(&self, shard: &str, last: Option<&str>) -> anyhow::Result<Option<String>> {
        let request = self.client.get_shard_iterator().stream_arn(&self.arn).shard_id(shard);
        let request = match last {
            Some(number) => {
                request.shard_iterator_type(ShardIteratorType::AfterSequenceNumber).starting_sequence_number(number)
            }
            None => request.shard_iterator_type(ShardIteratorType::TrimHorizon),
        };
        let found = request.send().await;
        let found = found.map_err(|error| self.failed("get a shard iterator", DisplayErrorContext(error)))?;
        Ok(found.shard_iterator)
    }

    fn failed(&self, what: &str, why: impl std::fmt::Display) -> anyhow::Error {
        anyhow::anyhow!("Kinesis: could not {what} of {}: {why}", self.arn)
    }
}

fn record(shard: &str, found: types::Record) -> anyhow::Result<Arc<EncodedRecord>> {
    let arrived = found.approximate_arrival_timestamp.and_then(|time| {
        let micros = time.as_nanos() / 1000;
        DateTime::from_timestamp_micros(i64::try_from(micros).ok()?)
    });
    Ok(Arc::from(Record {
        shard: shard.to_owned(),
        arrived_at: arrived
            .with_context(|| format!("record {} of {shard} has no arrival time", found.sequence_number))?,
        sequence_number: found.sequence_number,
        partition_key: found.partition_key.unwrap_or_default(),
        data: found.data.into_inner(),
    }))
}
