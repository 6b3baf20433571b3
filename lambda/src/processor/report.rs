//! The one log line about a batch.

use std::io::Write;

use chrono::{SecondsFormat, Utc};
use lambda_runtime::tracing::error;
use pipegen_contract::batch_line;
use pipegen_store::Outcome;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::rejections::Rejections;
use crate::event::KinesisRecord;

/// What is known about a batch so far.
#[derive(Default)]
pub(super) struct BatchLine {
    request_id: String,
    shard: String,
    first: String,
    last: String,
    records: usize,
    applied: usize,
    stale: usize,
    duplicate: usize,
    rejected: Map<String, Value>,
    rejections: u64,
    milliseconds: Map<String, Value>,
    /// Entries that the cache was told of.
    pub(super) refreshed: usize,
    /// Products that the cache has yet to be told of.
    pub(super) pending: usize,
}

impl BatchLine {
    pub(super) fn new(request_id: &str, records: &[KinesisRecord]) -> Self {
        let sequence_number =
            |record: Option<&KinesisRecord>| record.map_or("", KinesisRecord::sequence_number).to_owned();
        Self {
            request_id: request_id.to_owned(),
            shard: records.first().map_or("", KinesisRecord::shard).to_owned(),
            first: sequence_number(records.first()),
            last: sequence_number(records.last()),
            records: records.len(),
            ..Self::default()
        }
    }

    /// Does a stage's work and notes how long it took.
    pub(super) fn timed<T>(&mut self, stage: &str, work: impl FnOnce() -> T) -> T {
        let started = Instant::now();
        let result = work();
        self.took(stage, started);
        result
    }

    /// Notes how long a stage took until now.
    pub(super) fn took(&mut self, stage: &str, started: Instant) {
        let microseconds = u32::try_from(started.elapsed().as_micros()).unwrap_or(u32::MAX);
        self.milliseconds.insert(stage.to_owned(), (f64::from(microseconds) / 1000.0).into());
    }

    /// Counts what became of the accepted events.
    pub(super) fn count(&mut self, outcomes: &[Outcome]) {
        for outcome in outcomes {
            match outcome {
                Outcome::Applied => self.applied += 1,
                Outcome::Stale => self.stale += 1,
                Outcome::Duplicate => self.duplicate += 1,
                Outcome::Rejected(_) => {}
            }
        }
    }

    /// Counts the rejected events, those that the database refused among them.
    pub(super) fn rejected(&mut self, rejections: &Rejections) {
        for (reason, count) in rejections.counts() {
            self.rejected.insert(reason.as_str().to_owned(), (*count).into());
            self.rejections += count;
        }
    }

    fn to_json(&self) -> Value {
        let events = self.applied + self.stale + self.duplicate;
        json!({
            "timestamp": Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true),
            "level": "INFO",
            "message": batch_line::MESSAGE,
            "requestId": self.request_id,
            "shard": self.shard,
            "first_sequence_number": self.first,
            "last_sequence_number": self.last,
            (batch_line::RECORDS): self.records,
            (batch_line::EVENTS): events as u64 + self.rejections,
            (batch_line::APPLIED): self.applied,
            (batch_line::STALE): self.stale,
            (batch_line::DUPLICATE): self.duplicate,
            (batch_line::REJECTED): self.rejected,
            (batch_line::REFRESHED): self.refreshed,
            (batch_line::PENDING): self.pending,
            (batch_line::MILLISECONDS): self.milliseconds,
        })
    }

    /// Writes the line. A log that cannot be written is no reason to process the batch again.
    pub(super) fn write(&self) {
        if let Err(error) = writeln!(std::io::stdout().lock(), "{}", self.to_json()) {
            error!(%error, "the batch's line could not be written");
        }
    }
}
