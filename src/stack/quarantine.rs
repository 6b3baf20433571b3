//! The quarantine: rejected events, and batches that Lambda gave up on (a [`super::bucket`]).
//!
//! A batch that the archiver gave up on counts as archived, so everything here is kept like the archive, and as long.

use pipegen_contract::object_key::REJECTED;

use super::Build;
use super::account::Account;
use super::bucket::{self, Bucket, Spec, no_deleting, no_overwriting};
use super::encryption::Key;
use super::names::QUARANTINE;

/// Declares the quarantine bucket.
pub(super) fn declare(build: &mut Build<'_>, account: &Account, key: &Key) -> Bucket {
    let spec = Spec {
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
