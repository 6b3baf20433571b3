//! Lines about the same record, in objects of one shard's hour that overlap.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use super::fingerprint::Fingerprint;
use super::object::{Examined, LineFingerprint};
use super::report::{Problem, ProblemKind, Problems};
use crate::archive::object_key::ObjectKey;
use crate::archive::objects::Object;

/// The lines of the objects that the next ones may overlap. The objects come in the order of their first records, so
/// one whose last record is before the next object's first is done with.
#[derive(Default)]
pub(super) struct Overlaps {
    open: Vec<OpenObject>,
    lines: HashMap<(Fingerprint, u32), Known>,
}

struct OpenObject {
    key: ObjectKey,
    lines: Vec<(Fingerprint, u32)>,
}

/// The first line about a record.
struct Known {
    content: Fingerprint,
    key: Arc<str>,
    number: u32,
}

impl Overlaps {
    /// Compares an object's lines with those of the objects before. Returns the number of lines that are there again.
    pub(super) fn add(&mut self, object: &Object, examined: &Examined, problems: &mut Problems) -> u64 {
        self.let_go(&object.key);
        let key: Arc<str> = object.entry.key.as_str().into();
        let mut own = Vec::with_capacity(examined.lines.len());
        let mut repeated = 0;
        for line in &examined.lines {
            match self.lines.entry((line.record, line.index)) {
                Entry::Vacant(vacant) => {
                    own.push(*vacant.key());
                    vacant.insert(Known { content: line.content, key: Arc::clone(&key), number: line.number });
                }
                Entry::Occupied(known) => {
                    repeated += 1;
                    if known.get().content != line.content {
                        problems.push(differing(&key, line, known.get()));
                    }
                }
            }
        }
        self.open.push(OpenObject { key: object.key.clone(), lines: own });
        repeated
    }

    /// Lets go of what no further object can overlap.
    fn let_go(&mut self, next: &ObjectKey) {
        for object in self.open.extract_if(.., |open| !open.key.is_beside(next) || open.key.last < next.first) {
            for line in &object.lines {
                self.lines.remove(line);
            }
        }
    }
}

fn differing(key: &str, line: &LineFingerprint, known: &Known) -> Problem {
    let detail = format!("is about the same record as line {} of {}, but differs from it", known.number, known.key);
    Problem::of_line(ProblemKind::Overlap, key, line.number.into(), detail)
}
