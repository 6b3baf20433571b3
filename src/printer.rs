//! What the commands say. Data goes to standard output, talk to standard error; colours only where they are wanted.

use std::io::{self, Write};

/// Writes data. A reader that has seen enough (`… | head`) is no failure.
pub fn data(text: &str) -> io::Result<()> {
    let written = writeln!(anstream::stdout().lock(), "{text}");
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Says something beside the data.
pub fn talk(text: &str) {
    // Nobody is left to tell that standard error is closed.
    drop(writeln!(anstream::stderr().lock(), "{text}"));
}
