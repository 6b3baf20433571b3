//! `maintain`: catches up with what was left over and prunes the ledger.

use pipegen_contract::database::Access;
use pipegen_contract::env;

use super::ways::Way;
use super::{Function, Spec, Surroundings, variables};
use crate::stack::Build;
use crate::stack::access::{allow, allow_key};
use crate::stack::identity::Identity;
use crate::stack::metrics;
use crate::terraform::{Expression, Reference};

/// A run stops by itself a second before; so it is over before the next begins, a minute later.
const TIMEOUT_SECONDS: u32 = 55;

/// Declares the function. It comes after the database is ready for its code.
pub(in crate::stack) fn declare(
    build: &mut Build<'_>,
    identity: &Identity,
    with: &Surroundings<'_>,
    migrated: &Reference,
) -> Function {
    let login = with.logins.of(Access::Maintainer);
    let user = &with.cache.maintain;
    let own = [
        (env::DATABASE_SECRET_ARN, login.arn()),
        variables::horizon(build),
        variables::stream_retention(build),
        (env::METRIC_NAMESPACE, Expression::from(&metrics::namespace(build))),
    ];
    let spec = Spec {
        description: "Tells the cache what it missed and prunes the ledger",
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
            .chain(own)
            .collect(),
        after: Some(migrated),
    };
    super::declare(build, identity, with, spec)
}
