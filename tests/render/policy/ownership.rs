//! Ownership of an environment: its account, its tags, the boundary of its roles.

use serde_json::{Map, Value, json};

use super::{breach, holds, notices_in};
use crate::rendered::{every_kind, render, resources};

/// Everything that can be tagged names its owner; the provider puts these tags on each resource, so no resource may
/// override them.
fn tags(main: &Value) -> Vec<String> {
    let provider = &main["provider"]["aws"];
    let empty = Map::new();
    let tags = provider["default_tags"]["tags"].as_object().unwrap_or(&empty);
    let mut wrong = Vec::new();
    if tags.get("Application") != Some(&json!("inventory")) || tags.get("ManagedBy") != Some(&json!("pipegen")) {
        wrong.push("resources do not say what they belong to".to_owned());
    }
    let environment = tags.get("Environment").and_then(Value::as_str).unwrap_or_default();
    let names = resources(main, "aws_lambda_function").values().filter_map(|one| one["function_name"].as_str());
    if environment.is_empty() || !names.into_iter().all(|name| name.ends_with(&format!("-{environment}"))) {
        wrong.push("resources do not say which environment they are of".to_owned());
    }
    for (kind, label, body) in crate::rendered::all_resources(main) {
        let own = body["tags"].as_object().into_iter().flat_map(Map::keys);
        wrong.extend(own.filter(|key| *key != "Name").map(|key| format!("{kind}.{label} has a `{key}` of its own")));
    }
    if tags.len() + 1 > 50 {
        wrong.push(format!("{} tags are more than AWS takes", tags.len() + 1));
    }
    wrong
}

/// A boundary that is set bounds every role, and only those have one.
fn bounds(main: &Value) -> Vec<String> {
    let roles = resources(main, "aws_iam_role");
    let expected = &roles["processor"]["permissions_boundary"];
    let others = roles.iter().filter(|(_, role)| role["permissions_boundary"] != *expected);
    others.map(|(label, _)| format!("the role {label} has other bounds than the processor's")).collect()
}

fn large() -> Value {
    every_kind().into_iter().find(|(kind, _)| *kind == "large").unwrap().1
}

#[test]
fn everything_is_tagged() {
    holds(tags);
    let at = "provider/aws/default_tags/tags";
    let many: Map<String, Value> = (0..50).map(|number| (number.to_string(), json!("x"))).collect();
    let mut many_more = large()["provider"]["aws"]["default_tags"]["tags"].as_object().unwrap().clone();
    many_more.extend(many);
    notices_in(
        "large",
        vec![
            breach(tags, at, Value::Null),
            breach(tags, &format!("{at}/Environment"), json!("staging")),
            breach(tags, at, Value::Object(many_more)),
            breach(tags, "resource/aws_vpc/main/tags/Environment", json!("x")),
        ],
    );
    let own = &large()["provider"]["aws"]["default_tags"]["tags"];
    assert_eq!(
        (&own["CostCenter"], &own["retailtech:owner"]),
        (&json!("4711"), &json!("inventory@retailtech.example"))
    );
}

#[test]
fn every_role_is_bounded() {
    holds(bounds);
    let main = large();
    let roles = resources(&main, "aws_iam_role");
    assert!(
        roles.values().all(|role| role["permissions_boundary"] == "arn:aws:iam::111122223333:policy/platform/boundary")
    );
    let without = |label| breach(bounds, &format!("resource/aws_iam_role/{label}/permissions_boundary"), Value::Null);
    notices_in("large", roles.keys().map(without).collect());
}

#[test]
fn terraform_works_in_the_account_that_is_named() {
    let provider = |settings: &str| {
        let main: Value = serde_json::from_str(&render("staging", settings).main).unwrap();
        main["provider"]["aws"].clone()
    };
    assert_eq!(provider("[defaults]\naccount_id = \"111122223333\"")["allowed_account_ids"], json!(["111122223333"]));
    assert!(provider("").get("allowed_account_ids").is_none());
}
