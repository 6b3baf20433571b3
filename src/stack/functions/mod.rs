//! The functions: `aws_lambda_function` with its log group, its security group and what its code may do
//! (`aws_iam_role_policy`). One file a function.

pub(super) mod migrate;
pub(super) mod processor;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Build;
use super::access::{allow, policy};
use super::connections::{self, Group};
use super::encryption::Key;
use super::identity::Identity;
use super::logs;
use super::network::Network;
use crate::terraform::{Block, Expression, Reference};

/// What is there before a function: where it logs, what it may do, whom it may reach.
#[derive(Clone, Debug)]
pub(super) struct Ground {
    log_group: Reference,
    policy: Reference,
    pub(super) group: Group,
}

/// A function.
#[derive(Clone, Debug)]
pub(super) struct Function {
    function: Reference,
    /// What its code and Lambda itself may do as its role.
    pub(super) policy: Reference,
}

impl Function {
    pub(super) fn arn(&self) -> Expression {
        self.function.attribute("arn")
    }

    pub(super) fn name(&self) -> Expression {
        self.function.attribute("function_name")
    }
}

/// What differs from function to function.
struct Spec {
    description: &'static str,
    /// Seconds after which Lambda stops an invocation.
    timeout: u32,
    variables: BTreeMap<&'static str, Expression>,
}

/// Declares what a function stands on. Its code may do what these statements say, and write to its log group.
fn ground(build: &mut Build<'_>, identity: &Identity, key: &Key, network: &Network, statements: Vec<Value>) -> Ground {
    let label = identity.role.handler();
    let log_group = logs::group(build, key, label, &build.names.of(identity.names.logs));
    let group = connections::group(build, network, identity.names.group, "A function's network interfaces");
    // No right to create a log group: one that is gone must stay gone.
    let logging =
        allow("Logs", &["logs:CreateLogStream", "logs:PutLogEvents"], [log_group.attribute("arn").then(":*")]);
    let body = json!({
        "name": "work",
        "role": identity.name(),
        "policy": policy(std::iter::once(logging).chain(statements)),
    });
    let policy = build.document.resource(Block::new("aws_iam_role_policy", format!("{label}_work"), body));
    Ground { log_group, policy, group }
}

/// Declares a function.
fn declare(
    build: &mut Build<'_>,
    identity: &Identity,
    ground: Ground,
    key: &Key,
    network: &Network,
    spec: &Spec,
    after: &[&Reference],
) -> Function {
    let body = json!({
        "function_name": build.names.of(identity.names.function),
        "description": spec.description,
        "role": identity.arn(),
        "handler": identity.role.handler(),
        "runtime": "provided.al2023",
        "architectures": [build.settings.architecture.as_str()],
        "filename": Expression::file_beside(&build.package.file_name),
        "source_code_hash": build.package.source_code_hash,
        "memory_size": build.settings.lambda_memory_mb,
        "timeout": spec.timeout,
        "environment": { "variables": spec.variables },
        "kms_key_arn": key.arn(),
        "vpc_config": { "subnet_ids": network.subnet_ids(), "security_group_ids": [ground.group.id()] },
        // Else Lambda's network interfaces hold the group for up to 40 minutes after the function is gone.
        "replace_security_groups_on_destroy": true,
        "logging_config": {
            "log_group": ground.log_group.attribute("name"),
            "log_format": "JSON",
            "application_log_level": "INFO",
            "system_log_level": "WARN",
        },
        // Passes a trace on; Lambda's own sampling cannot be turned down and would cost more than the function.
        "tracing_config": { "mode": "PassThrough" },
    });
    let before = [&identity.network_policy, &ground.policy, &ground.log_group];
    let block =
        Block::new("aws_lambda_function", identity.role.handler(), body).after(before).after(after.iter().copied());
    Function { function: build.document.resource(block), policy: ground.policy }
}

/// A number as the value of a variable.
fn value(value: u32) -> Expression {
    Expression::from(&value.to_string())
}
