//! Where records come from: a file, standard input or the sample that ships, plain or gzip'd, read line by line.

use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, ErrorKind, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::gzip::{self, Gunzip};
use super::{LineError, Record, lookalike};

/// About 2000 records of real sales data; `tests/data/README.md` names source and licence.
const SAMPLE: &[u8] = include_bytes!("../../tests/data/sample.jsonl.gz");

/// What is said to a folder in a file's place.
const FOLDER: &str = "it is a folder; `find FOLDER -name '*.jsonl.gz' | sort | xargs cat | pipegen local --records -` plays all objects below it";

/// The longest line, in bytes: a full record whose every byte is escaped (`\u0000`), and room for the other fields.
const LINE_LIMIT: usize = 6 * 1024 * 1024 + 64 * 1024;

/// What some programs begin a text with.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// An open source of records.
pub struct Source {
    name: String,
    bytes: Box<dyn Read + Send>,
    length: Option<u64>,
    read: Arc<AtomicU64>,
}

/// Counts what is read from a source.
struct Counted<R> {
    inner: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Why reading stopped.
#[derive(Debug)]
pub enum ReadError {
    /// The file could not be opened or read on.
    Read {
        /// The file.
        name: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A line is no record.
    Line {
        /// The file.
        name: String,
        /// The line's number, from 1.
        line: u64,
        /// What is wrong with it.
        source: LineError,
    },
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Read { name, .. } => write!(f, "cannot read {name}"),
            Self::Line { name, line, .. } => write!(f, "{name}, line {line}"),
        }
    }
}

impl std::error::Error for ReadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Read { source, .. } => Some(source),
            Self::Line { source, .. } => Some(source),
        }
    }
}

impl Source {
    /// Opens a file (`-` is standard input), or the sample if none is named. A folder and a file whose first line is no record are refused
    /// here, not at the first read, when servers are running already.
    pub fn open(path: Option<&Path>) -> Result<Self, ReadError> {
        let Some(path) = path else {
            return Ok(Self::new("the sample".to_owned(), Cursor::new(SAMPLE), Some(SAMPLE.len() as u64)));
        };
        if path == Path::new("-") {
            return Ok(Self::new("standard input".to_owned(), std::io::stdin(), None));
        }
        let name = path.display().to_string();
        let failed = |source| ReadError::Read { name: name.clone(), source };
        let file = File::open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if metadata.is_dir() {
            return Err(failed(std::io::Error::new(ErrorKind::IsADirectory, FOLDER)));
        }
        if !metadata.is_file() {
            return Ok(Self::new(name, file, None));
        }
        let first_look = File::open(path).map_err(failed)?;
        if let Some(Err(error)) = Self::new(name.clone(), first_look, None).records().next() {
            return Err(error);
        }
        Ok(Self::new(name, file, Some(metadata.len())))
    }

    fn new(name: String, bytes: impl Read + Send + 'static, length: Option<u64>) -> Self {
        let read = Arc::new(AtomicU64::new(0));
        let bytes = Box::new(Counted { inner: bytes, read: Arc::clone(&read) });
        Self { name, bytes, length, read }
    }

    /// Its length in bytes, as it lies there, if that is known.
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// How many bytes of it have been read so far; goes on counting.
    pub fn bytes_read(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.read)
    }

    /// The records in their order. Reading begins with the first one that is asked for; after an error nothing follows.
    pub fn records(self) -> Records {
        Records { name: self.name, state: State::Unread(self.bytes), number: 0, has_begun: false, line: Vec::new() }
    }
}

/// Where lines come from, some of them read ahead.
type Lines = BufReader<Box<dyn Read + Send>>;

/// The records of a [`Source`].
pub struct Records {
    name: String,
    state: State,
    number: u64,
    /// Whether there was a line that is not blank.
    has_begun: bool,
    line: Vec<u8>,
}

enum State {
    Unread(Box<dyn Read + Send>),
    Reading(Lines),
    Ended,
}

impl Iterator for Records {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut reader = match std::mem::replace(&mut self.state, State::Ended) {
            State::Unread(bytes) => match decompressed(bytes) {
                Ok(reader) => reader,
                Err(source) => return Some(Err(ReadError::Read { name: self.name.clone(), source })),
            },
            State::Reading(reader) => reader,
            State::Ended => return None,
        };
        let record = self.read_record(&mut reader).transpose()?;
        if record.is_ok() {
            self.state = State::Reading(reader);
        }
        Some(record)
    }
}

impl Records {
    /// Whether the next record is there without waiting for whoever writes it.
    pub fn is_ready(&self) -> bool {
        matches!(&self.state, State::Reading(reader) if reader.buffer().trim_ascii_start().contains(&b'\n'))
    }

    /// Reads the next line that is not blank; none at the end.
    fn read_record(&mut self, reader: &mut Lines) -> Result<Option<Record>, ReadError> {
        while self.read_line(reader)? {
            let line = self.line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&self.line);
            if line.trim_ascii().is_empty() {
                continue;
            }
            let record = Record::parse(line, self.number)
                .map_err(|error| if self.has_begun { error } else { explained(error, line, reader.buffer()) });
            self.has_begun = true;
            return record.map(Some).map_err(|source| self.bad_line(source));
        }
        Ok(None)
    }

    fn bad_line(&self, source: LineError) -> ReadError {
        ReadError::Line { name: self.name.clone(), line: self.number, source }
    }

    /// Reads the next line into `self.line`; false at the end.
    fn read_line(&mut self, reader: &mut Lines) -> Result<bool, ReadError> {
        self.line.clear();
        let limit = u64::try_from(LINE_LIMIT).unwrap_or(u64::MAX);
        let read = reader
            .take(limit)
            .read_until(b'\n', &mut self.line)
            .map_err(|source| ReadError::Read { name: self.name.clone(), source })?;
        if read == 0 {
            return Ok(false);
        }
        self.number += 1;
        if read == LINE_LIMIT && self.line.last() != Some(&b'\n') {
            let error = LineError { field: None, detail: format!("is longer than {LINE_LIMIT} bytes") };
            let error = if self.has_begun { error } else { explained(error, &self.line, &[]) };
            return Err(self.bad_line(error));
        }
        Ok(true)
    }
}

/// An error of the first line, with what the whole file looks like.
fn explained(error: LineError, line: &[u8], rest: &[u8]) -> LineError {
    if error.field.is_some() {
        return error;
    }
    let head: Vec<u8> = line.iter().chain(rest).take(lookalike::HEAD).copied().collect();
    LineError { field: None, detail: lookalike::explain(&head, line, &error.detail) }
}

/// How many bytes are read at a time.
const BUFFER: usize = 256 * 1024;

/// Looks at the first bytes, since a pipe has no name that could end in `.gz`.
fn decompressed(mut bytes: Box<dyn Read + Send>) -> std::io::Result<Lines> {
    // As much as one read brings: it also tells what a file looks like.
    let (mut head, mut length) = (vec![0; BUFFER], 0);
    while length < gzip::MAGIC.len() {
        match bytes.read(&mut head[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    head.truncate(length);
    let is_gzip = head.starts_with(&gzip::MAGIC);
    let whole = Cursor::new(head).chain(bytes);
    let bytes: Box<dyn Read + Send> =
        if is_gzip { Box::new(Gunzip::new(BufReader::with_capacity(BUFFER, whole))) } else { Box::new(whole) };
    Ok(BufReader::with_capacity(BUFFER, bytes))
}
