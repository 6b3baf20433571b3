//! What must hold for any environment. Each rule is shown to fail on an output that was broken on purpose.
//!
//! - `attributes`, `keeping`, `ownership`: what every resource of a type must say, whether data outlives the stack, whose it is
//! - `access`, `calls`, `doors`, `grants`: what policies may say, who may do what in both directions, who is let in, what has an effect
//! - `network`, `exposure`: who reaches whom, nothing secret in the output
//! - `buckets`, `queries`, `stores`, `functions`: what is particular to each
//! - `engines`: versions of database, cache and provider, each with what belongs to it
//! - `order`, `lifetimes`, `limits`, `descriptions`: what comes after what, how long things stay, what AWS would refuse
//! - `alarms`, `dashboard`, `flow_logs`, `topic`: who hears of what

mod access;
mod alarms;
mod attributes;
mod buckets;
mod calls;
mod dashboard;
mod descriptions;
mod doors;
mod engines;
mod exposure;
mod flow_logs;
mod functions;
mod grants;
mod keeping;
mod lifetimes;
mod limits;
mod network;
mod order;
mod ownership;
mod queries;
mod stores;
mod topic;

use serde_json::{Value, json};

use crate::rendered::every_kind;

/// What the account's number looks like in the output.
const ACCOUNT: &str = "${data.aws_caller_identity.current.account_id}";

/// A rule: everything in `main.tf.json` that breaks it.
type Rule = fn(&Value) -> Vec<String>;

/// A way to break a rule: where, and what is put there (a null takes it away).
struct Breach {
    rule: Rule,
    place: String,
    value: Value,
}

fn breach(rule: Rule, place: &str, value: Value) -> Breach {
    Breach { rule, place: place.to_owned(), value }
}

/// A policy of these statements, as it stands in the output.
fn policy_text(statements: &[Value]) -> Value {
    json!(json!({ "Version": "2012-10-17", "Statement": statements }).to_string())
}

#[track_caller]
fn holds(rule: Rule) {
    for (kind, main) in every_kind() {
        let found = rule(&main);
        assert!(found.is_empty(), "{kind}:\n{}", found.join("\n"));
    }
}

/// Breaks the output in each way and sees the rule fail.
#[track_caller]
fn notices(breaches: Vec<Breach>) {
    notices_in("staging", breaches);
}

/// The same for an environment of another kind.
#[track_caller]
fn notices_in(kind: &str, breaches: Vec<Breach>) {
    let (_, whole) = every_kind().into_iter().find(|(name, _)| *name == kind).unwrap();
    for Breach { rule, place, value } in breaches {
        let mut main = whole.clone();
        put(&mut main, &place, value.clone());
        assert!(!rule(&main).is_empty(), "`{place}` = {value} went unnoticed");
    }
}

/// Puts a value at a place such as `resource/aws_vpc/main/tags`. What is not there yet is made.
fn put(value: &mut Value, place: &str, new: Value) {
    match place.split_once('/') {
        None if new.is_null() => {
            assert!(value.as_object_mut().unwrap().remove(place).is_some(), "`{place}` is not there");
        }
        None => value[place] = new,
        Some((first, rest)) => {
            let inner = match first.parse::<usize>() {
                Ok(index) => &mut value[index],
                Err(_) => &mut value[first],
            };
            put(inner, rest, new);
        }
    }
}
