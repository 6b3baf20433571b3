//! Policy documents and their statements.

use serde_json::{Value, json};

use super::account::AwsAccount;
use crate::config::REGION;
use crate::terraform::Expression;

/// Makes a policy document of these statements.
pub(super) fn policy(statements: impl IntoIterator<Item = Value>) -> Expression {
    let statements: Vec<_> = statements.into_iter().collect();
    Expression::json(json!({ "Version": "2012-10-17", "Statement": statements }))
}

/// Allows actions on exact resources.
pub(super) fn allow(sid: &str, actions: &[&str], resources: impl IntoIterator<Item = Expression>) -> Value {
    let resources: Vec<_> = resources.into_iter().collect();
    json!({ "Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources })
}

/// Allows an action on the key, but only through these services and on behalf of their caller.
pub(super) fn allow_key(sid: &str, actions: &[&str], key: Expression, services: &[&str]) -> Value {
    let services: Vec<_> = services.iter().map(|service| format!("{service}.{REGION}.amazonaws.com")).collect();
    let mut statement = allow(sid, actions, [key]);
    statement["Condition"] = json!({ "StringEquals": { "kms:ViaService": services } });
    statement
}

/// Denies the function's own code what only Lambda needs: `lambda:SourceFunctionArn` is there when the code calls and
/// absent when Lambda does (network interfaces, polling, failed batches), with the same role.
pub(super) fn deny_function_code(function_arn: &Expression, actions: &[&str]) -> Value {
    json!({
        "Sid": "NotTheCode",
        "Effect": "Deny",
        "Action": actions,
        "Resource": "*",
        "Condition": { "ArnEquals": { "lambda:SourceFunctionArn": function_arn } },
    })
}

/// Denies requests without TLS and nothing else: further conditions would deny AWS' own calls.
pub(super) fn tls_only(action: &str, resources: &[Expression]) -> Value {
    json!({
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": { "AWS": "*" },
        "Action": action,
        "Resource": resources,
        "Condition": { "Bool": { "aws:SecureTransport": "false" } },
    })
}

/// Makes the trust policy of a role: only this principal may assume it. A null means no condition.
pub(super) fn trust(principal: &Value, condition: &Value) -> Expression {
    policy([json!({
        "Effect": "Allow",
        "Principal": principal,
        "Action": "sts:AssumeRole",
        "Condition": condition,
    })])
}

/// Makes a principal of a service.
pub(super) fn service(name: &str) -> Value {
    json!({ "Service": format!("{name}.amazonaws.com") })
}

/// Lets only this account through an endpoint, and only for what these statements allow.
pub(super) fn endpoint(account: &AwsAccount, statements: impl IntoIterator<Item = Value>) -> Expression {
    policy(statements.into_iter().map(|mut statement| {
        statement["Principal"] = json!({ "AWS": "*" });
        statement["Condition"] = json!({ "StringEquals": { "aws:PrincipalAccount": account.id() } });
        statement
    }))
}
