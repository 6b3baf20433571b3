//! Compares the calls that functions have signed with the table of their calls, in both directions.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use pipegen::lambda_host::credentials::Credentials;
use pipegen_contract::role::Role;
use serde_json::Value;

use crate::account::RecordedCall;
use crate::state::State;

const TABLE: &str = include_str!("../data/calls.json");
/// Never sent over HTTP: the signed token is the password for Redis.
const TOKEN: &str = "elasticache:Connect";

/// An action and a resource, which may end in `*`.
type Permission = (String, String);

/// Refuses calls that are not in the table, and entries of the table that were never called.
pub(crate) fn are_those_of_the_table(recorded: &[RecordedCall], state: &State) -> Result<()> {
    agree(&serde_json::from_str(TABLE)?, &Role::ALL, recorded, state)
}

fn agree(table: &BTreeMap<String, Value>, roles: &[Role], recorded: &[RecordedCall], state: &State) -> Result<()> {
    for &role in roles {
        let permissions = permissions(table, role, state)?;
        let key = Credentials::of_function(role.handler()).key_id;
        let mut called = Vec::new();
        for RecordedCall { service, action, resource, .. } in recorded.iter().filter(|call| call.key == key) {
            let call = (format!("{service}:{action}"), arn(service, resource));
            ensure!(
                permissions.iter().any(|permission| covers(permission, &call)),
                "{}: the table lacks {call:?}",
                role.handler()
            );
            called.push(call);
        }
        for permission in permissions.iter().filter(|(action, _)| action != TOKEN) {
            let used = called.iter().any(|call| covers(permission, call));
            ensure!(used, "{}: nothing has called {permission:?}", role.handler());
        }
    }
    Ok(())
}

fn permissions(table: &BTreeMap<String, Value>, role: Role, state: &State) -> Result<Vec<Permission>> {
    let mut permissions = Vec::new();
    let actions = table.get(role.handler()).and_then(|row| row["code"].as_object());
    for (action, resources) in actions.with_context(|| format!("the table lacks {}", role.handler()))? {
        for resource in resources.as_array().context("a list of resources")? {
            let resource = state.resolve(resource.as_str().context("a resource is text")?)?;
            permissions.push((action.clone(), resource));
        }
    }
    Ok(permissions)
}

/// Returns the ARN of a call's resource.
fn arn(service: &str, resource: &str) -> String {
    match service {
        "s3" => format!("arn:aws:s3:::{}", resource.trim_start_matches('/')),
        "kinesis" => format!("arn:aws:kinesis:us-east-1:123456789012:stream/{resource}"),
        _ => resource.to_owned(),
    }
}

fn covers((action, pattern): &Permission, (called, resource): &Permission) -> bool {
    let matches = match pattern.strip_suffix('*') {
        Some(prefix) => resource.starts_with(prefix),
        None => resource == pattern,
    };
    action == called && matches
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn agrees(table: Value, calls: &[[&str; 3]]) -> Result<()> {
        let state = r#"{"values": {"root_module": {"resources": [
            {"address": "aws_s3_bucket.x", "values": {"arn": "arn:aws:s3:::x"}},
            {"address": "aws_secretsmanager_secret.y", "values": {"arn": "arn:y"}}
        ]}}}"#;
        let key = Credentials::of_function(Role::Processor.handler()).key_id;
        let recorded = |&[service, action, resource]: &[&str; 3]| RecordedCall {
            key: key.clone(),
            service: service.to_owned(),
            action: action.to_owned(),
            resource: resource.to_owned(),
            status: 200,
        };
        let table = BTreeMap::from([("processor".to_owned(), table)]);
        agree(&table, &[Role::Processor], &calls.iter().map(recorded).collect::<Vec<_>>(), &State::parse(state)?)
    }

    #[test]
    fn a_missing_and_an_unused_permission_are_found() {
        let table = json!({"code": {
            "elasticache:Connect": ["*"],
            "s3:PutObject": ["${aws_s3_bucket.x.arn}/kept/*"],
            "secretsmanager:GetSecretValue": ["${aws_secretsmanager_secret.y.arn}"],
        }});
        let put = ["s3", "PutObject", "/x/kept/1"];
        let get = ["secretsmanager", "GetSecretValue", "arn:y"];
        agrees(table.clone(), &[put, get]).expect("they agree");
        for other in [["s3", "PutObject", "/x/other"], ["s3", "GetObject", "/x/kept/1"], ["kms", "Decrypt", "arn:y"]] {
            let error = agrees(table.clone(), &[put, get, other]).expect_err("not in the table");
            assert!(error.to_string().contains("the table lacks"), "{error}");
        }
        let error = agrees(table, &[put]).expect_err("never called");
        assert!(error.to_string().contains("secretsmanager:GetSecretValue"), "{error}");
    }
}
