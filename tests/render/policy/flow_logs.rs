//! Refused traffic is logged, and the service that does it can do nothing else.

use serde_json::{Value, json};

use super::access::statements_at;
use super::{breach, holds, notices, policy_text};
use crate::rendered::resources;

/// Refused traffic is logged, by a role that can do nothing else.
fn flow_log(main: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for vpc in resources(main, "aws_vpc").keys() {
        let id = format!("${{aws_vpc.{vpc}.id}}");
        let mut logs = resources(main, "aws_flow_log").values();
        let fits = |log: &Value| {
            log["vpc_id"] == id
                && log["traffic_type"] == "REJECT"
                && log["log_destination"] == "${aws_cloudwatch_log_group.network.arn}"
                && log["iam_role_arn"] == "${aws_iam_role.flow_logs.arn}"
                && log["depends_on"] == json!(["aws_iam_role_policy.flow_logs_write"])
        };
        if !logs.any(fits) {
            wrong.push(format!("what {vpc} refuses is not logged"));
        }
    }
    let allowed = statements_at(main, "aws_iam_role_policy.flow_logs_write.policy");
    let own = json!(["${aws_cloudwatch_log_group.network.arn}:*"]);
    let asks = |one: &Value| one["Resource"] == json!(["*"]) && one["Action"] == json!(["logs:DescribeLogGroups"]);
    if !matches!(allowed.as_slice(), [write, ask] if write["Resource"] == own && asks(ask)) {
        wrong.push("the flow log's role may write elsewhere".to_owned());
    }
    wrong
}

#[test]
fn what_the_network_refuses_is_logged() {
    holds(flow_log);
    let anywhere = policy_text(&[json!({ "Effect": "Allow", "Resource": ["*"] })]);
    notices(vec![
        breach(flow_log, "resource/aws_flow_log", json!({})),
        breach(flow_log, "resource/aws_flow_log/network/traffic_type", json!("ACCEPT")),
        breach(flow_log, "resource/aws_flow_log/network/depends_on", Value::Null),
        breach(flow_log, "resource/aws_iam_role_policy/flow_logs_write/policy", anywhere),
    ]);
}
