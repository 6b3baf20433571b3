//! One object by itself, and the fingerprints of its lines.

use std::collections::HashSet;
use std::sync::Arc;

use base64_simd::STANDARD;
use chrono::NaiveDateTime;
use sha2::{Digest as _, Sha256};

use super::fingerprint::{Fingerprint, Fingerprints};
use super::report::{Counts, Problem, ProblemKind, Problems};
use crate::archive::event_filter::events;
use crate::archive::line::{Kind, Line};
use crate::archive::objects::Object;
use crate::archive::sequence_number::SequenceNumber;
use crate::archive::source::Body;
use crate::archive::text::Text;

/// The findings in an object.
pub(super) struct Examined {
    pub(super) counts: Counts,
    pub(super) problems: Problems,
    /// Every line that could be read, by the object's order.
    pub(super) lines: Vec<LineFingerprint>,
    /// Of the archive: the events of the records that somebody asked for.
    pub(super) events: Vec<RecordEvents>,
}

/// A line, in few bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct LineFingerprint {
    /// The fingerprint of the sequence number.
    pub(super) record: Fingerprint,
    /// The event's index in the record; 0 in the archive.
    pub(super) index: u32,
    /// The number of the line, from 1.
    pub(super) number: u32,
    /// The fingerprint of the line in the archive, of the event's bytes in the quarantine.
    pub(super) content: Fingerprint,
    /// Seconds since the epoch.
    pub(super) arrived_at: i64,
}

/// The events of an archived record.
pub(super) struct RecordEvents {
    pub(super) record: Fingerprint,
    /// The fingerprint of each event's bytes, by index.
    pub(super) events: Vec<Fingerprint>,
}

/// Examines objects of one kind.
#[derive(Clone)]
pub(super) struct Examiner {
    pub(super) kind: Kind,
    pub(super) fingerprints: Fingerprints,
    /// The records of which events are asked for.
    pub(super) wanted: Arc<HashSet<Fingerprint>>,
}

impl Examiner {
    pub(super) fn examine(&self, object: &Object, body: &Body) -> Examined {
        let key = &object.entry.key;
        let mut examined = Examined {
            counts: Counts { objects: 1, bytes: body.bytes.len() as u64, ..Counts::default() },
            problems: Problems::default(),
            lines: Vec::new(),
            events: Vec::new(),
        };
        // That of an object in several parts is a hash of hashes, which is marked by a hyphen.
        if let Some(kept) = body.checksum.as_ref().filter(|kept| !kept.contains('-')) {
            examined.counts.checksums = 1;
            let found = STANDARD.encode_to_string(Sha256::digest(&body.bytes));
            if found != *kept {
                let detail = format!("S3 keeps the SHA-256 {kept}, but that of the bytes is {found}");
                examined.problems.push(Problem::of_object(ProblemKind::Checksum, key, detail));
            }
        }
        if let Err(error) = self.lines(object, body, &mut examined) {
            let detail = format!("cannot be decompressed: {error}");
            examined.problems.push(Problem::of_object(ProblemKind::Compression, key, detail));
        }
        examined
    }

    fn lines(&self, object: &Object, body: &Body, examined: &mut Examined) -> std::io::Result<()> {
        let mut text = Text::new(&body.bytes);
        let hour = hour_number(&object.key.hour);
        let mut range: Option<(SequenceNumber, SequenceNumber)> = None;
        let mut number = 0_u32;
        while let Some(line) = text.next_line()? {
            number += 1;
            let parsed = str::from_utf8(line).map_err(|_| "is not UTF-8".to_owned());
            match parsed.and_then(|text| Line::parse(self.kind, text)) {
                Ok(parsed) => {
                    let is_in_hour = hour == Some(parsed.arrived_at.timestamp().div_euclid(3600));
                    if !is_in_hour {
                        let detail = format!("arrived at {}, in another hour than the key's", parsed.arrived_at);
                        examined.problems.push(Problem::of_line(
                            ProblemKind::Hour,
                            &object.entry.key,
                            number.into(),
                            detail,
                        ));
                    }
                    self.line(object, number, line, &parsed, examined);
                    extend(&mut range, parsed.sequence_number);
                }
                Err(detail) => {
                    let problem = Problem::of_line(ProblemKind::Line, &object.entry.key, number.into(), detail);
                    examined.problems.push(problem);
                }
            }
        }
        examined.counts.lines = number.into();
        examined.counts.uncompressed_bytes = text.bytes();
        let hash = text.finish()?;
        examined.whole(object, &hash, range);
        Ok(())
    }

