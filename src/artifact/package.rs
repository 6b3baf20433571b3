//! The zip that Lambda takes, reproducible for the same bootstrap, and its hashes.

use std::io::{Cursor, Read, Write};

use base64::prelude::{BASE64_STANDARD, Engine};
use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

/// The version of the packing, a part of the name's hash. Raise it whenever other bytes come out (entry,
/// mode, time, level, or a compressor that packs otherwise; a test pins them).
const PACKING: u32 = 1;

/// The only entry's name, which Lambda prescribes.
pub const ENTRY: &str = "bootstrap";

const LEVEL: i64 = 9;

/// A zip's file name, which contains a hash of the bootstrap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZipName(String);

impl ZipName {
    const BEGIN: &str = "bootstrap-";
    const END: &str = ".zip";
    /// 64 bits of the hash: enough to tell any two builds apart, short enough to read.
    const DIGITS: usize = 16;

    /// Returns the name of the zip that holds this bootstrap.
    pub fn of(bootstrap: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update(PACKING.to_be_bytes());
        hash.update(bootstrap);
        let mut name = Self::BEGIN.to_owned();
        for byte in hash.finalize().iter().take(Self::DIGITS / 2) {
            for digit in [byte >> 4, byte & 15] {
                name.extend(char::from_digit(digit.into(), 16));
            }
        }
        name.push_str(Self::END);
        Self(name)
    }

    /// Tells whether a file name has the form of a zip's name.
    pub fn matches(file_name: &str) -> bool {
        let digits = file_name.strip_prefix(Self::BEGIN).and_then(|rest| rest.strip_suffix(Self::END));
        digits.is_some_and(|digits| {
            digits.len() == Self::DIGITS && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        })
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Packs a bootstrap: one entry, with a fixed time and mode.
pub fn pack(bootstrap: &[u8]) -> zip::result::ZipResult<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(LEVEL))
        .last_modified_time(DateTime::DEFAULT)
        .unix_permissions(0o755);
    let mut zip = ZipWriter::new(Cursor::new(Vec::with_capacity(bootstrap.len() / 2)));
    zip.start_file(ENTRY, options)?;
    zip.write_all(bootstrap)?;
    Ok(zip.finish()?.into_inner())
}

/// Tells whether a zip holds this bootstrap, executable, and nothing else.
pub fn holds(zip: &[u8], bootstrap: &[u8]) -> bool {
    let Ok(mut archive) = ZipArchive::new(Cursor::new(zip)) else { return false };
    let only = archive.len() == 1;
    let Ok(mut entry) = archive.by_name(ENTRY) else { return false };
    if !only || entry.unix_mode().is_none_or(|mode| mode & 0o777 != 0o755) || entry.size() != bootstrap.len() as u64 {
        return false;
    }
    let mut buffer = vec![0; 256 * 1024];
    let mut rest = bootstrap;
    loop {
        // Reading to the end also compares the checksum.
        match entry.read(&mut buffer) {
            Ok(0) => return rest.is_empty(),
            Ok(length) => match (rest.split_at_checked(length), buffer.get(..length)) {
                (Some((expected, left)), Some(found)) if expected == found => rest = left,
                _ => return false,
            },
            Err(_) => return false,
        }
    }
}

/// Returns the SHA-256 in base64, the form of Terraform's `source_code_hash`.
pub fn sha256_base64(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that neither compress away nor stay as they are.
    fn sample() -> Vec<u8> {
        (0_u64..200_000).map(|number| ((number * number / 7 % 251) & 0x3f) as u8).collect()
    }

    /// Another value means that others would get another zip for the same bootstrap: raise [`PACKING`].
    #[test]
    fn packing_is_pinned() {
        assert_eq!(
            (PACKING, sha256_base64(&pack(&sample()).unwrap()).as_str()),
            (1, "TOWK83/e2H0tiC1m6VMkweCMQrj+4x0soWdptT4+3Pg=")
        );
    }

    #[test]
    fn a_zip_holds_what_was_packed_and_nothing_else() {
        let sample = sample();
        let zip = pack(&sample).unwrap();
        assert_eq!(zip, pack(&sample).unwrap());
        assert!(holds(&zip, &sample));
        assert!(!holds(&zip, sample.get(1..).unwrap()));
        assert!(!holds(zip.get(..zip.len() - 30).unwrap(), &sample));
        let mut damaged = zip;
        let middle = damaged.len() / 2;
        damaged[middle] ^= 1;
        assert!(!holds(&damaged, &sample));
    }

    #[test]
    fn names_tell_content() {
        let name = ZipName::of(b"one");
        assert!(ZipName::matches(name.as_str()), "{}", name.as_str());
        assert_ne!(name, ZipName::of(b"two"));
        for other in ["bootstrap-.zip", "bootstrap-mine.zip", "bootstrap-0123456789ABCDEF.zip", "x.zip"] {
            assert!(!ZipName::matches(other), "{other}");
        }
    }
}
