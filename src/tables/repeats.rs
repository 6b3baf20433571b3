//! Rows that are there twice.
//!
//! Two counts of one SKU at one time contradict each other, and chance would decide which of them counts. Two changes of
//! one SKU at one time are both meant, even if nothing tells them apart.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::event::Hash;

/// The rows of a file so far, by what they are about.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    /// For each SKU, time and type of event the line and the hash of the value.
    snapshots: HashMap<Hash, (u64, Hash)>,
    /// For each change how often there was one like it.
    changes: HashMap<Hash, u32>,
}

impl Repeats {
    /// Returns the line of an earlier row that has another value for the same thing.
    pub(super) fn contradiction(&mut self, subject: Hash, line: u64, value: Hash) -> Option<u64> {
        match self.snapshots.entry(subject) {
            Entry::Occupied(earlier) => {
                let (line, earlier) = *earlier.get();
                (earlier != value).then_some(line)
            }
            Entry::Vacant(first) => {
                first.insert((line, value));
                None
            }
        }
    }

    /// Returns how many changes like this one there were before.
    pub(super) fn earlier(&mut self, change: Hash) -> u32 {
        let count = self.changes.entry(change).or_default();
        *count += 1;
        *count - 1
    }
}
