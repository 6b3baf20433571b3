//! The archive: every record of the stream, for three years at least (a [`super::bucket`]).

use pipegen_contract::object_key::ARCHIVE;
use serde_json::{Value, json};

use super::account::AwsAccount;
use super::bucket::{self, Bucket, BucketSpec, no_deleting, no_overwriting};
use super::build::Build;
use super::cold_storage::{ColdStorage, WARM_DAYS};
use super::encryption::Key;
use super::names::ARCHIVE_BUCKET;
use super::units::KIB;

/// Declares the archive bucket.
pub(super) fn declare(build: &mut Build<'_>, account: &AwsAccount, key: &Key, cold_storage: &ColdStorage) -> Bucket {
    let spec = BucketSpec {
        name: ARCHIVE_BUCKET,
        key: Some(key),
        days: build.settings.archive_retention_days,
        rules: if cold_storage.moves() { vec![colder(cold_storage)] } else { Vec::new() },
        statements: &|bucket| vec![no_deleting(bucket), no_overwriting(bucket, ARCHIVE)],
    };
    let archive = bucket::declare(build, account, spec);
    bucket::announce(build, &archive);
    archive
}

/// Moves objects to a colder class, but only those for which it saves money.
fn colder(cold_storage: &ColdStorage) -> Value {
    json!({
        "id": "colder",
        "status": "Enabled",
        "filter": { "and": { "prefix": ARCHIVE, "object_size_greater_than": cold_storage.worthwhile_kib * KIB - 1 } },
        "transition": [{ "days": WARM_DAYS, "storage_class": "GLACIER_IR" }],
    })
}
