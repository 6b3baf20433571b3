//! Low-stock crossings: an object for each, which announces itself on the account's event bus (a [`super::bucket`]).

use pipegen_contract::object_key::CROSSINGS;

use super::account::AwsAccount;
use super::bucket::{self, Bucket, BucketSpec, no_overwriting};
use super::build::Build;
use super::encryption::Key;
use super::names::CROSSINGS_BUCKET;

/// Days for which a crossing is kept. It is news, not a record: the archive has the events that made it.
const KEPT_DAYS: u32 = 90;

/// Declares the bucket of crossings.
pub(super) fn declare(build: &mut Build<'_>, account: &AwsAccount, key: &Key) -> Bucket {
    let spec = BucketSpec {
        name: CROSSINGS_BUCKET,
        key: Some(key),
        days: KEPT_DAYS,
        rules: Vec::new(),
        // A crossing that is put again would announce itself again.
        statements: &|bucket| vec![no_overwriting(bucket, CROSSINGS)],
    };
    let crossings = bucket::declare(build, account, spec);
    bucket::announce(build, &crossings);
    crossings
}
