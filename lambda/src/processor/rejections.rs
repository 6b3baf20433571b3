//! What goes to the quarantine: each rejected event with its reason, in one object (for each hour of arrival).

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use pipegen_contract::object_key::REJECTED;
use pipegen_event::{Reason, Rejection};
use serde::Serialize;

use crate::event::KinesisRecord;
use crate::objects::{Object, ObjectLines};

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
    event: Raw<'a>,
}

/// An event's own bytes: as text if they are UTF-8.
#[derive(Serialize)]
enum Raw<'a> {
    #[serde(rename = "event")]
    Text(&'a str),
    #[serde(rename = "event_base64")]
    Base64(String),
}

impl<'a> From<&'a [u8]> for Raw<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Text(text),
            Err(_) => Self::Base64(BASE64_STANDARD.encode(bytes)),
        }
    }
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
            arrived_at: record.arrived_at().format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string(),
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
