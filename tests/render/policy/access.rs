//! Least privilege in every policy.

use serde_json::{Value, json};

use super::{Breach, Rule, breach, holds, notices, policy_text};
use crate::rendered::all_resources;

/// A statement of a policy, and its place in the output.
pub(super) struct Statement {
    pub(super) place: String,
    pub(super) body: Value,
}

/// Returns every statement of every policy in the output.
pub(super) fn statements(main: &Value) -> Vec<Statement> {
    let mut found = Vec::new();
    for (kind, label, body) in all_resources(main) {
        for attribute in ["policy", "assume_role_policy"] {
            let Some(text) = body[attribute].as_str() else { continue };
            let policy: Value = serde_json::from_str(text).unwrap_or_default();
            let place = format!("{kind}.{label}.{attribute}");
            for statement in policy["Statement"].as_array().into_iter().flatten() {
                found.push(Statement { place: place.clone(), body: statement.clone() });
            }
        }
    }
    found
}

/// Returns the statements of one policy.
pub(super) fn statements_at(main: &Value, place: &str) -> Vec<Value> {
    statements(main).into_iter().filter(|statement| statement.place == place).map(|statement| statement.body).collect()
}

pub(super) fn list(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(values) => values.iter().filter_map(Value::as_str).collect(),
        other => other.as_str().into_iter().collect(),
    }
}

/// The only actions with a star that are allowed, each with AWS' reason.
fn is_excepted_action(place: &str, action: &str) -> bool {
    // The account's own policies decide; without it nobody could manage the key any more.
    place == "aws_kms_key.main.policy" && action == "kms:*"
}

/// The only statements that are allowed on more resources than are named, each with AWS' reason.
fn is_excepted_resource(place: &str, sid: &str) -> bool {
    let is_network = place.starts_with("aws_iam_role_policy.") && place.ends_with("_network.policy");
    // In a key's policy the star is the key.
    place == "aws_kms_key.main.policy"
        // EC2 knows no resources for `Describe…`.
        || is_network && sid == "Questions"
        // Nor does CloudWatch Logs for its list of groups.
        || place == "aws_iam_role_policy.flow_logs_write.policy" && sid == "Questions"
        // Lambda checks the right before there are any interfaces, and wants all of the account.
        || is_network && sid == "NetworkInterfaces"
}

/// Returns whether a resource is a single one, or all objects under a bucket's prefix, or all streams of a log group.
fn is_exact(resource: &str) -> bool {
    let Some(folder) = resource.strip_suffix('*') else { return !resource.contains('*') };
    let is_bucket = folder.starts_with("${aws_s3_bucket.") && folder.contains(".arn}/");
    let is_log_group = folder.starts_with("${aws_cloudwatch_log_group.") && folder.ends_with(".arn}:");
    !folder.contains('*') && (is_bucket || is_log_group)
}

/// Rights are named: no action and no resource is a star.
fn no_stars(main: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for Statement { place, body } in statements(main) {
        if body["Effect"] != "Allow" {
            continue;
        }
        let starred = list(&body["Action"]).into_iter().filter(|action| action.contains('*'));
        let starred = starred.filter(|action| !is_excepted_action(&place, action));
        wrong.extend(starred.map(|action| format!("{place} allows `{action}`")));
        for not in ["NotAction", "NotResource", "NotPrincipal"] {
            if body.get(not).is_some() {
                wrong.push(format!("{place} allows all but some ({not})"));
            }
        }
        let sid = body["Sid"].as_str().unwrap_or_default();
        let broad = list(&body["Resource"]).into_iter().filter(|resource| !is_exact(resource));
        let broad = broad.filter(|_| !is_excepted_resource(&place, sid));
        wrong.extend(broad.map(|resource| format!("{place} allows on `{resource}` ({sid})")));
    }
    wrong
}

/// Principals outside the account have no rights.
fn no_strangers(main: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for Statement { place, body } in statements(main) {
        let anyone = body["Principal"] == "*" || list(&body["Principal"]["AWS"]).contains(&"*");
        let own = &body["Condition"]["StringEquals"]["aws:PrincipalAccount"];
        if body["Effect"] == "Allow" && anyone && own != "${data.aws_caller_identity.current.account_id}" {
            wrong.push(format!("{place} lets anyone in"));
        }
    }
    wrong
}

/// Each policy has statements that mean something; the provider takes any JSON.
fn every_policy_speaks(main: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for (kind, label, body) in all_resources(main) {
        for attribute in ["policy", "assume_role_policy"] {
            if let Some(text) = body[attribute].as_str() {
                let policy: Value = serde_json::from_str(text).unwrap_or_default();
                let is_whole = policy["Version"] == "2012-10-17"
                    && policy["Statement"].as_array().is_some_and(|statements| {
                        !statements.is_empty()
                            && statements.iter().all(|one| {
                                one["Effect"].is_string()
                                    && !list(&one["Action"]).is_empty()
                                    && (attribute == "assume_role_policy" || !list(&one["Resource"]).is_empty())
                            })
                    });
                if !is_whole {
                    wrong.push(format!("{kind}.{label}.{attribute} says nothing"));
                }
            }
        }
    }
    wrong
}

/// Functions write to their own log group and create none.
fn no_log_groups_of_their_own(main: &Value) -> Vec<String> {
    let allowed = statements(main).into_iter().filter(|statement| statement.body["Effect"] == "Allow");
    let creating = allowed.filter(|statement| list(&statement.body["Action"]).contains(&"logs:CreateLogGroup"));
    creating.map(|statement| format!("{} may create log groups, which nothing removes", statement.place)).collect()
}

fn with_policy(rule: Rule, statement: &Value) -> Breach {
    breach(rule, "resource/aws_iam_role_policy/processor_work/policy", policy_text(std::slice::from_ref(statement)))
}

#[test]
fn what_is_allowed_is_named() {
    holds(no_stars);
    notices(vec![
        with_policy(no_stars, &json!({ "Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::x" })),
        with_policy(no_stars, &json!({ "Effect": "Allow", "Action": ["s3:Get*"], "Resource": "arn:aws:s3:::x" })),
        with_policy(no_stars, &json!({ "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["*"] })),
        with_policy(
            no_stars,
            &json!({ "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::s3-*/*"] }),
        ),
        with_policy(
            no_stars,
            &json!({ "Effect": "Allow", "NotAction": ["s3:GetObject"], "Resource": "arn:aws:s3:::x" }),
        ),
    ]);
}

#[test]
fn strangers_are_let_in_nowhere() {
    holds(no_strangers);
    let open = json!({ "Effect": "Allow", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::x/*" });
    notices(vec![
        breach(
            no_strangers,
            "resource/aws_s3_bucket_policy/quarantine/policy",
            policy_text(std::slice::from_ref(&open)),
        ),
        breach(no_strangers, "resource/aws_vpc_endpoint/s3/policy", policy_text(std::slice::from_ref(&open))),
    ]);
}

#[test]
fn every_policy_has_statements() {
    holds(every_policy_speaks);
    notices(vec![
        breach(every_policy_speaks, "resource/aws_iam_role_policy/processor_work/policy", json!("{}")),
        breach(every_policy_speaks, "resource/aws_iam_role/processor/assume_role_policy", json!("{\"Statement\":[]}")),
    ]);
}

#[test]
fn log_groups_are_created_by_terraform_alone() {
    holds(no_log_groups_of_their_own);
    let creating = json!({ "Effect": "Allow", "Action": ["logs:CreateLogGroup"], "Resource": "arn:aws:logs:::x" });
    notices(vec![with_policy(no_log_groups_of_their_own, &creating)]);
}
