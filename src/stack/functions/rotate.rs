//! `rotate`: renews the functions' logins to the database. Secrets Manager calls it, step by step.

use pipegen_contract::env;

use super::connections::Destination;
use super::dependencies::Dependencies;
use super::function::{FunctionSpec, LambdaFunction};
use super::{function, variables};
use crate::stack::access::{allow, allow_key};
use crate::stack::build::Build;
use crate::stack::identity::Identity;
use crate::stack::secrets::ROTATION_ACTIONS;
use crate::terraform::Reference;

/// A step takes well under a second; the rest is for a database that fails over. A step that was cut off is retried.
const TIMEOUT_SECONDS: u32 = 60;

/// Declares the function. It comes after the database is ready for its code.
pub(in crate::stack) fn declare(
    build: &mut Build<'_>,
    identity: &Identity,
    dependencies: &Dependencies<'_>,
    migrated: &Reference,
) -> LambdaFunction {
    let master = dependencies.database.master_secret_arn();
    let spec = FunctionSpec {
        description: "Renews the functions' logins to the database",
        timeout: TIMEOUT_SECONDS,
        statements: vec![
            allow("MasterLogin", &["secretsmanager:GetSecretValue"], [master.clone()]),
            allow("Logins", &ROTATION_ACTIONS, dependencies.logins.arns()),
            allow_key("Key", &["kms:Decrypt"], dependencies.key.arn(), &["lambda", "secretsmanager"]),
            allow_key("KeyToStore", &["kms:GenerateDataKey"], dependencies.key.arn(), &["secretsmanager"]),
        ],
        destinations: &[Destination::Database, Destination::Secrets],
        variables: variables::database(dependencies)
            .into_iter()
            .chain([(env::DATABASE_MASTER_SECRET_ARN, master)])
            .chain(variables::connections(build))
            .collect(),
        concurrency: None,
        after: Some(migrated),
    };
    function::declare(build, identity, dependencies, spec)
}
