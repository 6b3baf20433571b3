//! The log line about a batch.

use std::time::Duration;

use pipegen_contract::batch_line::{self, Stage};
use pipegen_contract::metric;
use pipegen_store::EventOutcome;
use serde_json::{Map, Value};

use super::rejections::Rejections;
use crate::kinesis::KinesisBatch;
use crate::metrics::{MetricLine, lag_milliseconds};

/// The numbers about a batch so far.
#[derive(Default)]
pub struct BatchReport {
    applied: u64,
    stale: u64,
    duplicate: u64,
    /// The number of rejected events by reason.
    rejected: Vec<(&'static str, u64)>,
    milliseconds: Map<String, Value>,
    /// The number of cache entries that were refreshed.
    pub(super) refreshed: usize,
    /// The number of products whose cache entries are yet to be refreshed.
    pub(super) pending: usize,
}

impl BatchReport {
    /// Records how long a stage took.
    pub(super) fn took(&mut self, stage: Stage, time: Duration) {
        let microseconds = u32::try_from(time.as_micros()).unwrap_or(u32::MAX);
        self.milliseconds.insert(stage.name().to_owned(), (f64::from(microseconds) / 1000.0).into());
    }

    /// Counts the outcomes of the accepted events.
    pub(super) fn count(&mut self, outcomes: &[EventOutcome]) {
        for outcome in outcomes {
            match outcome {
                EventOutcome::Applied => self.applied += 1,
                EventOutcome::Stale => self.stale += 1,
                EventOutcome::Duplicate => self.duplicate += 1,
                EventOutcome::Rejected(_) => {}
            }
        }
    }

    /// Counts the rejected events, including those that the database refused.
    pub(super) fn count_rejected(&mut self, rejections: &Rejections) {
        self.rejected = rejections.counts().iter().map(|(reason, count)| (reason.as_str(), *count)).collect();
    }

    /// Writes the batch's line, and one for each reason of its rejections, so that CloudWatch counts these by reason.
    pub(super) fn write(self, request_id: &str, batch: &KinesisBatch) {
        for (reason, count) in &self.rejected {
            let mut line = MetricLine::of_batch("rejected", request_id, batch);
            line.metric(metric::REJECTED, *count);
            line.dimension(metric::REASON, reason);
            line.write();
        }
        let rejected: u64 = self.rejected.iter().map(|(_, count)| count).sum();
        let lag = lag_milliseconds(batch);
        let mut line = MetricLine::of_batch(batch_line::MESSAGE, request_id, batch);
        line.metric(metric::APPLIED, self.applied);
        line.metric(metric::VISIBLE_LAG, lag);
        line.field(batch_line::RECORDS, batch.len());
        line.field(batch_line::EVENTS, self.applied + self.stale + self.duplicate + rejected);
        line.field(batch_line::APPLIED, self.applied);
        line.field(batch_line::STALE, self.stale);
        line.field(batch_line::DUPLICATE, self.duplicate);
        line.field(
            batch_line::REJECTED,
            self.rejected.into_iter().map(|(reason, count)| (reason.to_owned(), count.into())).collect::<Map<_, _>>(),
        );
        line.field(batch_line::REFRESHED, self.refreshed);
        line.field(batch_line::PENDING, self.pending);
        line.field(batch_line::LAG, lag);
        line.field(batch_line::MILLISECONDS, self.milliseconds);
        line.write();
    }
}
