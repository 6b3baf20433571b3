//! `rotate`: renews the functions' logins to the database. Secrets Manager calls it, step by step.

use pipegen_contract::env;

use super::ways::Way;
use super::{Function, Spec, Surroundings, variables};
use crate::stack::Build;
use crate::stack::access::{allow, allow_key};
use crate::stack::identity::Identity;
use crate::terraform::Reference;

/// A step takes well under a second; the rest is for a database that fails over. A step that was cut off comes again.
const TIMEOUT_SECONDS: u32 = 60;

/// What the four steps ask of a secret.
const STEPS: [&str; 4] = [
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetSecretValue",
    "secretsmanager:PutSecretValue",
    "secretsmanager:UpdateSecretVersionStage",
];

/// Declares the function. It comes after the database is ready for its code.
pub(in crate::stack) fn declare(
    build: &mut Build<'_>,
    identity: &Identity,
    with: &Surroundings<'_>,
    migrated: &Reference,
) -> Function {
    let master = with.database.master_secret_arn();
    let spec = Spec {
        description: "Renews the functions' logins to the database",
        timeout: TIMEOUT_SECONDS,
        statements: vec![
            allow("MasterLogin", &["secretsmanager:GetSecretValue"], [master.clone()]),
            allow("Logins", &STEPS, with.logins.arns()),
            allow_key("Key", &["kms:Decrypt"], with.key.arn(), &["lambda", "secretsmanager"]),
            allow_key("KeyToStore", &["kms:GenerateDataKey"], with.key.arn(), &["secretsmanager"]),
        ],
        ways: &[Way::Database, Way::Secrets],
        variables: variables::database(with)
            .into_iter()
            .chain([(env::DATABASE_MASTER_SECRET_ARN, master)])
            .chain(variables::connections(build))
            .collect(),
        concurrency: None,
        after: Some(migrated),
    };
    super::declare(build, identity, with, spec)
}
