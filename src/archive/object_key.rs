//! The parts of an object's key: `{prefix}YYYY/MM/DD/HH/{shard}/{first}-{last}-{content hash}.jsonl.gz`.

use chrono::NaiveDateTime;
use pipegen_contract::object_key;

use super::sequence_number::SequenceNumber;

/// The length of `YYYY/MM/DD/HH`.
pub(super) const HOUR: usize = 13;

/// A key, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectKey {
    /// The hour of arrival, as it is in the key: `YYYY/MM/DD/HH`.
    pub hour: String,
    pub shard: String,
    /// The least and the greatest sequence number of the lines.
    pub first: SequenceNumber,
    pub last: SequenceNumber,
    /// The beginning of the SHA-256 of the uncompressed lines, in hex.
    pub hash: String,
}

impl ObjectKey {
    /// Takes a key apart, unless it is none that the pipeline writes.
    pub fn parse(prefix: &str, key: &str) -> Option<Self> {
        let rest = key.strip_prefix(prefix)?;
        let (hour, rest) = (rest.get(..HOUR)?, rest.get(HOUR..)?.strip_prefix('/')?);
        NaiveDateTime::parse_from_str(&format!("{hour}:00"), "%Y/%m/%d/%H:%M").ok()?;
        let (shard, name) = rest.split_once('/')?;
        let mut parts = name.strip_suffix(".jsonl.gz")?.split('-');
        let (first, last, hash) = (parts.next()?, parts.next()?, parts.next()?);
        let is_hash = hash.len() == 8 && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let is_whole = object_key::batch(prefix, hour, shard, first, last, hash) == key;
        (is_hash && is_whole && !shard.is_empty()).then_some(())?;
        Some(Self {
            hour: hour.to_owned(),
            shard: shard.to_owned(),
            first: SequenceNumber::parse(first)?,
            last: SequenceNumber::parse(last)?,
            hash: hash.to_owned(),
        })
    }

    /// Returns true if the objects are of one hour and one shard.
    pub fn is_beside(&self, other: &Self) -> bool {
        self.hour == other.hour && self.shard == other.shard
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipegen_contract::object_key::ARCHIVE;

    #[test]
    fn a_key_is_taken_apart() {
        let key = "archive/v1/2026/11/23/05/shardId-000000000003/410-429-0a1b2c3d.jsonl.gz";
        let parts = ObjectKey::parse(ARCHIVE, key).unwrap();
        assert_eq!((&*parts.hour, &*parts.shard), ("2026/11/23/05", "shardId-000000000003"));
        assert_eq!((parts.first.as_str(), parts.last.as_str(), &*parts.hash), ("410", "429", "0a1b2c3d"));
    }

    #[test]
    fn what_the_pipeline_does_not_write_is_no_key() {
        for key in [
            "rejected/v1/2026/11/23/05/s/1-2-0a1b2c3d.jsonl.gz",
            "archive/v1/2026/11/23/s/1-2-0a1b2c3d.jsonl.gz",
            "archive/v1/2026/11/23/24/s/1-2-0a1b2c3d.jsonl.gz",
            "archive/v1/2026/11/23/05/1-2-0a1b2c3d.jsonl.gz",
            "archive/v1/2026/11/23/05//1-2-0a1b2c3d.jsonl.gz",
            "archive/v1/2026/11/23/05/s/1-2-0a1b2c3.jsonl.gz",
            "archive/v1/2026/11/23/05/s/1-2-0A1B2C3D.jsonl.gz",
            "archive/v1/2026/11/23/05/s/1-2-3-0a1b2c3d.jsonl.gz",
            "archive/v1/2026/11/23/05/s/a-2-0a1b2c3d.jsonl.gz",
            "archive/v1/2026/11/23/05/s/1-2-0a1b2c3d.jsonl",
            "archive/v1/2026/11/2",
            "archive/v1/",
        ] {
            assert_eq!(ObjectKey::parse(ARCHIVE, key), None, "{key}");
        }
    }
}
