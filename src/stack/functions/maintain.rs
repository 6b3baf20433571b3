//! `maintain`: catches up with what was left over and prunes the ledger.

use pipegen_contract::database::Access;
use pipegen_contract::env;

use super::ways::Way;
use super::{Function, Login, Spec, Surroundings, variables};
use crate::stack::Build;
use crate::stack::access::allow_key;
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
    let login = Login::of(with, Access::Maintainer, &with.cache.maintain);
    let key = allow_key("Key", &["kms:Decrypt"], with.key.arn(), &["lambda", "secretsmanager"]);
    let own = [
        variables::horizon(build),
        variables::stream_retention(build),
        (env::METRIC_NAMESPACE, Expression::from(&metrics::namespace(build))),
    ];
    let spec = Spec {
        description: "Tells the cache what it missed and prunes the ledger",
        timeout: TIMEOUT_SECONDS,
        statements: login.statements(with).into_iter().chain([key]).collect(),
        ways: &[Way::Database, Way::Cache, Way::Secrets],
        variables: variables::servers(build, with, &login).into_iter().chain(own).collect(),
        concurrency: None,
        after: Some(migrated),
    };
    super::declare(build, identity, with, spec)
}
