//! Everything in the quarantine, event by event: rejected events, and the records of batches that Lambda discarded.

use base64_simd::STANDARD;
use chrono::{DateTime, SecondsFormat, Utc};
use pipegen_event::Reason;
use serde::Serialize;

use super::discarded::{DiscardedBatch, each_batch};
use super::event_filter::EventFilter;
use super::line::{Kind, Line};
use super::merged::each_line;
use super::source::Source;
use super::time_range::TimeRange;

/// The reason of records in batches that Lambda discarded: nobody has rejected them, they were never processed.
pub const DISCARDED: &str = "discarded";

/// The part of the quarantine that is meant.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    pub range: TimeRange,
    pub events: EventFilter,
    /// As [`reason_named`] returns it.
    pub reason: Option<&'static str>,
}

/// A rejected event, or a record that was discarded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The key of the object that has it.
    pub key: String,
    pub reason: String,
    pub detail: String,
    pub shard: String,
    pub sequence_number: String,
    /// The event's index in its record.
    pub index: u32,
    pub arrived_at: DateTime<Utc>,
    /// Of a discarded record only: the quarantine does not keep it.
    pub partition_key: Option<String>,
    pub data: Vec<u8>,
}

/// A line with a rejection, which `pipegen local --records` plays.
#[derive(Serialize)]
struct RejectionLine<'a> {
    reason: &'a str,
    detail: &'a str,
    shard: &'a str,
    sequence_number: &'a str,
    index: u32,
    arrived_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    partition_key: Option<&'a str>,
    event: Option<&'a str>,
    event_base64: Option<String>,
}

/// Returns the reason of this name.
pub fn reason_named(name: &str) -> Option<&'static str> {
    Reason::ALL.into_iter().map(Reason::as_str).chain([DISCARDED]).find(|reason| *reason == name)
}

impl Rejection {
    fn rejected(key: &str, line: Line<'_>) -> Self {
        let (reason, detail) = line.rejection.unwrap_or_default();
        Self {
            key: key.to_owned(),
            reason: reason.into_owned(),
            detail: detail.into_owned(),
            shard: line.shard.into_owned(),
            sequence_number: line.sequence_number.to_string(),
            index: line.index,
            arrived_at: line.arrived_at,
            partition_key: None,
            data: line.data.into_owned(),
        }
    }

    fn discarded(key: &str, batch: DiscardedBatch) -> impl Iterator<Item = Self> {
        let detail = format!("{}: {}", batch.function, batch.condition);
        batch.records.into_iter().map(move |record| Self {
            key: key.to_owned(),
            reason: DISCARDED.to_owned(),
            detail: detail.clone(),
            shard: record.shard,
            sequence_number: record.sequence_number,
            index: 0,
            arrived_at: record.arrived_at,
            partition_key: Some(record.partition_key),
            data: record.data,
        })
    }

    /// Returns it as a line of the quarantine. A discarded record has its partition key as well.
    pub fn line(&self) -> serde_json::Result<String> {
        let event = str::from_utf8(&self.data).ok();
        serde_json::to_string(&RejectionLine {
            reason: &self.reason,
            detail: &self.detail,
            shard: &self.shard,
            sequence_number: &self.sequence_number,
            index: self.index,
            arrived_at: self.arrived_at.to_rfc3339_opts(SecondsFormat::Micros, true),
            partition_key: self.partition_key.as_deref(),
            event,
            event_base64: event.is_none().then(|| STANDARD.encode_to_string(&self.data)),
        })
    }
}

/// Passes on what is selected: rejected events each once, in the order of hour, shard and sequence number, then discarded
/// records, in the order of their objects' keys. Returns early if `pass_on` returns false.
pub async fn each_rejection(
    quarantine: &Source,
    selection: &Selection,
    mut pass_on: impl AsyncFnMut(Rejection) -> anyhow::Result<bool>,
) -> anyhow::Result<()> {
    let Selection { range, events, reason } = selection;
    let mut goes_on = true;
    if *reason != Some(DISCARDED) {
        let (events, reason) = (events.clone(), *reason);
        let keep = move |line: &Line<'_>| {
            let is_reason = |reason: &str| line.rejection.as_ref().is_some_and(|(found, _)| found == reason);
            reason.is_none_or(is_reason) && events.matches_record(&line.data)
        };
        each_line(quarantine, Kind::Quarantine, range, keep, async |key, line| {
            let line = Line::parse(Kind::Quarantine, line).map_err(anyhow::Error::msg)?;
            goes_on = pass_on(Rejection::rejected(key, line)).await?;
            Ok(goes_on)
        })
        .await?;
    }
    if !goes_on || reason.is_some_and(|reason| reason != DISCARDED) {
        return Ok(());
    }
    each_batch(quarantine, async |key, batch| {
        for rejection in Rejection::discarded(key, batch) {
            let is_meant = range.contains(rejection.arrived_at) && events.matches_record(&rejection.data);
            if is_meant && !pass_on(rejection).await? {
                return Ok(false);
            }
        }
        Ok(true)
    })
    .await
}
