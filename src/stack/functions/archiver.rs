//! `archiver`: keeps every record of the stream.

use pipegen_contract::env;
use pipegen_contract::object_key::ARCHIVE;

use super::ways::Way;
use super::{Function, Spec, Surroundings, polling};
use crate::stack::Build;
use crate::stack::access::{allow, allow_key};
use crate::stack::identity::Identity;

/// Compressing and storing a full batch takes a second or two; the rest is for uploads that have to be tried again.
const TIMEOUT_SECONDS: u32 = 60;

/// Declares the archiver. It knows no database, so nothing that holds up the database holds up the archive.
pub(in crate::stack) fn declare(build: &mut Build<'_>, identity: &Identity, with: &Surroundings<'_>) -> Function {
    let mut statements = vec![
        allow("Archive", &["s3:PutObject"], [with.archive.objects(ARCHIVE)]),
        allow_key("Key", &["kms:Decrypt"], with.key.arn(), &["kinesis", "lambda"]),
        allow_key("KeyToStore", &["kms:GenerateDataKey"], with.key.arn(), &["s3"]),
    ];
    statements.extend(polling::statements(identity, with));
    let spec = Spec {
        description: "Keeps every record of the stream",
        timeout: TIMEOUT_SECONDS,
        statements,
        ways: &[Way::S3],
        variables: [(env::ARCHIVE_BUCKET, with.archive.name())].into(),
        concurrency: None,
        after: None,
    };
    super::declare(build, identity, with, spec)
}
