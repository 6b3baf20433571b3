//! The functions' roles: one `aws_iam_role` for each function, with the right to create network interfaces
//! (`aws_iam_role_policy`) if the function runs in the network.
//!
//! Lambda removes a function's network interfaces with the function's own role, some time after the function is gone.
//! So these come before the network and go after it; a function's other rights are in `functions`.

use pipegen_contract::role::Role;
use serde_json::{Value, json};

use super::access::{allow, deny_function_code, policy, service, trust};
use super::account::AwsAccount;
use super::build::Build;
use super::names::FunctionNames;
use crate::terraform::{Block, Expression, Reference};

/// Lambda's actions on network interfaces, with the function's role.
const INTERFACE_ACTIONS: [&str; 4] = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:UnassignPrivateIpAddresses",
];

/// Lambda's look-ups, which EC2 does not grant by resource.
const INTERFACE_LOOKUPS: [&str; 2] = ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"];

/// The role of a function.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    pub(super) role: Role,
    pub(super) names: FunctionNames,
    iam_role: Reference,
    /// The right to create network interfaces, for a function in the network.
    pub(super) network_policy: Option<Reference>,
    function_arn: Expression,
}

impl Identity {
    pub(super) fn arn(&self) -> Expression {
        self.iam_role.attribute("arn")
    }

    /// The role's name, for its policies.
    pub(super) fn name(&self) -> Expression {
        self.iam_role.attribute("name")
    }

    /// The function's ARN, written out: the function refers to the role, so the role cannot refer to the function.
    pub(super) fn function_arn(&self) -> &Expression {
        &self.function_arn
    }
}

/// Declares the role of a function.
pub(super) fn declare(build: &mut Build<'_>, account: &AwsAccount, role: Role) -> Identity {
    let names = FunctionNames::of(role);
    let label = role.handler();
    let iam_role = build.document.resource(Block::new(
        "aws_iam_role",
        label,
        json!({
            "name": build.names.of(names.role),
            "description": format!("Runs {}", build.names.of(names.function)),
            "assume_role_policy": trust(&service("lambda"), &Value::Null),
            "permissions_boundary": build.settings.permissions_boundary,
        }),
    ));
    let function_arn = account.arn("lambda", &format!("function:{}", build.names.of(names.function)));
    let network_policy = names.group.map(|_| {
        let body = json!({
            "name": "network",
            "role": iam_role.attribute("name"),
            "policy": interfaces(account, &function_arn),
        });
        build.document.resource(Block::new("aws_iam_role_policy", format!("{label}_network"), body))
    });
    Identity { role, names, iam_role, network_policy, function_arn }
}

/// Lets Lambda create and remove network interfaces with the role.
fn interfaces(account: &AwsAccount, function_arn: &Expression) -> Expression {
    let denied: Vec<_> = INTERFACE_ACTIONS.into_iter().chain(INTERFACE_LOOKUPS).collect();
    policy([
        // Lambda's documentation wants all resources of the account: it checks the right before there are any interfaces.
        allow("NetworkInterfaces", &INTERFACE_ACTIONS, [account.arn("ec2", "*/*")]),
        allow("Questions", &INTERFACE_LOOKUPS, ["*".into()]),
        deny_function_code(function_arn, &denied),
    ])
}
