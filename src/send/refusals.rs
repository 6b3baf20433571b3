//! The refused events: the first of them listed on standard error, all of it in a file, and counted.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

/// The reason of a row that no event could be made of. The pipeline never sees one, so it has no name for it.
pub const INVALID_ROW: &str = "invalid_row";

/// The number of refusals that are listed on standard error.
const LISTED: u64 = 20;

/// An event or a row that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The index in the array, if it is in one.
    pub index: Option<usize>,
    /// The column at fault.
    pub column: Option<String>,
    /// The pipeline's name of the reason, or [`INVALID_ROW`].
    pub reason: &'static str,
    /// The field and its rule.
    pub detail: String,
    /// The event's own text; empty if there is none.
    pub text: Vec<u8>,
}

/// A line of the file of refusals: every line has every field, as the quarantine's lines have.
#[derive(Serialize)]
struct Refusal<'a> {
    file: &'a str,
    line: u64,
    index: Option<usize>,
    column: Option<&'a str>,
    reason: &'a str,
    detail: &'a str,
    event: Option<&'a str>,
    event_base64: Option<String>,
}

/// The refusals of a run.
pub struct Refusals {
    counts: BTreeMap<&'static str, u64>,
    file: Option<(PathBuf, BufWriter<File>)>,
    talk: Box<dyn FnMut(&str) + Send>,
}

impl Refusals {
    /// Opens the file, if there is one; `append` keeps what is in it. Messages go to `talk`.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn new(path: Option<&Path>, append: bool, talk: impl FnMut(&str) + Send + 'static) -> anyhow::Result<Self> {
        let file = path.map(|path| {
            let file = OpenOptions::new().create(true).write(true).append(append).truncate(!append).open(path);
            let file = file.with_context(|| cannot_write(path))?;
            anyhow::Ok((path.to_owned(), BufWriter::new(file)))
        });
        Ok(Self { counts: BTreeMap::new(), file: file.transpose()?, talk: Box::new(talk) })
    }

    /// Notes a refusal.
    pub(super) fn add(&mut self, file: &str, line: u64, fault: &Fault) -> anyhow::Result<()> {
        let total = self.total();
        *self.counts.entry(fault.reason).or_default() += 1;
        if total < LISTED {
            (self.talk)(&listed(file, line, fault));
        } else if total == LISTED {
            let all = if self.file.is_some() { "" } else { " (`--rejects FILE` writes all of them)" };
            (self.talk)(&format!("… further refusals are only counted{all}"));
        }
        let Some((path, writer)) = &mut self.file else { return Ok(()) };
        let event = str::from_utf8(&fault.text).ok();
        let refusal = Refusal {
            file,
            line,
            index: fault.index,
            column: fault.column.as_deref(),
            reason: fault.reason,
            detail: &fault.detail,
            event: event.filter(|text| !text.is_empty()),
            event_base64: event.is_none().then(|| STANDARD.encode(&fault.text)),
        };
        let text = serde_json::to_string(&refusal)?;
        writeln!(writer, "{text}").with_context(|| cannot_write(path))
    }

    /// Returns how many there were, by reason.
    pub fn counts(&self) -> &BTreeMap<&'static str, u64> {
        &self.counts
    }

    /// Returns how many there were.
    pub fn total(&self) -> u64 {
        self.counts.values().sum()
    }

    /// Writes what is left to the file. An empty one is removed.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn finish(&mut self) -> anyhow::Result<()> {
        match &mut self.file {
            Some((path, writer)) => {
                writer.flush().with_context(|| cannot_write(path))?;
                let metadata = writer.get_ref().metadata().with_context(|| cannot_write(path))?;
                if metadata.is_file() && metadata.len() == 0 {
                    std::fs::remove_file(&*path).with_context(|| cannot_write(path))?;
                }
                Ok(())
            }
            None => Ok(()),
        }
    }
}

fn cannot_write(path: &Path) -> String {
    format!("cannot write the refusals to {}", path.display())
}

/// Writes a refusal as compilers write theirs, so that editors can jump to it.
fn listed(file: &str, line: u64, fault: &Fault) -> String {
    let index = fault.index.map(|index| format!(" event {} of the array:", index + 1)).unwrap_or_default();
    let column = fault.column.as_ref().map(|column| format!(" column `{column}`:")).unwrap_or_default();
    format!("{file}:{line}:{index}{column} {}: {}", fault.reason, fault.detail)
}
