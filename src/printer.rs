//! Output: data to standard output, messages to standard error, colours only for a terminal that wants them.

use std::io::{self, BufWriter, Write};

/// Writes data to standard output. A reader that closes the pipe (`… | head`) is not an error.
pub fn data(text: &str) -> io::Result<()> {
    let written = writeln!(anstream::stdout().lock(), "{text}");
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
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
    pub fn write(&mut self, line: &str) -> io::Result<bool> {
        let written = self.out.write_all(line.as_bytes()).and_then(|()| self.out.write_all(b"\n"));
        unless_gone(written)
    }

    /// Writes what is left.
    pub fn finish(mut self) -> io::Result<()> {
        unless_gone(self.out.flush()).map(|_| ())
    }
}

fn unless_gone(written: io::Result<()>) -> io::Result<bool> {
    match written {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error),
    }
}
