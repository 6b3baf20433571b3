//! Output: data to standard output, messages to standard error, colours only for a terminal that wants them.

use std::io::{self, Write};

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
