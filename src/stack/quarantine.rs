//! The quarantine: rejected events, and batches that Lambda discarded (a [`super::bucket`]).
//!
//! A discarded batch of the archiver counts as archived, so everything here is kept like the archive, and as long.

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
        // Lambda's own writes carry no condition, so none can be required of them.
        statements: &|bucket| vec![no_deleting(bucket), no_overwriting(bucket, REJECTED)],
    };
    let quarantine = bucket::declare(build, account, spec);
    bucket::announce(build, &quarantine);
    quarantine
}
