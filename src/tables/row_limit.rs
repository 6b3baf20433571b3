//! A limit for the length of rows: a quotation mark without its partner would make one row of the rest of a file.

use std::io::{Error, ErrorKind, Read, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The most bytes that are read for one row.
const ROW_BYTES: usize = 8 * 1024 * 1024;

/// A reader that fails when a row is too long.
pub(super) struct RowLimit<R> {
    inner: R,
    left: Arc<AtomicUsize>,
}

/// The beginning of rows, to be told to the reader.
#[derive(Debug)]
pub(super) struct RowBegin(Arc<AtomicUsize>);

impl<R> RowLimit<R> {
    pub(super) fn new(inner: R) -> (Self, RowBegin) {
        let left = Arc::new(AtomicUsize::new(ROW_BYTES));
        (Self { inner, left: Arc::clone(&left) }, RowBegin(left))
    }
}

impl RowBegin {
    /// Lets the reader read another row.
    pub(super) fn next(&self) {
        self.0.store(ROW_BYTES, Ordering::Relaxed);
    }
}

impl<R: Read> Read for RowLimit<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let read = self.inner.read(buffer)?;
        let Some(left) = self.left.load(Ordering::Relaxed).checked_sub(read) else {
            let problem = format!("a row has more than {ROW_BYTES} bytes: is a quotation mark without its partner?");
            return Err(Error::new(ErrorKind::InvalidData, problem));
        };
        self.left.store(left, Ordering::Relaxed);
        Ok(read)
    }
}
