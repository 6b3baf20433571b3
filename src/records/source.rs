//! The sources of records: a file, standard input or the built-in sample, plain or compressed with gzip.

use std::fs::File;
use std::io::{Cursor, ErrorKind, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::error::ReadError;
use super::reader::RecordReader;

/// About 2000 records of real sales data; `tests/data/README.md` names their source and licence.
const SAMPLE: &[u8] = include_bytes!("../../tests/data/sample.jsonl.gz");

/// The error of a folder instead of a file.
const FOLDER: &str = "it is a folder; `find FOLDER -name '*.jsonl.gz' | sort | xargs cat | pipegen local --records -` plays all \
     objects in it";

/// An open source of records.
pub struct RecordSource {
    name: String,
    bytes: Box<dyn Read + Send>,
    length: Option<u64>,
    read: Arc<AtomicU64>,
}

/// A reader that counts its bytes.
pub struct Counted<R> {
    pub inner: R,
    pub read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

impl RecordSource {
    /// Opens a file (`-` is standard input), or the sample if no file is named. A folder and a file whose first line is
    /// not a record are errors at once, and not at the first read, when servers are running already.
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
        let beginning = File::open(path).map_err(failed)?;
        if let Some(Err(error)) = Self::new(name.clone(), beginning, None).records().next() {
            return Err(error);
        }
        Ok(Self::new(name, file, Some(metadata.len())))
    }

    /// Reads from these bytes, which errors call by this name.
    pub fn new(name: String, bytes: impl Read + Send + 'static, length: Option<u64>) -> Self {
        let read = Arc::new(AtomicU64::new(0));
        let bytes = Box::new(Counted { inner: bytes, read: Arc::clone(&read) });
        Self { name, bytes, length, read }
    }

    /// Returns the length in bytes, before decompression, if it is known.
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// Returns the number of bytes read, which goes on counting.
    pub fn bytes_read(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.read)
    }

    /// Returns the records in their order. Reading begins with the first one that is requested; an error is the last
    /// item.
    pub fn records(self) -> RecordReader {
        RecordReader::new(self.name, self.bytes)
    }
}
