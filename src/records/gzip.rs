//! Gzip files: one or more members, and zeros behind the last (tapes and block devices fill up with them).

use std::io::{BufRead, Error, ErrorKind, Read, Result};

use flate2::bufread::GzDecoder;

/// The first bytes of every member.
pub(super) const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// A reader of the decompressed content of all members.
pub(super) enum Gunzip<R> {
    /// In a member.
    Member(Box<GzDecoder<R>>),
    /// Behind a member.
    Behind(R),
    /// At the end.
    Ended,
}

impl<R: BufRead> Gunzip<R> {
    pub(super) fn new(compressed: R) -> Self {
        Self::Member(Box::new(GzDecoder::new(compressed)))
    }
}

impl<R: BufRead> Read for Gunzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            *self = match std::mem::replace(self, Self::Ended) {
                Self::Member(mut member) => match member.read(buffer)? {
                    0 => Self::Behind(member.into_inner()),
                    read => {
                        *self = Self::Member(member);
                        return Ok(read);
                    }
                },
                Self::Behind(mut rest) => match first_after_zeros(&mut rest)? {
                    None => return Ok(0),
                    Some(byte) if byte == MAGIC[0] => Self::new(rest),
                    Some(_) => {
                        let problem = "its compressed data is followed by data that is not compressed";
                        return Err(Error::new(ErrorKind::InvalidData, problem));
                    }
                },
                Self::Ended => return Ok(0),
            };
        }
    }
}

/// Skips zeros and returns the byte that follows them, without consuming it.
fn first_after_zeros(rest: &mut impl BufRead) -> Result<Option<u8>> {
    loop {
        let bytes = rest.fill_buf()?;
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        let (length, next) = (bytes.len(), bytes.get(zeros).copied());
        rest.consume(zeros);
        if length == 0 || next.is_some() {
            return Ok(next);
        }
    }
}
