//! `migrate`: brings the schema up to date, creates the database roles and the writers' secret value. Terraform runs it
//! (`aws_lambda_invocation`) whenever code, database or secret are new, before anything else runs new code.

use std::collections::BTreeMap;

use pipegen_contract::env;
use serde_json::json;

use super::{Function, Spec, value};
use crate::stack::Build;
use crate::stack::access::{allow, allow_key};
use crate::stack::connections::connect;
use crate::stack::database::{self, Database};
use crate::stack::encryption::Key;
use crate::stack::endpoints::Endpoints;
use crate::stack::identity::Identity;
use crate::stack::network::Network;
use crate::stack::secrets::Secret;
use crate::terraform::{Block, Expression, Reference};

/// A migration may rewrite a table; connecting to a database that just started takes a while too.
const TIMEOUT_SECONDS: u32 = 300;

/// Declares the function and its run. What it returns is there once the database is ready for the other functions.
pub(in crate::stack) fn declare(
    build: &mut Build<'_>,
    identity: &Identity,
    key: &Key,
    network: &Network,
    endpoints: &Endpoints,
    database: &Database,
    writer: &Secret,
) -> Reference {
    let statements = vec![
        allow("MasterLogin", &["secretsmanager:GetSecretValue"], [database.master_secret_arn()]),
        allow("WriterLogin", &["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"], [writer.arn()]),
        allow_key("Key", &["kms:Decrypt"], key.arn(), &["lambda", "secretsmanager"]),
        allow_key("KeyToStore", &["kms:GenerateDataKey"], key.arn(), &["secretsmanager"]),
    ];
    let ground = super::ground(build, identity, key, network, statements);
    let rules = [
        connect(build, &ground.group, &database.group, database::PORT),
        connect(build, &ground.group, &endpoints.group, 443),
    ];
    let spec = Spec {
        description: "Brings the schema up to date and creates the database roles",
        timeout: TIMEOUT_SECONDS,
        variables: BTreeMap::from([
            (env::DATABASE_HOST, database.host()),
            (env::DATABASE_PORT, database.port()),
            (env::DATABASE_NAME, database.name()),
            (env::DATABASE_MASTER_SECRET_ARN, database.master_secret_arn()),
            (env::DATABASE_WRITER_SECRET_ARN, writer.arn()),
            (env::DATABASE_WRITER_CONNECTIONS, value(build.sizing.writer_connections)),
        ]),
    };
    let function = super::declare(build, identity, ground, key, network, &spec, &[]);
    let ways = rules.iter().flatten().chain([&endpoints.secrets]);
    run(build, &function, database, writer, ways)
}

fn run<'a>(
    build: &mut Build<'_>,
    function: &Function,
    database: &Database,
    writer: &Secret,
    ways: impl Iterator<Item = &'a Reference>,
) -> Reference {
    let block = Block::new(
        "aws_lambda_invocation",
        "migrate",
        json!({
            "function_name": function.name(),
            "input": Expression::json(json!({})),
            "triggers": {
                "code": build.package.source_code_hash,
                "connections": value(build.sizing.writer_connections),
                "database": database.resource_id(),
                "secret": writer.arn(),
            },
        }),
    );
    build.document.resource(block.after([&function.policy]).after(ways))
}
