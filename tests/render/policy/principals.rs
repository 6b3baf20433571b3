//! Principals that may assume roles, call functions and the catalog's URL, or use buckets and the key.

use pipegen_contract::role::Role;
use serde_json::{Value, json};

use super::access::{Statement, list, statements, statements_at};
use super::{ACCOUNT, breach, holds, notices, notices_in, policy_text};
use crate::rendered::{LARGE, render, resources, strings};

fn is_principal(text: &str) -> bool {
    text.strip_prefix("arn:aws:iam::").is_some_and(|rest| rest.len() > 13 && !rest.contains('*'))
}

/// A role can be assumed by one service, or by one supplier, and by no other principal.
fn trusts(main: &Value) -> Vec<String> {
    let statements = statements(main);
    let mut wrong = Vec::new();
    for label in resources(main, "aws_iam_role").keys() {
        let place = format!("aws_iam_role.{label}.assume_role_policy");
        let own: Vec<_> = statements.iter().filter(|it| it.place == place).map(|it| &it.body).collect();
        let fine = match (own.as_slice(), Role::from_handler(label)) {
            ([one], Some(_)) => one["Principal"] == json!({ "Service": "lambda.amazonaws.com" }),
            ([one], None) if label == "schedule" => {
                let own_group = json!({
                    "StringEquals": { "aws:SourceAccount": ACCOUNT },
                    "ArnEquals": { "aws:SourceArn": "${aws_scheduler_schedule_group.inventory.arn}" },
                });
                one["Principal"] == json!({ "Service": "scheduler.amazonaws.com" }) && one["Condition"] == own_group
            }
            ([one], None) if label == "flow_logs" => {
                let own_flow_logs = json!({
                    "StringEquals": { "aws:SourceAccount": ACCOUNT },
                    "ArnLike": { "aws:SourceArn": format!("arn:aws:ec2:us-east-1:{ACCOUNT}:vpc-flow-log/*") },
                });
                one["Principal"] == json!({ "Service": "vpc-flow-logs.amazonaws.com" })
                    && one["Condition"] == own_flow_logs
            }
            ([one], None) => {
                label.starts_with("supplier_") && one["Principal"]["AWS"].as_str().is_some_and(is_principal)
            }
            _ => false,
        };
        if !fine || own.iter().any(|one| one["Action"] != "sts:AssumeRole" || one["Effect"] != "Allow") {
            wrong.push(format!("the role {label} can be assumed by other principals than it is for"));
        }
    }
    wrong
}

/// Secrets Manager may call `rotate` for our secrets, readers may call the catalog, and that is all.
fn permissions(main: &Value) -> Vec<String> {
    let none = serde_json::Map::new();
    let permissions = main["resource"]["aws_lambda_permission"].as_object().unwrap_or(&none);
    let mut wrong = Vec::new();
    for (label, body) in permissions {
        let text = |attribute: &str| body[attribute].as_str().unwrap_or_default();
        let to = |function: &str| text("function_name") == format!("${{aws_lambda_function.{function}.function_name}}");
        let for_secret = text("source_arn").starts_with("${aws_secretsmanager_secret.");
        let fine = match text("principal") {
            "secretsmanager.amazonaws.com" => {
                to("rotate")
                    && for_secret
                    && text("source_account") == ACCOUNT
                    && text("action") == "lambda:InvokeFunction"
            }
            reader if is_principal(reader) => {
                let over_url =
                    text("action") == "lambda:InvokeFunctionUrl" && text("function_url_auth_type") == "AWS_IAM";
                to("catalog") && (over_url || text("action") == "lambda:InvokeFunction")
            }
            _ => false,
        };
        if !fine {
            wrong.push(format!("the permission {label} is for another principal"));
        }
    }
    wrong
}

/// The policies of buckets and of the key allow services, each only for our resources, and no other principal but the
/// account itself.
fn resource_policies(main: &Value) -> Vec<String> {
    let own = statements(main).into_iter().filter(|statement| {
        let is_resource =
            ["aws_s3_bucket_policy.", "aws_kms_key."].iter().any(|kind| statement.place.starts_with(kind));
        is_resource && statement.body["Effect"] == "Allow"
    });
    let open = own.filter(|statement| {
        let body = &statement.body;
        let is_account = statement.place == "aws_kms_key.main.policy"
            && body["Principal"] == json!({ "AWS": format!("arn:aws:iam::{ACCOUNT}:root") });
        let conditions = body["Condition"].as_object().into_iter().flat_map(|operators| operators.values());
        let ours = conditions.flat_map(strings).any(|text| text.contains(ACCOUNT));
        !(is_account || body["Principal"]["Service"].is_string() && ours)
    });
    open.map(|statement| format!("{} allows {}", statement.place, statement.body["Principal"])).collect()
}

