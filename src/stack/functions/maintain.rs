//! `maintain`: refreshes pending cache entries, tells low-stock crossings and prunes the ledger.

use pipegen_contract::database::Access;
use pipegen_contract::env;
use pipegen_contract::object_key::CROSSINGS;

use super::connections::Destination;
use super::dependencies::Dependencies;
use super::function::{FunctionSpec, LambdaFunction};
use super::login::Login;
use super::{function, variables};
use crate::stack::access::{allow, allow_key};
use crate::stack::build::Build;
use crate::stack::identity::Identity;
use crate::stack::names::METRICS;
use crate::terraform::{Expression, Reference};

/// A run stops by itself a second earlier; so it is over before the next begins, a minute later.
const TIMEOUT_SECONDS: u32 = 55;

/// Declares the function. It comes after the database is ready for its code.
pub(in crate::stack) fn declare(
    build: &mut Build<'_>,
    identity: &Identity,
    dependencies: &Dependencies<'_>,
    migrated: &Reference,
) -> LambdaFunction {
    let login = Login::of(dependencies, Access::Maintainer, &dependencies.cache.maintain);
    let crossings = dependencies.buckets.crossings;
    let statements = [
        allow("Crossings", &["s3:PutObject"], [crossings.objects(CROSSINGS)]),
        allow_key("Key", &["kms:Decrypt"], dependencies.key.arn(), &["lambda", "secretsmanager"]),
        allow_key("KeyToStore", &["kms:GenerateDataKey"], dependencies.key.arn(), &["s3"]),
    ];
    let own = [
        variables::horizon(build),
        variables::stream_retention(build),
        (env::METRIC_NAMESPACE, Expression::from(&build.names.of(METRICS))),
        (env::CROSSINGS_BUCKET, crossings.name()),
    ];
    let spec = FunctionSpec {
        description: "Tells the cache what it missed and prunes the ledger",
        timeout: TIMEOUT_SECONDS,
        statements: login.statements(dependencies).into_iter().chain(statements).collect(),
        destinations: &[Destination::Database, Destination::Cache, Destination::Secrets, Destination::S3],
        variables: variables::servers(build, dependencies, &login).into_iter().chain(own).collect(),
        concurrency: None,
        after: Some(migrated),
    };
    function::declare(build, identity, dependencies, spec)
}
