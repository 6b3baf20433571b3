//! The quarantine: rejected events, and batches that Lambda gave up on (a [`super::bucket`]).
//!
//! A batch that the archiver gave up on counts as archived, so everything here is kept like the archive, and as long.

use pipegen_contract::object_key::REJECTED;

use super::account::AwsAccount;
use super::bucket::{self, Bucket, BucketSpec, no_deleting, no_overwriting};
use super::build::Build;
use super::encryption::Key;
use super::names::QUARANTINE;

/// Declares the quarantine bucket.
pub(super) fn declare(build: &mut Build<'_>, account: &AwsAccount, key: &Key) -> Bucket {
    let spec = BucketSpec {
        name: QUARANTINE,
        key: Some(key),
        days: build.settings.archive_retention_days,
        rules: Vec::new(),
        // Lambda's own writes name no condition, so they cannot be asked for one.
        statements: &|bucket| vec![no_deleting(bucket), no_overwriting(bucket, REJECTED)],
    };
    let quarantine = bucket::declare(build, account, spec);
    bucket::announce(build, &quarantine);
    quarantine
}