/// The URLs require a signature.
fn url(main: &Value) -> Vec<String> {
    let open = resources(main, "aws_lambda_function_url").iter().filter(|(label, body)| {
        !["catalog", "ingest"].contains(&label.as_str())
            || body["authorization_type"] != "AWS_IAM"
            || body.get("cors").is_some()
    });
    open.map(|(label, _)| format!("the URL {label} is open")).collect()
}

/// A supplier calls `ingest` over its URL alone, which tells the function who calls. Whoever invokes the function itself
/// writes the event, and could name any other supplier as the caller.
fn suppliers_cannot_forge(main: &Value) -> Vec<String> {
    let ingest = "${aws_lambda_function.ingest.arn}";
    let conditions = [
        ("lambda:InvokeFunctionUrl", json!({ "StringEquals": { "lambda:FunctionUrlAuthType": "AWS_IAM" } })),
        ("lambda:InvokeFunction", json!({ "Bool": { "lambda:InvokedViaFunctionUrl": "true" } })),
    ];
    let mut wrong = Vec::new();
    for Statement { place, body } in statements(main) {
        let calls = list(&body["Action"]).into_iter().filter(|action| action.starts_with("lambda:"));
        let is_supplier = place.starts_with("aws_iam_role_policy.supplier_");
        let is_schedule = place == "aws_iam_role_policy.schedule_work.policy";
        for action in calls.filter(|_| !is_schedule && body["Effect"] == "Allow") {
            let fine = is_supplier
                && list(&body["Resource"]) == [ingest]
                && list(&body["Action"]).len() == 1
                && conditions.iter().any(|(known, condition)| *known == action && body["Condition"] == *condition);
            if !fine {
                wrong.push(format!("{place} allows {action} otherwise than over the URL of `ingest`"));
            }
        }
    }
    let none = serde_json::Map::new();
    let permissions = main["resource"]["aws_lambda_permission"].as_object().unwrap_or(&none);
    let to_ingest = permissions.iter().filter(|(_, body)| body["function_name"].to_string().contains(".ingest."));
    wrong.extend(to_ingest.map(|(label, _)| format!("{label} lets others call `ingest`")));
    wrong
}

#[test]
fn roles_are_assumed_by_their_principals_only() {
    holds(trusts);
    let anyone = policy_text(&[json!({ "Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole" })]);
    let scheduler =
        json!({ "Effect": "Allow", "Principal": { "Service": "scheduler.amazonaws.com" }, "Action": "sts:AssumeRole" });
    let flow_logs = json!({
        "Effect": "Allow", "Principal": { "Service": "vpc-flow-logs.amazonaws.com" }, "Action": "sts:AssumeRole",
    });
    notices(vec![
        breach(trusts, "resource/aws_iam_role/processor/assume_role_policy", anyone.clone()),
        breach(trusts, "resource/aws_iam_role/flow_logs/assume_role_policy", policy_text(&[flow_logs])),
        breach(trusts, "resource/aws_iam_role/schedule/assume_role_policy", policy_text(&[scheduler])),
    ]);
    notices_in("large", vec![breach(trusts, "resource/aws_iam_role/supplier_acme/assume_role_policy", anyone)]);
}

#[test]
fn functions_are_called_by_their_callers_only() {
    holds(permissions);
    holds(url);
    let rotate = "resource/aws_lambda_permission/rotate_writer";
    notices(vec![
        breach(permissions, &format!("{rotate}/source_arn"), Value::Null),
        breach(permissions, &format!("{rotate}/source_account"), Value::Null),
        breach(permissions, &format!("{rotate}/principal"), json!("*")),
        breach(url, "resource/aws_lambda_function_url/catalog/authorization_type", json!("NONE")),
        breach(url, "resource/aws_lambda_function_url/ingest/authorization_type", json!("NONE")),
        breach(url, "resource/aws_lambda_function_url/maintain", json!({ "authorization_type": "AWS_IAM" })),
    ]);
}

