//! Least privilege, in both directions: every role may do what the table of calls (`tests/data/calls.json`) says it
//! does, and nothing else.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::access::{Statement, list, statements};
use super::{Breach, breach, holds, notices, policy_text};
use crate::rendered::{every_kind, resources};

/// Actions with their resource, or for the key, with the service on whose behalf it is used.
type Calls = BTreeSet<(String, String)>;

fn table() -> Value {
    serde_json::from_str(include_str!("../../data/calls.json")).unwrap()
}

/// Returns the calls of a role in one section of the table.
fn expected(main: &Value, role: &str, section: &str) -> Calls {
    let table = table();
    let own = if role.starts_with("supplier_") { "supplier" } else { role };
    let mut groups = vec![own];
    if in_network(main, role) {
        groups.push("every function in the network");
    }
    if own == "supplier" && statements_of(main, role).iter().any(|statement| statement.body["Sid"] == "Events") {
        groups.push("supplier with direct_stream_access");
    }
    if resources(main, "aws_lambda_event_source_mapping").contains_key(role) {
        groups.push("every function of the stream");
    }
    let calls = groups.into_iter().filter_map(|group| table[group][section].as_object()).flatten();
    calls
        .flat_map(|(action, on)| list(on).into_iter().map(|on| (action.clone(), on.to_owned())).collect::<Vec<_>>())
        .collect()
}

/// Returns whether a role is that of a function in the network.
fn in_network(main: &Value, role: &str) -> bool {
    main["resource"]["aws_lambda_function"][role].get("vpc_config").is_some()
}

fn statements_of(main: &Value, role: &str) -> Vec<Statement> {
    let own = |label: &str| {
        main["resource"]["aws_iam_role_policy"][label]["role"] == format!("${{aws_iam_role.{role}.name}}")
    };
    let policy = |place: &str| Some(place.strip_prefix("aws_iam_role_policy.")?.strip_suffix(".policy")?.to_owned());
    statements(main).into_iter().filter(|statement| policy(&statement.place).is_some_and(|label| own(&label))).collect()
}

fn pairs(statement: &Value) -> Calls {
    let resources = list(&statement["Resource"]);
    let pair = |action: &str| resources.iter().map(|on| (action.to_owned(), (*on).to_owned())).collect::<Vec<_>>();
    list(&statement["Action"]).into_iter().flat_map(pair).collect()
}

/// Returns the services that may use the key on the role's behalf by this statement.
fn services(statement: &Value) -> Vec<String> {
    let condition = &statement["Condition"]["StringEquals"];
    let schedule = &condition["kms:EncryptionContext:aws:scheduler:schedule:arn"];
    if schedule.as_str().is_some_and(|arn| arn.contains(":schedule/") && !arn.contains('*')) {
        return vec!["scheduler".to_owned()];
    }
    let via: Vec<_> = list(&condition["kms:ViaService"]);
    let short = |host: &str| host.strip_suffix(".us-east-1.amazonaws.com").unwrap_or(host).to_owned();
    if via.is_empty() { vec!["any caller".to_owned()] } else { via.into_iter().map(short).collect() }
}

/// Returns the calls that a role's policies allow, and the key's actions that services may call on its behalf.
fn allowed(main: &Value, role: &str) -> (Calls, Calls) {
    let (mut calls, mut key) = (Calls::new(), Calls::new());
    for Statement { body, .. } in statements_of(main, role) {
        if body["Effect"] == "Allow" {
            for (action, on) in pairs(&body) {
                if on == "${aws_kms_key.main.arn}" {
                    key.extend(services(&body).into_iter().map(|service| (action.clone(), service)));
                } else {
                    calls.insert((action, on));
                }
            }
        }
    }
    (calls, key)
}

/// No right is missing, and none is superfluous.
fn rights(main: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for role in resources(main, "aws_iam_role").keys() {
        let (calls, key) = allowed(main, role);
        let expected_calls =
            ["code", "service", "logs"].into_iter().flat_map(|section| expected(main, role, section)).collect();
        for (found, wanted) in [(calls, expected_calls), (key, expected(main, role, "key"))] {
            wrong.extend(wanted.difference(&found).map(|(action, on)| format!("{role} may not call {action} ({on})")));
            wrong.extend(
                found.difference(&wanted).map(|(action, on)| format!("{role} may call {action} ({on}) and never does")),
            );
        }
    }
    wrong
}

/// Returns the calls that a statement denies to a function's own code.
fn is_denied_to_code(statement: &Value, role: &str, (action, on): &(String, String)) -> bool {
    let arn = &statement["Condition"]["ArnEquals"]["lambda:SourceFunctionArn"];
    let is_own = arn.as_str().is_some_and(|arn| arn.contains(&format!(":function:lambda-{role}-")));
    let covers = |resource: &&str| *resource == "*" || resource == on;
    statement["Effect"] == "Deny"
        && is_own
        && list(&statement["Action"]).contains(&action.as_str())
        && list(&statement["Resource"]).iter().any(covers)
}