    /// Looks at a line that can be read.
    fn line(&self, object: &Object, number: u32, text: &[u8], line: &Line<'_>, examined: &mut Examined) {
        let Object { key, entry } = object;
        if line.shard != key.shard {
            let detail = format!("is of the shard {}, the key of {}", line.shard, key.shard);
            examined.problems.push(Problem::of_line(ProblemKind::Shard, &entry.key, number.into(), detail));
        }
        let record = self.fingerprints.of(line.sequence_number.as_str().as_bytes());
        let content = match self.kind {
            Kind::Archive => text,
            Kind::Quarantine => &line.data,
        };
        let content = self.fingerprints.of(content);
        examined.lines.push(LineFingerprint {
            record,
            index: line.index,
            number,
            content,
            arrived_at: line.arrived_at.timestamp(),
        });
        if self.wanted.contains(&record) {
            let events = events(&line.data).iter().map(|event| self.fingerprints.of(event.text)).collect();
            examined.events.push(RecordEvents { record, events });
        }
    }
}

impl Examined {
    /// Compares the key with all lines.
    fn whole(&mut self, object: &Object, hash: &str, range: Option<(SequenceNumber, SequenceNumber)>) {
        let Object { key, entry } = object;
        if hash != key.hash {
            let detail = format!("the hash of its lines is {hash}, not the key's {}", key.hash);
            self.problems.push(Problem::of_object(ProblemKind::ContentHash, &entry.key, detail));
        }
        let detail = match range {
            None => "has no line that can be read".to_owned(),
            Some((first, last)) if first != key.first || last != key.last => {
                format!("its lines are of the records {first} to {last}, which is not what the key says")
            }
            Some(_) => return,
        };
        self.problems.push(Problem::of_object(ProblemKind::Range, &entry.key, detail));
    }
}

fn extend(range: &mut Option<(SequenceNumber, SequenceNumber)>, number: SequenceNumber) {
    match range {
        None => *range = Some((number.clone(), number)),
        Some((first, _)) if number < *first => *first = number,
        Some((_, last)) if number > *last => *last = number,
        Some(_) => {}
    }
}

/// Returns a key's hour, counted from the epoch.
fn hour_number(hour: &str) -> Option<i64> {
    let begin = NaiveDateTime::parse_from_str(&format!("{hour}:00"), "%Y/%m/%d/%H:%M").ok()?;
    Some(begin.and_utc().timestamp().div_euclid(3600))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use pipegen_contract::object_key::ARCHIVE;

    use super::*;
    use crate::archive::object_key::ObjectKey;
    use crate::archive::source::ObjectEntry;

    /// Returns the kinds of problems that a sound object has, of which S3 keeps this checksum.
    fn problems(checksum: impl FnOnce(&[u8]) -> Option<String>) -> (u64, Vec<ProblemKind>) {
        let line = r#"{"shard":"s","sequence_number":"1","arrived_at":"2026-11-23T05:00:00.000000Z","partition_key":"p","event":"{}","event_base64":null}"#;
        let text = format!("{line}\n");
        let [a, b, c, d, ..] = Sha256::digest(&text).0;
        let hash = format!("{:08x}", u32::from_be_bytes([a, b, c, d]));
        let mut compressed = GzEncoder::new(Vec::new(), Compression::fast());
        compressed.write_all(text.as_bytes()).unwrap();
        let bytes = compressed.finish().unwrap();
        let name = format!("{ARCHIVE}2026/11/23/05/s/1-1-{hash}.jsonl.gz");
        let entry = ObjectEntry { size: bytes.len() as u64, key: name.clone() };
        let object = Object { key: ObjectKey::parse(ARCHIVE, &name).unwrap(), entry };
        let checksum = checksum(&bytes);
        let examiner = Examiner { kind: Kind::Archive, fingerprints: Fingerprints::default(), wanted: Arc::default() };
        let Examined { counts, problems, .. } = examiner.examine(&object, &Body { bytes: bytes.into(), checksum });
        (counts.checksums, problems.into_vec().into_iter().map(|problem| problem.problem).collect())
    }

    #[test]
    fn the_checksum_that_s3_keeps_is_compared() {
        let right = |bytes: &[u8]| Some(STANDARD.encode_to_string(Sha256::digest(bytes)));
        assert_eq!(problems(right), (1, vec![]));
        let wrong = |_: &[u8]| Some(STANDARD.encode_to_string(Sha256::digest("other bytes")));
        assert_eq!(problems(wrong), (1, vec![ProblemKind::Checksum]));
        assert_eq!(problems(|_| None), (0, vec![]), "a folder keeps none");
        let of_parts = |_: &[u8]| Some(format!("{}-2", STANDARD.encode_to_string(Sha256::digest("hashes"))));
        assert_eq!(problems(of_parts), (0, vec![]), "that of an object in parts is no hash of its bytes");
    }
}