#[test]
fn a_supplier_speaks_for_itself_alone() {
    holds(suppliers_cannot_forge);
    let policy = "resource/aws_iam_role_policy/supplier_acme_work/policy";
    let invoke = |condition: &Value, resource: &str| {
        let statement = json!({
            "Effect": "Allow", "Action": ["lambda:InvokeFunction"], "Resource": [resource], "Condition": condition,
        });
        breach(suppliers_cannot_forge, policy, policy_text(&[statement]))
    };
    let ingest = "${aws_lambda_function.ingest.arn}";
    let over_url = json!({ "Bool": { "lambda:InvokedViaFunctionUrl": "true" } });
    let permission = json!({
        "function_name": "${aws_lambda_function.ingest.function_name}", "action": "lambda:InvokeFunction",
        "principal": "arn:aws:iam::111122223333:root",
    });
    notices_in(
        "large",
        vec![
            invoke(&Value::Null, ingest),
            invoke(&json!({ "Bool": { "lambda:InvokedViaFunctionUrl": "false" } }), ingest),
            invoke(&json!({ "BoolIfExists": { "lambda:InvokedViaFunctionUrl": "true" } }), ingest),
            invoke(&over_url, "${aws_lambda_function.catalog.arn}"),
            breach(suppliers_cannot_forge, "resource/aws_lambda_permission/more", permission),
        ],
    );
}

/// Without `direct_stream_access` a supplier reaches neither the stream nor the key.
#[test]
fn a_setting_closes_the_stream_to_suppliers() {
    for (setting, wanted) in [("", 4), ("direct_stream_access = true\n", 4), ("direct_stream_access = false\n", 2)] {
        let settings = format!("[defaults]\n{setting}[defaults.suppliers]\nacme = \"arn:aws:iam::111122223333:root\"");
        let main: Value = serde_json::from_str(&render("staging", &settings).main).unwrap();
        let own = statements_at(&main, "aws_iam_role_policy.supplier_acme_work.policy");
        let text = json!(own).to_string();
        assert_eq!(own.len(), wanted, "{text}");
        assert_eq!(text.contains("kinesis") || text.contains("kms"), wanted == 4, "{text}");
        assert_eq!(suppliers_cannot_forge(&main), Vec::<String>::new());
    }
}

#[test]
fn services_have_rights_on_our_resources_only() {
    holds(resource_policies);
    let delivery = json!({ "Effect": "Allow", "Principal": { "Service": "logging.s3.amazonaws.com" }, "Action": "s3:PutObject",
        "Resource": "${aws_s3_bucket.access_logs.arn}/*" });
    let anyone = json!({ "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::111122223333:root" }, "Action": "kms:Decrypt", "Resource": "*" });
    notices(vec![
        breach(resource_policies, "resource/aws_s3_bucket_policy/access_logs/policy", policy_text(&[delivery])),
        breach(resource_policies, "resource/aws_kms_key/main/policy", policy_text(&[anyone])),
    ]);
}

/// The output has both rights for each reader, and a role for each supplier.
#[test]
fn readers_and_suppliers_get_what_they_need() {
    let main: Value = serde_json::from_str(&render("large", LARGE).main).unwrap();
    let permissions = resources(&main, "aws_lambda_permission");
    for reader in ["arn:aws:iam::111122223333:role/shop/web", "arn:aws:iam::444455556666:root"] {
        let own = permissions.values().filter(|body| body["principal"] == reader);
        let mut actions: Vec<_> = own.filter_map(|body| body["action"].as_str()).collect();
        actions.sort_unstable();
        assert_eq!(actions, ["lambda:InvokeFunction", "lambda:InvokeFunctionUrl"], "{reader}");
    }
    let trust = |label: &str| -> Value {
        let text = resources(&main, "aws_iam_role")[label]["assume_role_policy"].as_str().unwrap();
        serde_json::from_str::<Value>(text).unwrap()["Statement"][0].clone()
    };
    assert_eq!(trust("supplier_acme")["Principal"]["AWS"], "arn:aws:iam::111122223333:role/feeder");
    assert!(trust("supplier_acme").get("Condition").is_none());
    assert_eq!(
        trust("supplier_7-seas")["Condition"],
        json!({ "StringEquals": { "sts:ExternalId": "retailtech:7-seas" } })
    );
    assert_eq!(main["output"]["supplier_roles"]["value"]["acme"], "${aws_iam_role.supplier_acme.arn}");
}
