//! The functions: `aws_lambda_function` with its log group, its security group and what its code may do
//! (`aws_iam_role_policy`). One file a function.
//!
//! - `ways`: whom a function's code connects to
//! - `variables`: what a function's code reads
//! - `polling`: what Lambda does with the role of a function that a stream feeds

pub(super) mod archiver;
pub(super) mod catalog;
pub(super) mod maintain;
pub(super) mod migrate;
mod polling;
pub(super) mod processor;
pub(super) mod rotate;
mod variables;
mod ways;

use std::collections::BTreeMap;

use pipegen_contract::database::Access;
use pipegen_contract::role::Role;
use serde_json::{Value, json};

use super::Build;
use super::access::{allow, policy};
use super::bucket::Bucket;
use super::cache::{Cache, User};
use super::connections;
use super::database::Database;
use super::encryption::Key;
use super::endpoints::Endpoints;
use super::identity::Identity;
use super::logs;
use super::network::Network;
use super::secrets::{Logins, Secret};
use super::stream::Stream;
use crate::terraform::{Block, Expression, Reference};
use ways::Way;

/// What the functions work with.
pub(super) struct Surroundings<'a> {
    pub(super) key: &'a Key,
    pub(super) network: &'a Network,
    pub(super) endpoints: &'a Endpoints,
    pub(super) stream: &'a Stream,
    pub(super) database: &'a Database,
    pub(super) logins: &'a Logins,
    pub(super) cache: &'a Cache,
    pub(super) archive: &'a Bucket,
    pub(super) quarantine: &'a Bucket,
}

/// Who a function logs in as that uses database and cache.
struct Login<'a> {
    secret: &'a Secret,
    user: &'a User,
}

impl<'a> Login<'a> {
    fn of(with: &Surroundings<'a>, access: Access, user: &'a User) -> Self {
        Self { secret: with.logins.of(access), user }
    }

    /// Lets it log in to both.
    fn statements(&self, with: &Surroundings<'_>) -> [Value; 2] {
        [
            allow("Login", &["secretsmanager:GetSecretValue"], [self.secret.arn()]),
            allow("CacheLogin", &["elasticache:Connect"], [with.cache.arn(), self.user.arn()]),
        ]
    }
}

/// A function.
#[derive(Clone, Debug)]
pub(super) struct Function {
    pub(super) role: Role,
    resource: Reference,
    /// What its code, and AWS on its behalf, may do as its role.
    policy: Reference,
    ways: Vec<Reference>,
}

impl Function {
    pub(super) fn arn(&self) -> Expression {
        self.resource.attribute("arn")
    }

    pub(super) fn name(&self) -> Expression {
        self.resource.attribute("function_name")
    }

    /// What must be there before its first call, besides itself.
    pub(super) fn ready(&self) -> impl Iterator<Item = &Reference> {
        std::iter::once(&self.policy).chain(&self.ways)
    }
}

/// What differs from function to function.
struct Spec<'a> {
    description: &'static str,
    /// Seconds after which Lambda stops an invocation.
    timeout: u32,
    /// What its role may do, besides logging and being in the network.
    statements: Vec<Value>,
    /// Whom its code connects to.
    ways: &'static [Way],
    /// What its code reads.
    variables: BTreeMap<&'static str, Expression>,
    /// How many of its invocations may run at the same time; none is whatever the account has left.
    concurrency: Option<u32>,
    /// What must be done before its code may run.
    after: Option<&'a Reference>,
}

/// Declares a function and what it stands on: where it logs, what it may do, whom it may reach.
fn declare(build: &mut Build<'_>, identity: &Identity, with: &Surroundings<'_>, spec: Spec<'_>) -> Function {
    let label = identity.role.handler();
    let log_group = logs::group(build, with.key, label, &build.names.of(identity.names.logs));
    let policy = work_policy(build, identity, &log_group, spec.statements);
    let group = connections::group(build, with.network, identity.names.group, "Network interfaces of the function");
    let ways = ways::declare(build, &group, with, spec.ways);
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
        "kms_key_arn": with.key.arn(),
        "vpc_config": { "subnet_ids": with.network.subnet_ids(), "security_group_ids": [group.id()] },
        // Else Lambda's network interfaces hold the group for up to 40 minutes after the function is gone.
        "replace_security_groups_on_destroy": true,
        "logging_config": {
            "log_group": log_group.attribute("name"),
            "log_format": "JSON",
            "application_log_level": "INFO",
            "system_log_level": "WARN",
        },
        // Passes a trace on; Lambda's own sampling cannot be turned down and would cost more than the function.
        "tracing_config": { "mode": "PassThrough" },
    });
    let before = [&identity.network_policy, &policy, &log_group];
    let block = Block::new("aws_lambda_function", label, body).after(before).after(spec.after);
    Function { role: identity.role, resource: build.document.resource(block), policy, ways }
}

/// What a function's role may do: write to its log group, and these statements.
fn work_policy(build: &mut Build<'_>, identity: &Identity, log_group: &Reference, statements: Vec<Value>) -> Reference {
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
