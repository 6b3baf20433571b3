//! The keys of objects in the buckets: `{prefix}YYYY/MM/DD/HH/{shard}/{first}-{last}-{content hash}.jsonl.gz`.

use alloc::format;
use alloc::string::String;

/// The prefix of archived objects.
pub const ARCHIVE: &str = "archive/v1/";

/// The prefix of quarantined rejections.
pub const REJECTED: &str = "rejected/v1/";

/// The prefix of the objects that Lambda itself writes to an on-failure destination.
pub const ON_FAILURE: &str = "aws/lambda/";

/// The prefix of low-stock crossings, one object each:
/// `crossings/v1/YYYY/MM/DD/HH/{low|recovered}/{SKU, percent-encoded}-{version}.json`.
pub const CROSSINGS: &str = "crossings/v1/";

/// Returns the key of an object that holds lines of the records `first` to `last` (sequence numbers) of one shard, all
/// arrived in `hour` (UTC, `YYYY/MM/DD/HH`). The hash (8 hex digits of the content's SHA-256) keeps a batch with the
/// same first and last record but other content from being taken for an object that exists.
pub fn batch(prefix: &str, hour: &str, shard: &str, first: &str, last: &str, content_hash: &str) -> String {
    format!("{prefix}{hour}/{shard}/{first}-{last}-{content_hash}.jsonl.gz")
}

/// Returns the key of a low-stock crossing that began in `hour` (UTC, `YYYY/MM/DD/HH`) with this version of the product's
/// view. The SKU is percent-encoded, so that it has no `/`.
pub fn crossing(hour: &str, is_low: bool, encoded_sku: &str, version: i64) -> String {
    let state = if is_low { "low" } else { "recovered" };
    format!("{CROSSINGS}{hour}/{state}/{encoded_sku}-{version}.json")
}
