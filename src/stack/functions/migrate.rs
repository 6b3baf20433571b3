//! `migrate`: brings the schema up to date, creates the database roles and the first values of the logins' secrets. Terraform
//! runs it (`aws_lambda_invocation`) whenever code, database, secrets or limits are new, before anything else runs new code.

use std::collections::BTreeMap;

use pipegen_contract::database::Access;
use pipegen_contract::env;
use serde_json::json;

use super::ways::Way;
use super::{Function, Spec, Surroundings, variables};
use crate::stack::Build;
use crate::stack::access::{allow, allow_key};
use crate::stack::identity::Identity;
use crate::terraform::{Block, Expression, Reference};

/// A migration may rewrite a table; connecting to a database that just started takes a while too.
const TIMEOUT_SECONDS: u32 = 300;

/// Declares the function and its run. What it returns is there once the database is ready for the other functions.
pub(in crate::stack) fn declare(build: &mut Build<'_>, identity: &Identity, with: &Surroundings<'_>) -> Reference {
    let master = with.database.master_secret_arn();
    let actions = ["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"];
    let statements = vec![
        allow("MasterLogin", &["secretsmanager:GetSecretValue"], [master.clone()]),
        allow("Logins", &actions, with.logins.arns()),
        allow_key("Key", &["kms:Decrypt"], with.key.arn(), &["lambda", "secretsmanager"]),
        allow_key("KeyToStore", &["kms:GenerateDataKey"], with.key.arn(), &["secretsmanager"]),
    ];
    let secrets = Access::ALL.map(|access| (access.secret_variable(), with.logins.of(access).arn()));
    let spec = Spec {
        description: "Brings the schema up to date and creates the database roles",
        timeout: TIMEOUT_SECONDS,
        statements,
        ways: &[Way::Database, Way::Secrets],
        variables: variables::database(with)
            .into_iter()
            .chain([(env::DATABASE_MASTER_SECRET_ARN, master)])
            .chain(secrets.clone())
            .chain(variables::connections(build))
            .collect(),
        concurrency: None,
        after: None,
    };
    let function = super::declare(build, identity, with, spec);
    run(build, &function, with, secrets)
}

fn run(
    build: &mut Build<'_>,
    function: &Function,
    with: &Surroundings<'_>,
    secrets: [variables::Variable; 3],
) -> Reference {
    let own = [("code", Expression::from(&build.package.source_code_hash)), ("database", with.database.resource_id())];
    let triggers: BTreeMap<_, _> = own.into_iter().chain(secrets).chain(variables::connections(build)).collect();
    let block = Block::new(
        "aws_lambda_invocation",
        "migrate",
        json!({ "function_name": function.name(), "input": Expression::json(json!({})), "triggers": triggers }),
    );
    build.document.resource(block.after(function.ready()))
}
