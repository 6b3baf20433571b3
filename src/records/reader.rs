//! The records of a source, line by line.

use std::io::{BufRead, BufReader, Cursor, ErrorKind, Read};

use memchr::memchr;

use super::error::{LineError, ReadError};
use super::gzip::{self, Gunzip};
use super::record::{DATA_LIMIT, Record};
use super::{line, other_formats};

/// The longest line, in bytes: a full record with every byte escaped (`\u0000`), and room for the other fields.
const LINE_LIMIT: usize = 6 * DATA_LIMIT + 64 * 1024;
/// The number of bytes that are read at a time.
const BUFFER: usize = 256 * 1024;
/// The bytes with which some programs begin a text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The lines of a source, some of them read ahead.
type Lines = BufReader<Box<dyn Read + Send>>;

/// An iterator over the records of a source.
pub struct RecordReader {
    name: String,
    state: State,
    number: u64,
    /// True once a line that is not blank was read.
    has_begun: bool,
    line: Vec<u8>,
}

enum State {
    Unread(Box<dyn Read + Send>),
    Reading(Lines),
    Ended,
}

impl Iterator for RecordReader {
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

impl RecordReader {
    pub(super) fn new(name: String, bytes: Box<dyn Read + Send>) -> Self {
        Self { name, state: State::Unread(bytes), number: 0, has_begun: false, line: Vec::new() }
    }

    /// Returns true if the next record was read already, so that it comes without waiting for a writer.
    pub fn is_ready(&self) -> bool {
        matches!(&self.state, State::Reading(reader) if memchr(b'\n', reader.buffer().trim_ascii_start()).is_some())
    }

    /// Reads the next line that is not blank. Returns none at the end.
    fn read_record(&mut self, reader: &mut Lines) -> Result<Option<Record>, ReadError> {
        while self.read_line(reader)? {
            let line = self.line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&self.line);
            if line.trim_ascii().is_empty() {
                continue;
            }
            let record = line::parse(line, self.number)
                .map_err(|error| if self.has_begun { error } else { explained(error, line, reader.buffer()) });
            self.has_begun = true;
            return record.map(Some).map_err(|source| self.bad_line(source));
        }
        Ok(None)
    }

    fn bad_line(&self, source: LineError) -> ReadError {
        ReadError::Line { name: self.name.clone(), line: self.number, source }
    }

    /// Reads the next line into `self.line`. Returns false at the end.
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
            let error = LineError::of_line(format!("is longer than {LINE_LIMIT} bytes"));
            let error = if self.has_begun { error } else { explained(error, &self.line, &[]) };
            return Err(self.bad_line(error));
        }
        Ok(true)
    }
}

/// Adds to the first line's error what format the file seems to have.
fn explained(error: LineError, line: &[u8], rest: &[u8]) -> LineError {
    if error.field.is_some() {
        return error;
    }
    let head: Vec<u8> = line.iter().chain(rest).take(other_formats::HEAD).copied().collect();
    LineError::of_line(other_formats::explain(&head, line, &error.detail))
}

/// Decompresses gzip, which is recognized by its first bytes: a pipe has no name that could end in `.gz`.
pub fn decompressed(mut bytes: Box<dyn Read + Send>) -> std::io::Result<Lines> {
    // As much as one read brings: the format of the file is recognized by it, too.
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
