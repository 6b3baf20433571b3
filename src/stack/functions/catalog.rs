//! `catalog`: answers the readers.

use pipegen_contract::database::Access;

use super::ways::Way;
use super::{Function, Login, Spec, Surroundings, variables};
use crate::stack::Build;
use crate::stack::access::allow_key;
use crate::stack::identity::Identity;
use crate::terraform::Reference;

/// A read takes milliseconds. Waiting for a connection gives up after 5 seconds, and who asked is to be told so.
const TIMEOUT_SECONDS: u32 = 10;

/// Declares the catalog. It comes after the database is ready for its code.
pub(in crate::stack) fn declare(
    build: &mut Build<'_>,
    identity: &Identity,
    with: &Surroundings<'_>,
    migrated: &Reference,
) -> Function {
    let login = Login::of(with, Access::Reader, &with.cache.catalog);
    let key = allow_key("Key", &["kms:Decrypt"], with.key.arn(), &["lambda", "secretsmanager"]);
    let spec = Spec {
        description: "Answers what is in stock, at which price",
        timeout: TIMEOUT_SECONDS,
        statements: login.statements(with).into_iter().chain([key]).collect(),
        ways: &[Way::Database, Way::Cache, Way::Secrets],
        variables: variables::servers(build, with, &login).into_iter().collect(),
        concurrency: build.settings.catalog_concurrency,
        after: Some(migrated),
    };
    super::declare(build, identity, with, spec)
}
