//! Statements that have an effect: AWS takes one that can never apply, and then refuses the call.

use serde_json::{Value, json};

use super::access::{Statement, list, statements};
use super::{breach, holds, notices, policy_text};

/// Actions that IAM grants on everything or not at all.
///
/// <https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html>
const WITHOUT_RESOURCE: [&str; 3] = ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "logs:DescribeLogGroups"];

/// The key's actions that have an encryption context: those that encrypt or decrypt.
///
/// <https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html>
const WITH_ENCRYPTION_CONTEXT: [&str; 7] = [
    "kms:Decrypt",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "kms:CreateGrant",
];

/// An action without resources is allowed on the star alone, one without an encryption context under no condition on
/// it.
fn grants_apply(main: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for Statement { place, body } in
        statements(main).into_iter().filter(|statement| statement.body["Effect"] == "Allow")
    {
        let conditions = body["Condition"].as_object().into_iter().flatten();
        let keys = conditions.filter_map(|(_, keys)| keys.as_object()).flat_map(|keys| keys.keys());
        let on_context = keys.into_iter().any(|key| key.starts_with("kms:EncryptionContext"));
        for action in list(&body["Action"]) {
            if WITHOUT_RESOURCE.contains(&action) && list(&body["Resource"]) != ["*"] {
                wrong.push(format!("{place}: `{action}` is granted on everything or not at all"));
            }
            if on_context && !WITH_ENCRYPTION_CONTEXT.contains(&action) {
                wrong.push(format!("{place}: `{action}` has no encryption context"));
            }
        }
    }
    wrong
}

#[test]
fn what_is_allowed_can_apply() {
    holds(grants_apply);
    let groups = json!({
        "Effect": "Allow", "Action": ["logs:DescribeLogGroups"], "Resource": ["${aws_cloudwatch_log_group.network.arn}:*"],
    });
    let key = json!({
        "Effect": "Allow", "Action": ["kms:Decrypt", "kms:DescribeKey"], "Resource": "*",
        "Condition": { "ArnEquals": { "kms:EncryptionContext:aws:logs:arn": ["arn:aws:logs:x"] } },
    });
    notices(vec![
        breach(grants_apply, "resource/aws_iam_role_policy/flow_logs_write/policy", policy_text(&[groups])),
        breach(grants_apply, "resource/aws_kms_key/main/policy", policy_text(&[key])),
    ]);
}
