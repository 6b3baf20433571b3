//! The expected results of a whole file of records.

use std::collections::BTreeSet;

use anyhow::{Context, Result};

use super::catalog::Catalog;
use super::decode::{Decoded, Rejection, decode};
use super::record::Record;

/// The expected results of some records.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    pub(crate) records: usize,
    /// The number of events, including the rejected ones.
    pub(crate) events: usize,
    /// The rejections in the order of the records; those of a repeated record are repeated.
    pub(crate) rejections: Vec<Rejection>,
    pub(crate) catalog: Catalog,
    /// The distinct records.
    pub(crate) archive: BTreeSet<Record>,
}

impl Expected {
    /// Decodes every line and computes the catalog of the accepted events.
    pub(crate) fn of<L: AsRef<str>>(lines: &[L]) -> Result<Self> {
        let parsed = lines
            .iter()
            .zip(1..)
            .map(|(line, number)| Record::parse(line.as_ref()).with_context(|| format!("line {number}")));
        Ok(Self::of_records(parsed.collect::<Result<Vec<_>>>()?))
    }

    /// Decodes every record and computes the catalog of the accepted events.
    pub(crate) fn of_records(records: impl IntoIterator<Item = Record>) -> Self {
        let mut expected = Self::default();
        let mut accepted = Vec::new();
        for record in records {
            expected.records += 1;
            for decoded in decode(&record) {
                expected.events += 1;
                match decoded {
                    Decoded::Accepted(event) => accepted.push(event),
                    Decoded::Rejected(rejection) => expected.rejections.push(rejection),
                }
            }
            expected.archive.insert(record);
        }
        expected.catalog = Catalog::of(accepted);
        expected
    }
}
