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
    /// For each SKU and time the line and the hash of the row's values.
    snapshots: HashMap<Hash, (u64, Hash)>,
    /// For each change how often there was one like it.
    changes: HashMap<Hash, u32>,
}

impl Repeats {
    /// Returns the line of an earlier row about the same thing with other values.
    pub(super) fn contradiction(&mut self, subject: Hash, line: u64, values: Hash) -> Option<u64> {
        match self.snapshots.entry(subject) {
            Entry::Occupied(earlier) => {
                let (line, earlier) = *earlier.get();
                (earlier != values).then_some(line)
            }
            Entry::Vacant(first) => {
                first.insert((line, values));
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
