//! The shards of a stream: equal ranges of the 128-bit hash keys.
//!
//! <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_HashKeyRange.html>

use md5::{Digest as _, Md5};

/// The shards of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shards {
    count: usize,
    /// The number of hash keys of each shard. The last one also has what is left over.
    width: u128,
}

impl Shards {
    /// Divides the hash keys into this many ranges, one at least.
    pub fn new(count: usize) -> Self {
        let count = count.max(1);
        let ranges = count as u128;
        // 2^128 has one more than the largest number.
        let divides = u128::MAX % ranges == ranges - 1;
        Self { count, width: (u128::MAX / ranges).saturating_add(u128::from(divides)) }
    }

    pub fn count(self) -> usize {
        self.count
    }

    /// Returns the id of a shard, by its index.
    pub fn id(index: usize) -> String {
        format!("shardId-{index:012}")
    }

    /// Returns the first and the last hash key of a shard.
    pub fn range(self, index: usize) -> (u128, u128) {
        let begin = self.width.saturating_mul(index as u128);
        let end = if index + 1 == self.count { u128::MAX } else { begin + (self.width - 1) };
        (begin, end)
    }

    /// Returns the index of the shard that a hash key belongs to.
    pub fn of_hash_key(self, hash_key: u128) -> usize {
        usize::try_from(hash_key / self.width).unwrap_or(usize::MAX).min(self.count - 1)
    }

    /// Returns the index of the shard that a partition key belongs to.
    pub fn of_partition_key(self, partition_key: &str) -> usize {
        self.of_hash_key(hash_key(partition_key))
    }
}

/// Returns the hash key of a partition key: the MD5 hash of its UTF-8.
pub fn hash_key(partition_key: &str) -> u128 {
    u128::from_be_bytes(Md5::digest(partition_key).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_those_of_kinesis() {
        // From AWS' answers about streams with two, three and four shards.
        for (count, index, begin, end) in [
            (1, 0, "0", "340282366920938463463374607431768211455"),
            (2, 0, "0", "170141183460469231731687303715884105727"),
            (2, 1, "170141183460469231731687303715884105728", "340282366920938463463374607431768211455"),
            (3, 1, "113427455640312821154458202477256070485", "226854911280625642308916404954512140969"),
            (3, 2, "226854911280625642308916404954512140970", "340282366920938463463374607431768211455"),
            (4, 1, "85070591730234615865843651857942052864", "170141183460469231731687303715884105727"),
        ] {
            let (first, last) = Shards::new(count).range(index);
            assert_eq!((&*first.to_string(), &*last.to_string()), (begin, end), "{index} of {count}");
        }
    }

    #[test]
    fn ranges_have_no_gap_and_hash_keys_fall_into_theirs() {
        for count in 1..=64 {
            let shards = Shards::new(count);
            let mut next = Some(0);
            for index in 0..count {
                let (begin, end) = shards.range(index);
                assert_eq!(Some(begin), next, "{index} of {count}");
                assert_eq!((shards.of_hash_key(begin), shards.of_hash_key(end)), (index, index));
                next = end.checked_add(1);
            }
            assert_eq!(next, None, "the last of {count} ends with the largest hash key");
        }
    }

    #[test]
    fn a_partition_key_is_hashed_with_md5() {
        // The first byte of what `printf acme/1 | md5sum` says, and so on.
        for (key, first) in [("acme/1", 0x2a), ("acme/85123A", 0x3d), ("", 0xd4), ("é", 0x66)] {
            assert_eq!(Shards::new(256).of_partition_key(key), first, "{key}");
        }
        assert_eq!(Shards::id(3), "shardId-000000000003");
    }
}
