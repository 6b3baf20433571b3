//! `migrate`: brings the schema up to date, sets the low-stock limits, creates the database roles and the first values of
//! the logins' secrets. Terraform runs it (`aws_lambda_invocation`) whenever code, database, secrets or limits are new,
//! before anything else runs new code.

use std::collections::BTreeMap;

use pipegen_contract::database::Access;
use pipegen_contract::{env, low_stock};
use serde_json::{Map, Value, json};

use super::connections::Destination;
use super::dependencies::Dependencies;
use super::function::{FunctionSpec, LambdaFunction};
use super::{function, variables};
use crate::config::LowStock;
use crate::stack::access::{allow, allow_key};
use crate::stack::build::Build;
use crate::stack::identity::Identity;
use crate::terraform::{Block, Expression, Reference};

/// A migration may rewrite a table; connecting to a database that just started takes a while too.
const TIMEOUT_SECONDS: u32 = 300;

/// Declares the function and its run, which is returned: it is done once the database is ready for the other functions.
pub(in crate::stack) fn declare(
    build: &mut Build<'_>,
    identity: &Identity,
    dependencies: &Dependencies<'_>,
) -> Reference {
    let master = dependencies.database.master_secret_arn();
    let actions = ["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"];
    let statements = vec![
        allow("MasterLogin", &["secretsmanager:GetSecretValue"], [master.clone()]),
        allow("Logins", &actions, dependencies.logins.arns()),
        allow_key("Key", &["kms:Decrypt"], dependencies.key.arn(), &["lambda", "secretsmanager"]),
        allow_key("KeyToStore", &["kms:GenerateDataKey"], dependencies.key.arn(), &["secretsmanager"]),
    ];
    let secrets = Access::ALL.map(|access| (access.secret_variable(), dependencies.logins.of(access).arn()));
    let spec = FunctionSpec {
        description: "Brings the schema up to date and creates the database roles",
        timeout: TIMEOUT_SECONDS,
        statements,
        destinations: &[Destination::Database, Destination::Secrets],
        variables: variables::database(dependencies)
            .into_iter()
            .chain([(env::DATABASE_MASTER_SECRET_ARN, master)])
            .chain(secrets.clone())
            .chain(variables::connections(build))
            .collect(),
        concurrency: None,
        after: None,
    };
    let function = function::declare(build, identity, dependencies, spec);
    run(build, &function, dependencies, secrets)
}

fn run(
    build: &mut Build<'_>,
    function: &LambdaFunction,
    dependencies: &Dependencies<'_>,
    secrets: [variables::Variable; 3],
) -> Reference {
    let own = [
        ("code", Expression::from(&build.package.source_code_hash)),
        ("database", dependencies.database.resource_id()),
    ];
    let triggers: BTreeMap<_, _> = own.into_iter().chain(secrets).chain(variables::connections(build)).collect();
    let input = json!({ low_stock::LOW_STOCK: limits(&build.settings.low_stock) });
    let block = Block::new(
        "aws_lambda_invocation",
        "migrate",
        // A new input is a new run, like a new trigger.
        json!({ "function_name": function.name(), "input": Expression::json(input), "triggers": triggers }),
    );
    build.document.resource(block.after(function.ready()))
}

/// Returns the limits that are set, as the function reads them.
fn limits(LowStock { default, sku, category }: &LowStock) -> Value {
    let mut limits = Map::new();
    limits.extend(default.map(|quantity| (low_stock::DEFAULT.to_owned(), quantity.into())));
    for (kind, by_name) in [(low_stock::SKU, sku), (low_stock::CATEGORY, category)] {
        if !by_name.is_empty() {
            limits.insert(kind.to_owned(), json!(by_name));
        }
    }
    limits.into()
}
