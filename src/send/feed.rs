//! Reads and checks all files.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use anyhow::bail;
use chrono::Utc;
use parking_lot::Mutex;

use super::check::Checker;
use super::checkpoint::Entry;
use super::files::InputFile;
use super::record::Record;
use super::refusals::Refusals;
use super::units::{Lines, TableRows, Unit, Units};
use super::watermark::Position;
use crate::records::Counted;
use crate::tables::{Mapping, Rows};

/// The form of the files.
pub enum Format {
    /// JSON Lines.
    Lines,
    /// Tables, and the events that their columns become.
    Tables(Box<Mapping>),
}

/// The files of a run, and how they are read.
pub(super) struct Feed {
    pub(super) files: Vec<InputFile>,
    pub(super) format: Format,
    pub(super) checker: Checker,
    pub(super) refusals: Arc<Mutex<Refusals>>,
    /// The bytes that were read.
    pub(super) read: Arc<AtomicU64>,
    pub(super) fed: Arc<Mutex<Fed>>,
    /// The part of each file that an earlier run has sent; none if nothing is noted.
    pub(super) earlier: Option<Vec<Option<Entry>>>,
}

/// The position of the reading.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fed {
    /// Lines and rows that an earlier run has done.
    pub(super) skipped: u64,
    /// Lines and rows.
    pub(super) units: u64,
    /// Good events.
    pub(super) events: u64,
}

impl Feed {
    /// Hands the records of each unit over, until there are no more or `sink` breaks off.
    pub(super) fn run(
        self,
        mut sink: impl FnMut(Position, Vec<Record>) -> anyhow::Result<ControlFlow<()>>,
    ) -> anyhow::Result<()> {
        for (index, file) in self.files.iter().enumerate() {
            let mut units = self.open(file)?;
            let entry = self.earlier.as_ref().and_then(|earlier| earlier.get(index).cloned().flatten());
            let skipped = Self::skip(file, units.as_mut(), entry)?;
            self.fed.lock().skipped += skipped;
            let mut position = skipped;
            while let Some(unit) = units.next()? {
                position += 1;
                let records = self.check(file, unit)?;
                let events: u64 = records.iter().map(|record| record.events).sum();
                let fingerprint = self.earlier.is_some().then(|| units.fingerprint());
                if sink(Position { file: index, units: position, fingerprint }, records)?.is_break() {
                    return Ok(());
                }
                let mut fed = self.fed.lock();
                fed.units += 1;
                fed.events += events;
            }
        }
        Ok(())
    }

    fn open(&self, file: &InputFile) -> anyhow::Result<Box<dyn Units>> {
        let bytes = file.open(|inner| Box::new(Counted { inner, read: Arc::clone(&self.read) }))?;
        Ok(match &self.format {
            Format::Lines => Box::new(Lines::new(file, bytes)),
            Format::Tables(mapping) => {
                Box::new(TableRows::new(Rows::open(mapping.as_ref().clone(), &file.name, file.modified, bytes)?))
            }
        })
    }

    /// Skips what an earlier run has done, if it is still the same.
    fn skip(file: &InputFile, units: &mut dyn Units, entry: Option<Entry>) -> anyhow::Result<u64> {
        let Some(entry) = entry else { return Ok(0) };
        for _ in 0..entry.units {
            if units.next()?.is_none() {
                break;
            }
        }
        if units.fingerprint().hex() != entry.sha256 {
            bail!(
                "{} has changed: its first {} lines are not those that an earlier run has sent; to send it from its \
                 beginning, use another `--checkpoint`",
                file.name,
                entry.units
            );
        }
        Ok(entry.units)
    }

    /// Returns the good events' records, and notes the refused ones.
    fn check(&self, file: &InputFile, unit: Unit) -> anyhow::Result<Vec<Record>> {
        let Unit { line, texts, faults } = unit;
        let mut refusals = self.refusals.lock();
        for fault in faults {
            refusals.add(&file.name, line, &fault)?;
        }
        let mut records = Vec::new();
        for text in texts {
            let checked = self.checker.check(&text, Utc::now());
            for fault in checked.faults {
                refusals.add(&file.name, line, &fault)?;
            }
            records.extend(checked.records);
        }
        Ok(records)
    }
}
