//! `catalog`: answers the readers.

use pipegen_contract::database::Access;
use pipegen_contract::env;

use super::ways::Way;
use super::{Function, Spec, Surroundings, variables};
use crate::stack::Build;
use crate::stack::access::{allow, allow_key};
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
    let login = with.logins.of(Access::Reader);
    let user = &with.cache.catalog;
    let spec = Spec {
        description: "Answers what is in stock, at which price",
        timeout: TIMEOUT_SECONDS,
        statements: vec![
            allow("Login", &["secretsmanager:GetSecretValue"], [login.arn()]),
            allow("CacheLogin", &["elasticache:Connect"], [with.cache.arn(), user.arn()]),
            allow_key("Key", &["kms:Decrypt"], with.key.arn(), &["lambda", "secretsmanager"]),
        ],
        ways: &[Way::Database, Way::Cache, Way::Secrets],
        variables: variables::database(with)
            .into_iter()
            .chain(variables::cache(build, with, user))
            .chain([(env::DATABASE_SECRET_ARN, login.arn())])
            .collect(),
        after: Some(migrated),
    };
    super::declare(build, identity, with, spec)
}
