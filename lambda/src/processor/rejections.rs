//! What goes to the quarantine: each rejected event with its reason, in one object (for each hour of arrival).

use std::collections::BTreeMap;

use pipegen_contract::object_key::REJECTED;
use pipegen_event::{Reason, Rejection};
use serde::Serialize;

use crate::event::KinesisRecord;
use crate::objects::{Object, ObjectLines, RawBytes, arrival};

/// The rejections of one batch, compressed as they come.
pub(super) struct Rejections {
    lines: ObjectLines,
    counts: BTreeMap<Reason, u64>,
}

#[derive(Serialize)]
struct Line<'a> {
    reason: &'a str,
    detail: &'a str,
    shard: &'a str,
    sequence_number: &'a str,
    index: usize,
    arrived_at: String,
    #[serde(flatten)]
    event: RawBytes<'a>,
}

impl Default for Rejections {
    fn default() -> Self {
        Self { lines: ObjectLines::new(REJECTED), counts: BTreeMap::new() }
    }
}

impl Rejections {
    /// Adds an event, its own text and where it was.
    pub(super) fn push(&mut self, record: &KinesisRecord, index: usize, text: &[u8], rejection: &Rejection) {
        *self.counts.entry(rejection.reason).or_default() += 1;
        let line = Line {
            reason: rejection.reason.as_str(),
            detail: &rejection.detail,
            shard: record.shard(),
            sequence_number: record.sequence_number(),
            index,
            arrived_at: arrival(record),
            event: text.into(),
        };
        self.lines.push(record, &line);
    }

    /// How many there are, by reason.
    pub(super) fn counts(&self) -> &BTreeMap<Reason, u64> {
        &self.counts
    }

    /// What is to be stored.
    pub(super) fn into_objects(self) -> Vec<Object> {
        self.lines.finish()
    }
}
