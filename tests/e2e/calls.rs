//! Holds the calls that functions' code has really signed against the table of the calls that it makes, both ways.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use pipegen::local::credentials::Credentials;
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
    let table: BTreeMap<String, Value> = serde_json::from_str(TABLE)?;
    for role in Role::ALL {
        let rights = rights(&table, role, state)?;
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
