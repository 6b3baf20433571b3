//! `archiver`: keeps every record of the stream.

use pipegen_contract::env;
use pipegen_contract::object_key::ARCHIVE;

use super::connections::Destination;
use super::dependencies::Dependencies;
use super::function::{FunctionSpec, LambdaFunction};
use super::{function, polling};
use crate::stack::access::{allow, allow_key};
use crate::stack::build::Build;
use crate::stack::identity::Identity;

/// Compressing and storing a full batch takes a second or two; the rest is for uploads that have to be retried.
const TIMEOUT_SECONDS: u32 = 60;

/// Declares the archiver. It does not use the database, so nothing that holds up the database holds up the archive.
pub(in crate::stack) fn declare(
    build: &mut Build<'_>,
    identity: &Identity,
    dependencies: &Dependencies<'_>,
) -> LambdaFunction {
    let mut statements = vec![
        allow("Archive", &["s3:PutObject"], [dependencies.buckets.archive.objects(ARCHIVE)]),
        allow_key("Key", &["kms:Decrypt"], dependencies.key.arn(), &["kinesis", "lambda"]),
        allow_key("KeyToStore", &["kms:GenerateDataKey"], dependencies.key.arn(), &["s3"]),
    ];
    statements.extend(polling::statements(identity, dependencies));
    let spec = FunctionSpec {
        description: "Keeps every record of the stream",
        timeout: TIMEOUT_SECONDS,
        statements,
        destinations: &[Destination::S3],
        variables: [(env::ARCHIVE_BUCKET, dependencies.buckets.archive.name())].into(),
        concurrency: None,
        after: None,
    };
    function::declare(build, identity, dependencies, spec)
}
