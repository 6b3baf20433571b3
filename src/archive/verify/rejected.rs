//! The rejected events of one shard's hour, which must be in the archive.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::fingerprint::Fingerprint;
use super::object::{Examined, RecordEvents};
use super::report::{Problem, ProblemKind, Problems};
use crate::archive::objects::Object;

/// The rejected events of a shard's hour.
#[derive(Default)]
pub(super) struct Rejected {
    /// Sorted by record once all are there.
    events: Vec<RejectedEvent>,
    keys: Vec<Arc<str>>,
}

struct RejectedEvent {
    record: Fingerprint,
    content: Fingerprint,
    index: u32,
    /// The object's place in `keys`, and the line.
    object: u32,
    number: u32,
    /// True if the record was found in the archive.
    found: bool,
    /// True if it is so new that the record may not be archived yet.
    is_new: bool,
}

impl Rejected {
    /// Adds the events of an object. The record of one that arrived after `settled` may not be archived yet.
    pub(super) fn add(&mut self, object: &Object, examined: &Examined, settled: DateTime<Utc>) {
        let place = u32::try_from(self.keys.len()).unwrap_or(u32::MAX);
        self.keys.push(object.entry.key.as_str().into());
        self.events.extend(examined.lines.iter().map(|line| RejectedEvent {
            record: line.record,
            content: line.content,
            index: line.index,
            object: place,
            number: line.number,
            found: false,
            is_new: line.arrived_at > settled.timestamp(),
        }));
    }

    /// Returns the records of the events.
    pub(super) fn records(&mut self) -> HashSet<Fingerprint> {
        self.events.sort_by_key(|event| event.record);
        self.events.iter().map(|event| event.record).collect()
    }

    /// Compares the events with an archived record.
    pub(super) fn compare(&mut self, archived: &RecordEvents, problems: &mut Problems) {
        let start = self.events.partition_point(|event| event.record < archived.record);
        for event in self.events[start..].iter_mut().take_while(|event| event.record == archived.record) {
            // Objects of the archive overlap: what one of them says again is not told again.
            if std::mem::replace(&mut event.found, true) {
                continue;
            }
            let index = usize::try_from(event.index).unwrap_or(usize::MAX);
            if archived.events.get(index) != Some(&event.content) {
                let key = self.keys.get(event.object as usize).map_or("", |key| key);
                let detail = format!("is not event {} of the archived record, byte for byte", event.index);
                problems.push(Problem::of_line(ProblemKind::NotInRecord, key, event.number.into(), detail));
            }
        }
    }

    /// Returns true if a record was not found.
    pub(super) fn lacks_any(&self) -> bool {
        self.events.iter().any(|event| !event.found)
    }

    /// Reports the events whose records are neither in the archive nor elsewhere, and returns the number of those that
    /// may not be archived yet.
    pub(super) fn report_missing(&self, kept_elsewhere: &HashSet<Fingerprint>, problems: &mut Problems) -> u64 {
        let missing = self.events.iter().filter(|event| !event.found && !kept_elsewhere.contains(&event.record));
        let (new, mut missing): (Vec<_>, Vec<_>) = missing.partition(|event| event.is_new);
        missing.sort_by_key(|event| (event.object, event.number));
        for event in missing {
            let key = self.keys.get(event.object as usize).map_or("", |key| key);
            let detail = "its record is not in the archive";
            problems.push(Problem::of_line(ProblemKind::NotArchived, key, event.number.into(), detail));
        }
        new.len() as u64
    }
}
