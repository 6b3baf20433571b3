//! `catalog`: answers the readers.

use pipegen_contract::database::Access;

use super::connections::Destination;
use super::dependencies::Dependencies;
use super::function::{FunctionSpec, LambdaFunction};
use super::login::Login;
use super::{function, variables};
use crate::stack::access::allow_key;
use crate::stack::build::Build;
use crate::stack::identity::Identity;
use crate::terraform::Reference;

/// A read takes milliseconds. Waiting for a connection ends after 5 seconds, and the client must still get the answer
/// that says so.
const TIMEOUT_SECONDS: u32 = 10;

/// Declares the catalog. It comes after the database is ready for its code.
pub(in crate::stack) fn declare(
    build: &mut Build<'_>,
    identity: &Identity,
    dependencies: &Dependencies<'_>,
    migrated: &Reference,
) -> LambdaFunction {
    let login = Login::of(dependencies, Access::Reader, &dependencies.cache.catalog);
    let key = allow_key("Key", &["kms:Decrypt"], dependencies.key.arn(), &["lambda", "secretsmanager"]);
    let spec = FunctionSpec {
        description: "Answers what is in stock, at which price",
        timeout: TIMEOUT_SECONDS,
        statements: login.statements(dependencies).into_iter().chain([key]).collect(),
        destinations: &[Destination::Database, Destination::Cache, Destination::Secrets],
        variables: variables::servers(build, dependencies, &login).into_iter().collect(),
        concurrency: build.settings.catalog_concurrency,
        after: Some(migrated),
    };
    function::declare(build, identity, dependencies, spec)
}
