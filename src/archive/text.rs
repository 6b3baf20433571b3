//! An object's lines, decompressed.

use std::io::{self, BufRead as _, BufReader, Read};

use flate2::bufread::GzDecoder;
use sha2::{Digest as _, Sha256};

/// The number of decompressed bytes that are read at a time.
const BUFFER: usize = 64 * 1024;
/// The longest line: a full record (1 MiB) with every byte escaped, and the other fields.
const LINE_LIMIT: usize = 6 * 1024 * 1024 + 64 * 1024;

/// The lines of a compressed object, of which one is in memory, and the hash of those that were read.
pub struct Text<'a> {
    decompressed: BufReader<Digesting<'a>>,
    line: Vec<u8>,
}

struct Digesting<'a> {
    decoder: GzDecoder<&'a [u8]>,
    digest: Sha256,
    bytes: u64,
}

impl Read for Digesting<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.decoder.read(buffer)?;
        self.digest.update(&buffer[..read]);
        self.bytes += read as u64;
        Ok(read)
    }
}

impl<'a> Text<'a> {
    pub fn new(compressed: &'a [u8]) -> Self {
        let digesting = Digesting { decoder: GzDecoder::new(compressed), digest: Sha256::new(), bytes: 0 };
        Self { decompressed: BufReader::with_capacity(BUFFER, digesting), line: Vec::new() }
    }

    /// Returns the next line without its end. What is not gzip, or damaged, is an error.
    pub fn next_line(&mut self) -> io::Result<Option<&[u8]>> {
        self.line.clear();
        let limit = u64::try_from(LINE_LIMIT).unwrap_or(u64::MAX);
        let read = (&mut self.decompressed).take(limit).read_until(b'\n', &mut self.line)?;
        match self.line.pop() {
            None => return Ok(None),
            Some(b'\n') => {}
            Some(_) if read == LINE_LIMIT => return Err(invalid(format!("a line is longer than {LINE_LIMIT} bytes"))),
            Some(_) => return Err(invalid("the last line has no end".to_owned())),
        }
        Ok(Some(&self.line))
    }

    /// Returns the number of decompressed bytes that were read.
    pub fn bytes(&self) -> u64 {
        self.decompressed.get_ref().bytes
    }

    /// Ends the reading behind the last line: returns the first 8 hex digits of the content's hash.
    pub fn finish(self) -> io::Result<String> {
        let Digesting { decoder, digest, .. } = self.decompressed.into_inner();
        let behind = decoder.into_inner().len();
        if behind > 0 {
            return Err(invalid(format!("{behind} bytes follow the compressed data")));
        }
        let [a, b, c, d, ..] = digest.finalize().0;
        Ok(format!("{:08x}", u32::from_be_bytes([a, b, c, d])))
    }
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}
