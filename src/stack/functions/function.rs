//! Functions: `aws_lambda_function` with its log group, its role's `aws_iam_role_policy` and, in the network, its security
//! group.

use std::collections::BTreeMap;

use pipegen_contract::role::Role;
use serde_json::{Value, json};

use super::connections::{self, Destination};
use super::dependencies::Dependencies;
use crate::stack::access::{allow, policy};
use crate::stack::build::Build;
use crate::stack::identity::Identity;
use crate::stack::logs;
use crate::stack::names::Name;
use crate::stack::security_groups;
use crate::terraform::{Block, Expression, Reference};

#[derive(Clone, Debug)]
pub(in crate::stack) struct LambdaFunction {
    pub(in crate::stack) role: Role,
    resource: Reference,
    /// The rights of its role, for its code and for AWS on its behalf.
    policy: Reference,
    connections: Vec<Reference>,
}

impl LambdaFunction {
    pub(in crate::stack) fn arn(&self) -> Expression {
        self.resource.attribute("arn")
    }

    pub(in crate::stack) fn name(&self) -> Expression {
        self.resource.attribute("function_name")
    }

    /// Returns the resources that must exist before its first call, besides itself.
    pub(in crate::stack) fn ready(&self) -> impl Iterator<Item = &Reference> {
        std::iter::once(&self.policy).chain(&self.connections)
    }
}

/// The differences from function to function.
pub(super) struct FunctionSpec<'a> {
    pub(super) description: &'static str,
    /// Seconds after which Lambda stops an invocation.
    pub(super) timeout: u32,
    /// The statements of its role, besides logging and network interfaces.
    pub(super) statements: Vec<Value>,
    /// The connections of its code in the network.
    pub(super) destinations: &'static [Destination],
    /// The environment variables that its code reads.
    pub(super) variables: BTreeMap<&'static str, Expression>,
    /// Its reserved concurrency; without it, it shares the account's.
    pub(super) concurrency: Option<u32>,
    /// A resource that must exist before its code may run.
    pub(super) after: Option<&'a Reference>,
}

/// Declares a function, with its log group, its rights and, in the network, its security group.
pub(super) fn declare(
    build: &mut Build<'_>,
    identity: &Identity,
    dependencies: &Dependencies<'_>,
    spec: FunctionSpec<'_>,
) -> LambdaFunction {
    let label = identity.role.handler();
    let log_group = logs::group(build, dependencies.key, label, &build.names.of(identity.names.logs));
    let policy = declare_rights(build, identity, &log_group, spec.statements);
    let group = identity.names.group;
    let interfaces = group.map(|group| interfaces(build, group, dependencies, spec.destinations));
    let (vpc_config, connections) = interfaces.unzip();
    let body = json!({
        "function_name": build.names.of(identity.names.function),
        "description": spec.description,
        "role": identity.arn(),
        "handler": label,
        "runtime": "provided.al2023",
        "architectures": [build.settings.architecture.as_str()],
        "filename": Expression::file_beside(&build.package.file_name),
        "source_code_hash": build.package.source_code_hash,
        "memory_size": build.settings.lambda_memory_mb,
        "timeout": spec.timeout,
        "reserved_concurrent_executions": spec.concurrency,
        "environment": { "variables": spec.variables },
        "kms_key_arn": dependencies.key.arn(),
        "vpc_config": vpc_config,
        // Otherwise Lambda's network interfaces hold the group for up to 40 minutes after the function is gone.
        "replace_security_groups_on_destroy": group.map(|_| true),
        "logging_config": {
            "log_group": log_group.attribute("name"),
            "log_format": "JSON",
            "application_log_level": "INFO",
            "system_log_level": "WARN",
        },
        // Passes a trace on; Lambda's own sampling cannot be turned down and would cost more than the function.
        "tracing_config": { "mode": "PassThrough" },
    });
    let block = Block::new("aws_lambda_function", label, body);
    let block = block.after(&identity.network_policy).after([&policy, &log_group]).after(spec.after);
    let resource = build.document.resource(block);
    LambdaFunction { role: identity.role, resource, policy, connections: connections.unwrap_or_default() }
}

/// Declares the security group of a function's network interfaces. Returns its `vpc_config`, and everything that must
/// exist before its code can connect.
fn interfaces(
    build: &mut Build<'_>,
    group: Name,
    dependencies: &Dependencies<'_>,
    destinations: &[Destination],
) -> (Value, Vec<Reference>) {
    let Dependencies { network, .. } = dependencies;
    let group = security_groups::declare(build, network, group, "Network interfaces of the function");
    let connections = connections::allow(build, &group, dependencies, destinations);
    (json!({ "subnet_ids": network.subnet_ids(), "security_group_ids": [group.id()] }), connections)
}

/// Declares the rights of a function's role: it may write to its log group, and these statements.
fn declare_rights(
    build: &mut Build<'_>,
    identity: &Identity,
    log_group: &Reference,
    statements: Vec<Value>,
) -> Reference {
    // No right to create a log group: one that is gone must stay gone.
    let logging =
        allow("Logs", &["logs:CreateLogStream", "logs:PutLogEvents"], [log_group.attribute("arn").then(":*")]);
    let body = json!({
        "name": "work",
        "role": identity.name(),
        "policy": policy(std::iter::once(logging).chain(statements)),
    });
    build.document.resource(Block::new("aws_iam_role_policy", format!("{}_work", identity.role.handler()), body))
}
