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
        let mut expected = Self { records: lines.len(), ..Self::default() };
        let mut accepted = Vec::new();
        for (line, number) in lines.iter().zip(1..) {
            let record = Record::parse(line.as_ref()).with_context(|| format!("line {number}"))?;
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
        Ok(expected)
    }
}
