//! The quarantine: rejected events, and batches that Lambda gave up on (a [`super::bucket`]).
//!
//! A batch that the archiver gave up on counts as archived, so everything here is kept as long as the archive.

use super::Build;
use super::account::Account;
use super::bucket::{self, Bucket};
use super::encryption::Key;
use super::names::QUARANTINE;

/// Declares the quarantine bucket.
pub(super) fn declare(build: &mut Build<'_>, account: &Account, key: &Key) -> Bucket {
    bucket::declare(build, account, key, QUARANTINE, build.settings.archive_retention_days)
}
