//! A lane: batches of records, one request under way at a time, and retries of just what failed.
//!
//! All records of a partition key are in one lane, so they reach the stream in their order, unless one of them is
//! refused for the moment and those behind it in the same request are not. No event's meaning depends on the order.

use std::mem::take;
use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use aws_sdk_kinesis::Client;
use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

use super::record::Record;
use super::watermark::Watermark;
use crate::aws::FailureKind;
use crate::aws::put_request::{FailedRequest, Placed, REQUEST_BYTES, REQUEST_RECORDS, put};
use crate::session::console::Console;

/// The longest wait for a request to become full.
const LINGER: Duration = Duration::from_millis(50);

/// The waits between attempts, and their end.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    pub first_delay: Duration,
    pub longest_delay: Duration,
    /// The longest time without an answer if there never was one: the endpoint is probably wrong.
    pub first_answer: Duration,
    /// The longest time in which no record gets on the stream.
    pub progress: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            first_delay: Duration::from_millis(100),
            longest_delay: Duration::from_secs(5),
            first_answer: Duration::from_secs(15),
            progress: Duration::from_mins(5),
        }
    }
}

/// A record on its way, with the memory that it takes.
pub(super) struct Queued {
    pub(super) record: Record,
    /// The number of its unit.
    pub(super) unit: u64,
    pub(super) _memory: OwnedSemaphorePermit,
}

/// The work that all lanes have done.
#[derive(Debug, Default)]
pub(super) struct Board {
    pub(super) watermark: Watermark,
    pub(super) requests: u64,
    pub(super) records: u64,
    pub(super) events: u64,
    pub(super) bytes: u64,
    /// Records that had to be put again, by the reason.
    pub(super) throttled: u64,
    pub(super) failed: u64,
}

/// One lane.
pub(super) struct Lane {
    pub(super) client: Client,
    pub(super) stream: Arc<str>,
    pub(super) queue: mpsc::Receiver<Queued>,
    pub(super) board: Arc<Mutex<Board>>,
    pub(super) console: Arc<Console>,
    pub(super) patience: Patience,
    /// Ends the lane after the request that is under way.
    pub(super) stop: CancellationToken,
    /// A record that did not fit in the last request.
    pub(super) held: Option<Queued>,
}

impl Lane {
    /// Sends until the queue ends.
    pub(super) async fn run(mut self) -> anyhow::Result<()> {
        loop {
            let stop = self.stop.clone();
            let batch = tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(()),
                batch = self.next_batch() => batch,
            };
            if batch.is_empty() {
                return Ok(());
            }
            self.send(batch).await?;
        }
    }

    /// Collects records for a request; none at the end.
    async fn next_batch(&mut self) -> Vec<Queued> {
        let Some(first) = (match self.held.take() {
            Some(held) => Some(held),
            None => self.queue.recv().await,
        }) else {
            return Vec::new();
        };
        let mut bytes = first.record.bytes();
        let mut batch = vec![first];
        let full_by = Instant::now() + LINGER;
        while batch.len() < REQUEST_RECORDS {
            let Ok(Some(next)) = timeout_at(full_by, self.queue.recv()).await else { break };
            bytes += next.record.bytes();
            if bytes > REQUEST_BYTES {
                self.held = Some(next);
                break;
            }
            batch.push(next);
        }
        batch
    }

    /// Puts a batch on the stream, whatever number of requests that takes. If the lane is to stop, what is not there
    /// after the request that is under way is left.
    async fn send(&self, mut batch: Vec<Queued>) -> anyhow::Result<()> {
        let mut delays = self.delays();
        let mut last_progress = Instant::now();
        loop {
            let records = batch.iter().map(|Queued { record, .. }| (&*record.partition_key, &*record.data));
            let answer = put(&self.client, &self.stream, records).await;
            let size = batch.len();
            let (patience, problem) = match answer {
                Ok(results) => {
                    batch = self.note(take(&mut batch), &results);
                    if batch.is_empty() {
                        return Ok(());
                    }
                    let code = results.into_iter().find_map(Result::err).unwrap_or_default();
                    (
                        self.patience.progress,
                        format!("kinesis:PutRecords on {}: {code} for {} of {size} records", self.stream, batch.len()),
                    )
                }
                Err(FailedRequest { failure, is_transient: false }) => return Err(failure.into()),
                Err(FailedRequest { failure, .. }) => {
                    let unheard = failure.kind == FailureKind::Unreachable && self.board.lock().requests == 0;
                    let patience = if unheard { self.patience.first_answer } else { self.patience.progress };
                    (patience, failure.to_string())
                }
            };
            if self.stop.is_cancelled() {
                return Ok(());
            }
            if batch.len() < size {
                (delays, last_progress) = (self.delays(), Instant::now());
            }
            if last_progress.elapsed() > patience {
                return Err(anyhow!(
                    "{problem}\n  nothing got on the stream for {} s, so this run has ended",
                    patience.as_secs()
                ));
            }
            let delay = delays.next().unwrap_or(self.patience.longest_delay);
            if delay > self.patience.longest_delay / 4 {
                self.console.warn(&format!("waiting: {}", problem.lines().next().unwrap_or_default()));
            }
            tokio::select! {
                () = sleep(delay) => {}
                () = self.stop.cancelled() => return Ok(()),
            }
        }
    }

    /// Notes what is on the stream, and returns the rest.
    fn note(&self, batch: Vec<Queued>, results: &[Result<Placed, String>]) -> Vec<Queued> {
        let mut board = self.board.lock();
        board.requests += 1;
        let mut left = Vec::new();
        for (queued, result) in batch.into_iter().zip(results) {
            match result.as_ref().map_err(String::as_str) {
                Ok(_) => {
                    board.records += 1;
                    board.events += queued.record.events;
                    board.bytes += queued.record.data.len() as u64;
                    board.watermark.put(queued.unit);
                }
                Err("ProvisionedThroughputExceededException") => {
                    board.throttled += 1;
                    left.push(queued);
                }
                Err(_) => {
                    board.failed += 1;
                    left.push(queued);
                }
            }
        }
        left
    }

    fn delays(&self) -> ExponentialBackoff {
        let delays = ExponentialBuilder::default().with_min_delay(self.patience.first_delay);
        delays.with_max_delay(self.patience.longest_delay).with_jitter().without_max_times().build()
    }
}
