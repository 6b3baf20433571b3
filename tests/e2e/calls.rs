//! Holds the calls that functions' code has really signed against the table of the calls that it makes, both ways.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use pipegen::lambda_host::credentials::Credentials;
use pipegen_contract::role::Role;
use serde_json::Value;

use crate::account::Recorded;
use crate::state::State;

const TABLE: &str = include_str!("../data/calls.json");
/// Nobody gets this one over HTTP: the signed token is the password for Redis.
const TOKEN: &str = "elasticache:Connect";

/// An action and a resource, which may end in `*`.
type Right = (String, String);

/// Refuses calls that are not in the table, and what is in the table and was never called.
pub(crate) fn are_those_of_the_table(recorded: &[Recorded], state: &State) -> Result<()> {
    agree(&serde_json::from_str(TABLE)?, &Role::ALL, recorded, state)
}

fn agree(table: &BTreeMap<String, Value>, roles: &[Role], recorded: &[Recorded], state: &State) -> Result<()> {
    for &role in roles {
        let rights = rights(table, role, state)?;
        let key = Credentials::of_function(role.handler()).key_id;
        let mut called = Vec::new();
        for Recorded { service, action, resource, .. } in recorded.iter().filter(|call| call.key == key) {
            let call = (format!("{service}:{action}"), arn(service, resource));
            ensure!(rights.iter().any(|right| covers(right, &call)), "{}: the table lacks {call:?}", role.handler());
            called.push(call);
        }
        for right in rights.iter().filter(|(action, _)| action != TOKEN) {
            let used = called.iter().any(|call| covers(right, call));
            ensure!(used, "{}: nothing has called {right:?}", role.handler());
        }
    }
    Ok(())
}

fn rights(table: &BTreeMap<String, Value>, role: Role, state: &State) -> Result<Vec<Right>> {
    let mut rights = Vec::new();
    let actions = table.get(role.handler()).and_then(|row| row["code"].as_object());
    for (action, resources) in actions.with_context(|| format!("the table lacks {}", role.handler()))? {
        for resource in resources.as_array().context("a list of resources")? {
            let resource = state.resolve(resource.as_str().context("a resource is text")?)?;
            rights.push((action.clone(), resource));
        }
    }
    Ok(rights)
}

/// What a call was about, as policies name it.
fn arn(service: &str, resource: &str) -> String {
    if service == "s3" { format!("arn:aws:s3:::{}", resource.trim_start_matches('/')) } else { resource.to_owned() }
}

fn covers((action, pattern): &Right, (called, resource): &Right) -> bool {
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
        let recorded = |&[service, action, resource]: &[&str; 3]| Recorded {
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
    fn a_missing_and_a_spare_right_are_found() {
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
