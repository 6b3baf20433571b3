//! A step of the events' way, and its outcome.

use std::time::Duration;

/// A step of the events' way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hop {
    /// The stream takes the records.
    Stream,
    /// The catalog shows the product.
    Catalog,
    /// The cache answers for it.
    Cache,
    /// The rejected event is in the quarantine.
    Quarantine,
    /// The record is in the archive.
    Archive,
}

/// The outcome of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Passed {
        /// The time since the records were on the stream; for the stream, that of putting them there.
        after: Duration,
        detail: String,
    },
    /// It could not be looked at.
    Failed { why: String },
    /// It did not happen in time.
    Missing {
        waited: Duration,
        /// The last that was seen instead.
        seen: String,
    },
    /// An earlier step failed.
    Skipped,
}

/// A step with its outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HopReport {
    pub hop: Hop,
    pub outcome: Outcome,
}

impl Hop {
    /// The steps in order.
    pub const ALL: [Self; 5] = [Self::Stream, Self::Catalog, Self::Cache, Self::Quarantine, Self::Archive];

    pub fn name(self) -> &'static str {
        match self {
            Self::Stream => "stream",
            Self::Catalog => "catalog",
            Self::Cache => "cache",
            Self::Quarantine => "quarantine",
            Self::Archive => "archive",
        }
    }

    /// The next step for the user if it did not happen in time.
    fn remedy(self) -> &'static str {
        match self {
            Self::Stream => "see `stream-throttled` in docs/RUNBOOK.md",
            Self::Catalog => {
                "the processor has not applied the events: see `processor-late` and `stream-unread` in docs/RUNBOOK.md"
            }
            Self::Cache => "reads reach only the database: see `cache-busy` in docs/RUNBOOK.md, and the catalog's log",
            Self::Quarantine => {
                "the processor cannot store what it rejects, and repeats batches: see `processor-late` in docs/RUNBOOK.md"
            }
            Self::Archive => {
                "the archiver collects records for 5 minutes; if --timeout is longer than that: see `archiver-late` in \
                 docs/RUNBOOK.md"
            }
        }
    }
}

impl Outcome {
    pub(super) fn failed(error: &anyhow::Error) -> Self {
        Self::Failed { why: format!("{error:#}") }
    }

    /// Its name in JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Passed { .. } => "passed",
            Self::Failed { .. } => "failed",
            Self::Missing { .. } => "missing",
            Self::Skipped => "skipped",
        }
    }
}

impl HopReport {
    pub(super) fn new(hop: Hop, outcome: Outcome) -> Self {
        Self { hop, outcome }
    }

    pub fn passed(&self) -> bool {
        matches!(self.outcome, Outcome::Passed { .. })
    }

    /// Returns the time that it took or was waited for.
    pub fn time(&self) -> Option<Duration> {
        match &self.outcome {
            Outcome::Passed { after, .. } => Some(*after),
            Outcome::Missing { waited, .. } => Some(*waited),
            Outcome::Failed { .. } | Outcome::Skipped => None,
        }
    }

    /// Returns what was seen.
    pub fn detail(&self) -> &str {
        match &self.outcome {
            Outcome::Passed { detail, .. } => detail,
            Outcome::Failed { why } => why,
            Outcome::Missing { seen, .. } => seen,
            Outcome::Skipped => "not tried, because an earlier step failed",
        }
    }

    /// Returns what to do about it. A failure's own text says that already.
    pub fn remedy(&self) -> Option<&'static str> {
        matches!(self.outcome, Outcome::Missing { .. }).then(|| self.hop.remedy())
    }
}
