//! What must come of a whole file of records.

use std::collections::BTreeSet;

use anyhow::{Context, Result};

use super::catalog::Catalog;
use super::judge::{Judged, Rejection, judge};
use super::record::Record;

/// What must come of these records.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    pub(crate) records: usize,
    /// How many events they hold, the rejected ones among them.
    pub(crate) events: usize,
    /// In the order of the records; a record that was sent again is here again.
    pub(crate) rejections: Vec<Rejection>,
    pub(crate) catalog: Catalog,
    /// Each once.
    pub(crate) archive: BTreeSet<Record>,
}

impl Expected {
    /// Judges every line and computes the catalog of what was accepted.
    pub(crate) fn of<L: AsRef<str>>(lines: &[L]) -> Result<Self> {
        let mut expected = Self { records: lines.len(), ..Self::default() };
        let mut accepted = Vec::new();
        for (line, number) in lines.iter().zip(1..) {
            let record = Record::parse(line.as_ref()).with_context(|| format!("line {number}"))?;
            for judged in judge(&record) {
                expected.events += 1;
                match judged {
                    Judged::Accepted(event) => accepted.push(event),
                    Judged::Rejected(rejection) => expected.rejections.push(rejection),
                }
            }
            expected.archive.insert(record);
        }
        expected.catalog = Catalog::of(accepted);
        Ok(expected)
    }
}
