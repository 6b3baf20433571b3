//! Rules for every environment. Each rule is shown to fail on an output that was broken on purpose.
//!
//! - `attributes`: attributes that every resource of a type must have
//! - `keeping`: data that is destroyed with the stack, or outlives it
//! - `ownership`: account, tags and permissions boundary
//! - `access`, `grants`: least privilege, and statements that have an effect
//! - `calls`: the calls of every role, in both directions
//! - `principals`: principals that may assume roles, call functions, or use buckets and the key
//! - `network`, `exposure`: connections between resources, nothing secret in the output
//! - `buckets`, `queries`, `stores`, `functions`: rules of one kind of resource
//! - `engines`: versions of database, cache and provider, each with what belongs to it
//! - `order`, `lifetimes`: order of creation, retention
//! - `limits`, `descriptions`: limits of AWS that Terraform does not know
//! - `alarms`, `dashboard`, `flow_logs`, `topic`, `low_stock`: monitoring and notifications

mod access;
mod alarms;
mod attributes;
mod buckets;
mod calls;
mod dashboard;
mod descriptions;
mod engines;
mod exposure;
mod flow_logs;
mod functions;
mod grants;
mod keeping;
mod lifetimes;
mod limits;
mod low_stock;
mod network;
mod order;
mod ownership;
mod principals;
mod queries;
mod stores;
mod topic;

use serde_json::{Value, json};

use crate::rendered::every_kind;

/// The account's number in the output.
const ACCOUNT: &str = "${data.aws_caller_identity.current.account_id}";

/// A rule, which returns everything in `main.tf.json` that breaks it.
type Rule = fn(&Value) -> Vec<String>;

/// A change to the output that breaks a rule: the path, and the value that is put there (a null removes it).
struct Breach {
    rule: Rule,
    path: String,
    value: Value,
}

/// Returns a change that breaks a rule: this value at this path.
fn breach(rule: Rule, path: &str, value: Value) -> Breach {
    Breach { rule, path: path.to_owned(), value }
}

/// Returns a policy of these statements as text, its form in the output.
fn policy_text(statements: &[Value]) -> Value {
    json!(json!({ "Version": "2012-10-17", "Statement": statements }).to_string())
}

/// Asserts that a rule holds in every kind of environment.
#[track_caller]
fn holds(rule: Rule) {
    for (kind, main) in every_kind() {
        let found = rule(&main);
        assert!(found.is_empty(), "{kind}:\n{}", found.join("\n"));
    }
}

/// Makes each change in the staging environment, one at a time, and asserts that its rule notices it.
#[track_caller]
fn notices(breaches: Vec<Breach>) {
    notices_in("staging", breaches);
}

/// The same for an environment of another kind.
#[track_caller]
fn notices_in(kind: &str, breaches: Vec<Breach>) {
    let (_, whole) = every_kind().into_iter().find(|(name, _)| *name == kind).unwrap();
    for Breach { rule, path, value } in breaches {
        let mut main = whole.clone();
        put(&mut main, &path, value.clone());
        assert!(!rule(&main).is_empty(), "`{path}` = {value} went unnoticed");
    }
}

/// Puts a value at a path such as `resource/aws_vpc/main/tags`. What is missing on the way is created.
fn put(value: &mut Value, path: &str, new: Value) {
    match path.split_once('/') {
        None if new.is_null() => {
            assert!(value.as_object_mut().unwrap().remove(path).is_some(), "`{path}` does not exist");
        }
        None => value[path] = new,
        Some((first, rest)) => {
            let inner = match first.parse::<usize>() {
                Ok(index) => &mut value[index],
                Err(_) => &mut value[first],
            };
            put(inner, rest, new);
        }
    }
}
