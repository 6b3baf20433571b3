//! One line of a file as a record.

use super::error::LineError;
use super::record::Record;
use super::{events, fields};

/// Parses a line. Its number in the file, from 1, is the sequence number of an event that has none.
pub(super) fn parse(line: &[u8], number: u64) -> Result<Record, LineError> {
    // Each form begins with a field that the other does not have, so the wrong attempt ends there.
    match fields::parse(line) {
        Err(error) if error.field.is_none() => events::parse(line, number).unwrap_or(Err(error)),
        parsed => parsed,
    }
}
