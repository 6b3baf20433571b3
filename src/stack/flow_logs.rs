//! Traffic that the network refused: `aws_flow_log` to a log group, with a role of its own.
//!
//! Only refused traffic is logged. In this network everything that is meant to happen is a rule, so refused traffic is
//! either a rule that is missing or an attack; it is next to nothing, where all traffic would be a line for each
//! connection of each invocation. For so little a log group costs no more than a bucket, ends by itself, and goes with
//! the stack, where a bucket could be filled again by a late delivery while Terraform empties it.

use serde_json::json;

use super::access::{allow, policy, service, trust};
use super::account::AwsAccount;
use super::build::Build;
use super::encryption::Key;
use super::logs;
use super::names::{FLOW_LOG_ROLE, NETWORK_FLOW_LOG, NETWORK_LOGS};
use super::network::{Network, name_tag};
use crate::terraform::Block;

/// The service's actions on the group. It has no right to create one: a group that is gone must stay gone.
const ACTIONS: [&str; 3] = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"];

/// The service's look-ups. `CloudWatch` Logs grants the list of groups as a whole or not at all.
const LOOKUPS: [&str; 1] = ["logs:DescribeLogGroups"];

/// Declares the flow log.
pub(super) fn declare(build: &mut Build<'_>, account: &AwsAccount, key: &Key, network: &Network) {
    let name = build.names.of(NETWORK_LOGS);
    let group = logs::group(build, key, "network", &name);
    // Flow logs of this account and region only.
    let condition = json!({
        "StringEquals": { "aws:SourceAccount": account.id() },
        "ArnLike": { "aws:SourceArn": account.arn("ec2", "vpc-flow-log/*") },
    });
    let role = json!({
        "name": build.names.of(FLOW_LOG_ROLE),
        "description": format!("Writes {name}"),
        "assume_role_policy": trust(&service("vpc-flow-logs"), &condition),
        "permissions_boundary": build.settings.permissions_boundary,
    });
    let role = build.document.resource(Block::new("aws_iam_role", "flow_logs", role));
    let writing = json!({
        "name": "write",
        "role": role.attribute("name"),
        "policy": policy([
            allow("Write", &ACTIONS, [group.attribute("arn").then(":*")]),
            allow("Questions", &LOOKUPS, ["*".into()]),
        ]),
    });
    let writing = build.document.resource(Block::new("aws_iam_role_policy", "flow_logs_write", writing));
    let body = json!({
        "vpc_id": network.vpc_id(),
        "traffic_type": "REJECT",
        "log_destination_type": "cloud-watch-logs",
        "log_destination": group.attribute("arn"),
        "iam_role_arn": role.attribute("arn"),
        "tags": name_tag(build, NETWORK_FLOW_LOG),
    });
    build.document.resource(Block::new("aws_flow_log", "network", body).after([&writing]));
}
