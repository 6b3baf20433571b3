//! The parts of a file, one by one: the lines of JSON Lines, or the rows of a table.

use std::fmt::Write as _;
use std::io::{BufRead as _, Read as _};

use pipegen_event::Reason;
use sha2::{Digest as _, Sha256};

use super::files::{Bytes, InputFile};
use super::refusals::{Fault, INVALID_ROW};
use crate::tables::{Columns, MappedEvent, RowFault, Rows};

/// The longest line in bytes: what no record holds is refused, and not kept in memory.
const LINE_LIMIT: usize = 8 * 1024 * 1024;
/// The bytes with which some programs begin a text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A part of a file that is sent, or refused, by itself.
#[derive(Debug, Default)]
pub struct Unit {
    /// Its first line, counted from 1.
    pub line: u64,
    /// JSON texts: each an event, or an array of events.
    pub texts: Vec<Text>,
    /// The lines that hold none.
    pub faults: Vec<Fault>,
}

/// The JSON text of events.
#[derive(Debug)]
pub struct Text {
    pub json: Vec<u8>,
    /// The columns that it was made of; none if it was in the file.
    pub columns: Option<Columns>,
}

/// A reader of units.
pub trait Units {
    /// Returns the next unit, or none at the end.
    ///
    /// # Errors
    /// If the file cannot be read.
    fn next(&mut self) -> anyhow::Result<Option<Unit>>;

    /// Returns the fingerprint of everything up to the last unit.
    fn fingerprint(&self) -> Fingerprint;
}

/// A hash of what was read so far.
#[derive(Clone, Debug, Default)]
pub struct Fingerprint(Sha256);

impl Fingerprint {
    /// Adds a part. Its length counts too, so that parts cannot be cut in another way.
    pub fn add(&mut self, part: &[u8]) {
        self.0.update((part.len() as u64).to_le_bytes());
        self.0.update(part);
    }

    /// Returns it as text.
    pub fn hex(self) -> String {
        self.0.finalize().iter().fold(String::new(), |mut text, byte| {
            // Writing to a text cannot fail.
            write!(text, "{byte:02x}").ok();
            text
        })
    }
}

/// The lines of a file. One that begins with an object or array of several lines is one unit.
pub struct Lines {
    name: String,
    bytes: Bytes,
    line: u64,
    fingerprint: Fingerprint,
    has_begun: bool,
}

impl Lines {
    pub fn new(file: &InputFile, bytes: Bytes) -> Self {
        Self { name: file.name.clone(), bytes, line: 0, fingerprint: Fingerprint::default(), has_begun: false }
    }

    /// Reads up to a line's end or the limit, behind what `text` has already.
    fn read_line(&mut self, text: &mut Vec<u8>) -> anyhow::Result<usize> {
        let room = (LINE_LIMIT + 1).saturating_sub(text.len());
        let mut limited = (&mut self.bytes).take(room as u64);
        let read = limited.read_until(b'\n', text);
        read.map_err(|error| {
            anyhow::Error::new(error).context(format!("cannot read {}, line {}", self.name, self.line + 1))
        })
    }

    /// Skips the rest of a line that is too long.
    fn skip_line(&mut self) -> anyhow::Result<()> {
        let mut rest = Vec::new();
        loop {
            rest.clear();
            if self.read_line(&mut rest)? == 0 || rest.ends_with(b"\n") {
                return Ok(());
            }
        }
    }

    /// Reads the rest of a file that is one text of several lines, unless it is too long.
    fn read_document(&mut self, text: &mut Vec<u8>) -> anyhow::Result<()> {
        while text.len() <= LINE_LIMIT {
            if self.read_line(text)? == 0 {
                return Ok(());
            }
            self.line += 1;
        }
        Ok(())
    }
}

impl Units for Lines {
    fn next(&mut self) -> anyhow::Result<Option<Unit>> {
        loop {
            let mut text = Vec::new();
            if self.read_line(&mut text)? == 0 {
                return Ok(None);
            }
            self.line += 1;
            let line = self.line;
            let first = !take_flag(&mut self.has_begun, !text.trim_ascii().is_empty());
            if first && is_cut(&text) {
                self.read_document(&mut text)?;
            }
            if text.len() > LINE_LIMIT {
                self.fingerprint.add(&text);
                self.skip_line()?;
                return Ok(Some(Unit { line, faults: vec![too_long()], ..Unit::default() }));
            }
            if text.starts_with(BYTE_ORDER_MARK) && line == 1 {
                text.drain(..BYTE_ORDER_MARK.len());
            }
            let text = trimmed(text);
            if text.is_empty() {
                continue;
            }
            self.fingerprint.add(&text);
            return Ok(Some(Unit { line, texts: vec![Text { json: text, columns: None }], ..Unit::default() }));
        }
    }

    fn fingerprint(&self) -> Fingerprint {
        self.fingerprint.clone()
    }
}

/// Sets the flag if asked, and returns what it was.
fn take_flag(flag: &mut bool, set: bool) -> bool {
    let was = *flag;
    *flag |= set;
    was
}

fn trimmed(mut text: Vec<u8>) -> Vec<u8> {
    let end = text.trim_ascii_end().len();
    text.truncate(end);
    let blanks = text.len() - text.trim_ascii_start().len();
    text.drain(..blanks);
    text
}

/// Tells whether a line is the beginning of a JSON text that goes on in the next one.
fn is_cut(line: &[u8]) -> bool {
    let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
    line.len() < LINE_LIMIT
        && matches!(line.trim_ascii_start().first(), Some(b'{' | b'['))
        && serde_json::from_slice::<serde::de::IgnoredAny>(line).is_err_and(|error| error.is_eof())
}

fn too_long() -> Fault {
    Fault {
        index: None,
        column: None,
        reason: Reason::TooLarge.as_str(),
        detail: format!(
            "longer than {LINE_LIMIT} bytes: write each event on a line (`jq -c '.[]'` does that to an array)"
        ),
        text: Vec::new(),
    }
}

/// The rows of a table, and the fingerprint of their cells.
pub struct TableRows {
    rows: Rows,
    fingerprint: Fingerprint,
}

impl TableRows {
    pub fn new(rows: Rows) -> Self {
        Self { rows, fingerprint: Fingerprint::default() }
    }
}

impl Units for TableRows {
    fn next(&mut self) -> anyhow::Result<Option<Unit>> {
        let Some(row) = self.rows.next_row()? else { return Ok(None) };
        self.rows.cells().for_each(|cell| self.fingerprint.add(cell));
        let text = |event: MappedEvent| Text { json: event.json, columns: Some(event.columns) };
        let fault = |fault: RowFault| Fault {
            index: None,
            column: fault.column,
            reason: INVALID_ROW,
            detail: fault.detail,
            text: Vec::new(),
        };
        Ok(Some(Unit {
            line: row.line,
            texts: row.events.into_iter().map(text).collect(),
            faults: row.faults.into_iter().map(fault).collect(),
        }))
    }

    fn fingerprint(&self) -> Fingerprint {
        self.fingerprint.clone()
    }
}
