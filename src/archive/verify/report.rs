//! Problems, as they are found, and counts.

use std::fmt;

use serde::Serialize;

/// The kind of a problem: a stable identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// The key is none that the pipeline writes.
    Key,
    /// S3's checksum is another one than that of the bytes.
    Checksum,
    /// The bytes cannot be decompressed.
    Compression,
    /// The hash in the key is another one than that of the lines.
    ContentHash,
    /// A line has not the contract's fields, or a value that cannot be.
    Line,
    /// A line is of another shard than the key says.
    Shard,
    /// A line arrived in another hour than the key says.
    Hour,
    /// The first or last sequence number in the key is another one than the lines have.
    Range,
    /// Two lines about one record are not equal.
    Overlap,
    /// A rejected event's record is not in the archive.
    NotArchived,
    /// A rejected event is not, byte for byte, in the archived record.
    NotInRecord,
}

/// Something that is wrong with an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    pub problem: ProblemKind,
    pub key: String,
    /// The first line with it, counted from 1; none if it is the object as a whole.
    pub line: Option<u64>,
    /// The number of lines with it.
    pub lines: u64,
    pub detail: String,
}

impl Problem {
    pub(super) fn of_object(problem: ProblemKind, key: &str, detail: impl Into<String>) -> Self {
        Self { problem, key: key.to_owned(), line: None, lines: 0, detail: detail.into() }
    }

    pub(super) fn of_line(problem: ProblemKind, key: &str, line: u64, detail: impl Into<String>) -> Self {
        Self { problem, key: key.to_owned(), line: Some(line), lines: 1, detail: detail.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.key)?;
        if let Some(line) = self.line {
            write!(formatter, ", line {line}")?;
        }
        write!(formatter, ": {}", self.detail)?;
        match self.lines {
            0 | 1 => Ok(()),
            lines => write!(formatter, " (and {} more lines)", lines - 1),
        }
    }
}

/// Problems of an object by kind: the first of each with the number of lines that have it.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<Problem>);

impl Problems {
    pub(super) fn push(&mut self, problem: Problem) {
        match self.0.iter_mut().find(|known| known.problem == problem.problem && known.key == problem.key) {
            Some(known) => known.lines += problem.lines,
            None => self.0.push(problem),
        }
    }

    pub(super) fn into_vec(self) -> Vec<Problem> {
        self.0
    }
}

/// The counts of a verification.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub objects: u64,
    /// The objects' bytes as they are stored.
    pub bytes: u64,
    /// The bytes of their lines.
    pub uncompressed_bytes: u64,
    /// The lines, of which several may be about one record.
    pub lines: u64,
    /// The lines about a record that an object before had already.
    pub repeated: u64,
    /// The objects whose checksum was compared with the one that S3 keeps.
    pub checksums: u64,
}

impl Counts {
    pub(super) fn add(&mut self, more: &Self) {
        self.objects += more.objects;
        self.bytes += more.bytes;
        self.uncompressed_bytes += more.uncompressed_bytes;
        self.lines += more.lines;
        self.repeated += more.repeated;
        self.checksums += more.checksums;
    }
}

/// The result of a verification.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    pub archive: Counts,
    /// None if there is no quarantine to compare with.
    pub quarantine: Option<Counts>,
    /// Rejected events whose records may not be archived yet, because they arrived less than 15 minutes ago.
    pub not_archived_yet: u64,
    pub problems: u64,
}
