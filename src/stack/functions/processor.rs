//! `processor`: applies batches of the stream to the catalog and refreshes the cache.

use pipegen_contract::database::Access;
use pipegen_contract::env;
use pipegen_contract::object_key::REJECTED;

use super::connections::Destination;
use super::dependencies::Dependencies;
use super::function::{FunctionSpec, LambdaFunction};
use super::login::Login;
use super::{function, polling, variables};
use crate::stack::access::{allow, allow_key};
use crate::stack::build::Build;
use crate::stack::identity::Identity;
use crate::stack::names::METRICS;
use crate::terraform::{Expression, Reference};

/// A batch takes well under a second; the rest is for a database that fails over.
const TIMEOUT_SECONDS: u32 = 60;

/// Declares the processor. It comes after the database is ready for its code.
pub(in crate::stack) fn declare(
    build: &mut Build<'_>,
    identity: &Identity,
    dependencies: &Dependencies<'_>,
    migrated: &Reference,
) -> LambdaFunction {
    let login = Login::of(dependencies, Access::Writer, &dependencies.cache.processor);
    let mut statements = login.statements(dependencies).to_vec();
    statements.extend([
        allow("Quarantine", &["s3:PutObject"], [dependencies.buckets.quarantine.objects(REJECTED)]),
        allow_key("Key", &["kms:Decrypt"], dependencies.key.arn(), &["kinesis", "lambda", "secretsmanager"]),
        allow_key("KeyToStore", &["kms:GenerateDataKey"], dependencies.key.arn(), &["s3"]),
    ]);
    statements.extend(polling::statements(identity, dependencies));
    let own = [
        variables::horizon(build),
        (env::METRIC_NAMESPACE, Expression::from(&build.names.of(METRICS))),
        (env::QUARANTINE_BUCKET, dependencies.buckets.quarantine.name()),
    ];
    let spec = FunctionSpec {
        description: "Applies events to the catalog and refreshes the cache",
        timeout: TIMEOUT_SECONDS,
        statements,
        destinations: &[Destination::Database, Destination::Cache, Destination::Secrets, Destination::S3],
        variables: variables::servers(build, dependencies, &login)
            .into_iter()
            .chain(own)
            .chain(variables::suppliers(build))
            .collect(),
        concurrency: None,
        after: Some(migrated),
    };
    function::declare(build, identity, dependencies, spec)
}
