//! Output: data to standard output, messages to standard error, colours only for a terminal that wants them.

use std::io::{self, BufWriter, Write};

/// The error of standard output that cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write to standard output")]
pub struct WriteError(#[from] io::Error);

/// Writes data to standard output. A reader that closes the pipe (`… | head`) is not an error.
pub fn data(text: &str) -> Result<(), WriteError> {
    unless_gone(writeln!(anstream::stdout().lock(), "{text}")).map(drop)
}

/// Writes a message to standard error.
pub fn talk(text: &str) {
    // If standard error is closed, there is nowhere to report that.
    drop(writeln!(anstream::stderr().lock(), "{text}"));
}

/// Data on standard output, line by line, in large pieces.
#[derive(Debug)]
pub struct Lines {
    out: BufWriter<io::Stdout>,
}

impl Default for Lines {
    fn default() -> Self {
        Self { out: BufWriter::with_capacity(64 * 1024, io::stdout()) }
    }
}

impl Lines {
    /// Writes a line. Returns false if its reader is gone (`… | head`), which is not an error.
    pub fn write(&mut self, line: &str) -> Result<bool, WriteError> {
        let written = self.out.write_all(line.as_bytes()).and_then(|()| self.out.write_all(b"\n"));
        unless_gone(written)
    }

    /// Writes what is left.
    pub fn finish(mut self) -> Result<(), WriteError> {
        unless_gone(self.out.flush()).map(drop)
    }
}

fn unless_gone(written: io::Result<()>) -> Result<bool, WriteError> {
    match written {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error.into()),
    }
}
