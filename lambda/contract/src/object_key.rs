//! Where objects lie in the buckets: `{prefix}YYYY/MM/DD/HH/{shard}/{first}-{last}-{content hash}.jsonl.gz`.

use alloc::format;
use alloc::string::String;

/// What begins the key of every archived object.
pub const ARCHIVE: &str = "archive/v1/";

/// What begins the key of every quarantined rejection.
pub const REJECTED: &str = "rejected/v1/";

/// What begins the key of every object that Lambda itself writes to an on-failure destination.
pub const ON_FAILURE: &str = "aws/lambda/";

/// The key of an object that holds lines of the records `first` to `last` (sequence numbers) of one shard, all arrived
/// in `hour` (UTC, `YYYY/MM/DD/HH`). The hash (8 hex digits of the content's SHA-256) keeps a batch that was cut
/// otherwise from hiding behind an existing key.
pub fn batch(prefix: &str, hour: &str, shard: &str, first: &str, last: &str, content_hash: &str) -> String {
    format!("{prefix}{hour}/{shard}/{first}-{last}-{content_hash}.jsonl.gz")
}