/// Calls of AWS with a function's role are denied to the function's code, and no call of the code is denied.
fn kept_from_code(main: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for role in resources(main, "aws_lambda_function").keys() {
        let statements = statements_of(main, role);
        let is_denied =
            |call: &(String, String)| statements.iter().any(|statement| is_denied_to_code(&statement.body, role, call));
        let service = expected(main, role, "service").into_iter().filter(|call| !is_denied(call));
        wrong.extend(service.map(|(action, on)| format!("the code of {role} may call {action} ({on})")));
        let code = expected(main, role, "code").into_iter().filter(is_denied);
        wrong.extend(code.map(|(action, on)| format!("the code of {role} is denied {action} ({on})")));
    }
    wrong
}

/// An endpoint allows the calls of the functions' code, and nothing else. (Logging in to the cache is not a call.)
fn endpoints(main: &Value) -> Vec<String> {
    let functions = resources(main, "aws_lambda_function").keys().filter(|role| in_network(main, role));
    let code: Calls = functions.flat_map(|role| expected(main, role, "code")).collect();
    let mut wrong = Vec::new();
    for (label, service) in [("s3", "s3:"), ("secrets", "secretsmanager:")] {
        let place = format!("aws_vpc_endpoint.{label}.policy");
        let own = statements(main).into_iter().filter(|statement| statement.place == place);
        let through: Calls = own.flat_map(|statement| pairs(&statement.body)).collect();
        let wanted = code.iter().filter(|(action, _)| action.starts_with(service)).cloned().collect();
        wrong.extend(
            through.symmetric_difference(&wanted).map(|(action, on)| format!("the endpoint {label}: {action} ({on})")),
        );
    }
    let known = ["s3:", "secretsmanager:", "elasticache:"];
    let lost = code.iter().filter(|(action, _)| !known.iter().any(|service| action.starts_with(service)));
    wrong.extend(lost.map(|(action, _)| format!("no endpoint leads to {action}")));
    wrong
}

/// Changes the statements of a policy.
fn changed(rule: super::Rule, place: &str, change: impl Fn(&mut Vec<Value>)) -> Breach {
    let (_, main) = every_kind().remove(0);
    let place = format!("resource/{place}/policy");
    let text = main.pointer(&format!("/{place}")).and_then(Value::as_str).unwrap();
    let mut policy: Value = serde_json::from_str(text).unwrap();
    change(policy["Statement"].as_array_mut().unwrap());
    breach(rule, &place, policy_text(policy["Statement"].as_array().unwrap()))
}

/// Removes the statement of this name.
fn without(sid: &'static str) -> impl Fn(&mut Vec<Value>) {
    move |statements| {
        let before = statements.len();
        statements.retain(|statement| statement["Sid"] != sid);
        assert_eq!(statements.len() + 1, before, "{sid}");
    }
}

/// Adds a right.
fn with(action: &'static str, on: &'static str) -> impl Fn(&mut Vec<Value>) {
    move |statements| statements.push(json!({ "Sid": "More", "Effect": "Allow", "Action": [action], "Resource": [on] }))
}

#[test]
fn every_role_may_do_what_it_does_and_nothing_else() {
    holds(rights);
    let processor = "aws_iam_role_policy/processor_work";
    notices(vec![
        changed(rights, processor, without("Quarantine")),
        changed(rights, processor, without("Logs")),
        changed(rights, processor, without("KeyToStore")),
        changed(rights, processor, with("s3:GetObject", "${aws_s3_bucket.archive.arn}/*")),
        changed(rights, processor, with("secretsmanager:GetSecretValue", "${aws_secretsmanager_secret.reader.arn}")),
        changed(rights, processor, with("kms:Decrypt", "${aws_kms_key.main.arn}")),
        changed(rights, "aws_iam_role_policy/rotate_work", without("MasterLogin")),
        changed(rights, "aws_iam_role_policy/schedule_work", without("Key")),
    ]);
}

#[test]
fn the_code_may_not_do_what_aws_does_with_its_role() {
    holds(kept_from_code);
    notices(vec![
        changed(kept_from_code, "aws_iam_role_policy/processor_work", without("NotTheCode")),
        changed(kept_from_code, "aws_iam_role_policy/archiver_work", without("NotTheCodesBatches")),
        changed(kept_from_code, "aws_iam_role_policy/migrate_network", without("NotTheCode")),
        changed(kept_from_code, "aws_iam_role_policy/processor_work", |statements| {
            let denial = statements.iter_mut().find(|statement| statement["Sid"] == "NotTheCodesBatches").unwrap();
            denial["Resource"] = json!("*");
        }),
    ]);
}

#[test]
fn endpoints_let_through_what_functions_call() {
    holds(endpoints);
    notices(vec![
        changed(endpoints, "aws_vpc_endpoint/s3", with("s3:GetObject", "${aws_s3_bucket.archive.arn}/archive/v1/*")),
        changed(endpoints, "aws_vpc_endpoint/secrets", without("MasterLogin")),
    ]);
}

/// The table names no roles that do not exist.
#[test]
fn the_table_names_no_role_that_is_not_there() {
    let (_, main) = every_kind().into_iter().find(|(name, _)| *name == "large").unwrap();
    let roles = resources(&main, "aws_iam_role");
    // The table's other groups are shared.
    for group in table().as_object().unwrap().keys().filter(|key| *key != "//" && !key.contains(' ')) {
        assert!(roles.keys().any(|role| role == group || role.starts_with(&format!("{group}_"))), "{group}");
    }
}
