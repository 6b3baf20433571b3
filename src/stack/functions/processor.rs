//! `processor`: applies batches of the stream to the catalog and refreshes the cache.

use pipegen_contract::database::Access;
use pipegen_contract::env;
use pipegen_contract::object_key::REJECTED;

use super::ways::Way;
use super::{Function, Login, Spec, Surroundings, polling, variables};
use crate::stack::Build;
use crate::stack::access::{allow, allow_key};
use crate::stack::identity::Identity;
use crate::stack::metrics;
use crate::terraform::{Expression, Reference};

/// A batch takes well under a second; the rest is for a database that fails over.
const TIMEOUT_SECONDS: u32 = 60;

/// Declares the processor. It comes after the database is ready for its code.
pub(in crate::stack) fn declare(
    build: &mut Build<'_>,
    identity: &Identity,
    with: &Surroundings<'_>,
    migrated: &Reference,
) -> Function {
    let login = Login::of(with, Access::Writer, &with.cache.processor);
    let mut statements = login.statements(with).to_vec();
    statements.extend([
        allow("Quarantine", &["s3:PutObject"], [with.quarantine.objects(REJECTED)]),
        allow_key("Key", &["kms:Decrypt"], with.key.arn(), &["kinesis", "lambda", "secretsmanager"]),
        allow_key("KeyToStore", &["kms:GenerateDataKey"], with.key.arn(), &["s3"]),
    ]);
    statements.extend(polling::statements(identity, with));
    let own = [
        variables::horizon(build),
        (env::METRIC_NAMESPACE, Expression::from(&metrics::namespace(build))),
        (env::QUARANTINE_BUCKET, with.quarantine.name()),
    ];
    let spec = Spec {
        description: "Applies events to the catalog and refreshes the cache",
        timeout: TIMEOUT_SECONDS,
        statements,
        ways: &[Way::Database, Way::Cache, Way::Secrets, Way::S3],
        variables: variables::servers(build, with, &login)
            .into_iter()
            .chain(own)
            .chain(variables::suppliers(build))
            .collect(),
        concurrency: None,
        after: Some(migrated),
    };
    super::declare(build, identity, with, spec)
}
