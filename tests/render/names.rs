//! Every name follows the rule and is short enough.

use std::collections::BTreeSet;

use pipegen::config::Environment;
use pipegen::stack::names;
use pipegen_contract::env::METRIC_NAMESPACE;
use pipegen_contract::supplier_role;
use serde_json::Value;

use crate::rendered::{all_resources, every_kind, render};
use crate::test_dir::TestDir;

/// The attributes that hold a resource's name.
const NAME_ATTRIBUTES: [&str; 11] = [
    "alarm_name",
    "bucket",
    "dashboard_name",
    "final_snapshot_identifier",
    "function_name",
    "identifier",
    "name",
    "replication_group_id",
    "user_group_id",
    "user_id",
    "user_name",
];

/// Tells whether a name need not follow the rule: AWS prescribes it (see `stack::names`), or it is within a named
/// resource.
fn is_excepted(kind: &str, attribute: &str, name: &str) -> bool {
    kind == "aws_iam_role_policy"
        || kind == "aws_elasticache_user" && attribute == "user_name" && name == "default"
        || kind == "aws_cloudwatch_log_group" && name.starts_with("/aws/rds/instance/")
}

fn named(main: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (kind, label, body) in all_resources(main) {
        let own = NAME_ATTRIBUTES.iter().filter_map(|attribute| Some((*attribute, body[*attribute].as_str()?)));
        let tag = body["tags"]["Name"].as_str().map(|name| ("tags.Name", name));
        let metrics = body["environment"]["variables"][METRIC_NAMESPACE].as_str().map(|name| (METRIC_NAMESPACE, name));
        for (attribute, name) in own.chain(tag).chain(metrics) {
            let is_reference = name.starts_with("${");
            if !is_reference && !is_excepted(kind, attribute, name) {
                found.push((format!("{kind}.{label}.{attribute}"), name.to_owned()));
            }
        }
    }
    found
}

#[test]
fn every_name_follows_the_rule() {
    let rules: BTreeSet<_> = names::all().into_iter().map(|name| (name.kind.prefix, name.purpose)).collect();
    for (environment, main) in every_kind() {
        let named = named(&main);
        assert!(named.len() > 30, "{environment}: only {} names were found", named.len());
        for (place, name) in named {
            let account = "${data.aws_caller_identity.current.account_id}-";
            let plain = name.replace(account, "");
            let plain = if place.starts_with("aws_glue_") { plain.replace('_', "-") } else { plain };
            let plain = plain.strip_prefix("alias/").unwrap_or(&plain);
            let begin = plain.strip_suffix(&format!("-{environment}"));
            let begin = begin.unwrap_or_else(|| panic!("{place}: `{name}` does not end with `-{environment}`"));
            let supplier = place.strip_prefix("aws_iam_role.supplier_").and_then(|rest| rest.strip_suffix(".name"));
            assert!(
                supplier.is_some_and(|supplier| begin == format!("{}{supplier}", supplier_role::PREFIX))
                    || rules.iter().any(|(prefix, purpose)| begin == format!("{prefix}-{purpose}")),
                "{place}: `{name}` is not in the table of names"
            );
            assert_eq!(name.to_lowercase().replace(&account.to_lowercase(), account), name, "{place}");
        }
    }
}

#[test]
fn every_name_of_the_table_is_used() {
    // No golden environment has this one.
    let version_17 = render("staging", "[defaults]\ndatabase_version = 17").main;
    let kinds = every_kind().into_iter().chain([("staging", serde_json::from_str(&version_17).unwrap())]);
    let used: Vec<_> = kinds
        .flat_map(|(environment, main)| named(&main).into_iter().map(move |(_, name)| (environment, name)))
        .collect();
    for name in names::all() {
        let begin = format!("{}-{}-", name.kind.prefix, name.purpose);
        let begin = if name.kind.has_underscores { begin.replace('-', "_") } else { begin };
        let is_used = used.iter().any(|(environment, used)| {
            used.trim_start_matches("alias/").starts_with(&begin) && used.ends_with(environment)
        });
        assert!(is_used, "`{begin}…` is in the table and nowhere else");
    }
}

#[test]
fn a_name_that_would_be_too_long_is_reported() {
    let longest = (1..100).rev().find(|length| names::check(&environment(*length)).is_ok()).unwrap();
    let fits = "x".repeat(longest);
    let dir = TestDir::new();
    dir.pipegen(["render", "--env", &fits, "--bootstrap", "bootstrap"]).succeeded();

    let dir = TestDir::new();
    let too_long = "x".repeat(longest + 1);
    dir.pipegen(["render", "--env", &too_long, "--bootstrap", "bootstrap"]).refused(&[
        &format!("has {} characters and may have {longest}", longest + 1),
        "cache replication group `cache-views-…` may have 40",
        "would do",
    ]);
    assert_eq!(dir.files(), ["bootstrap"]);
}

fn environment(length: usize) -> Environment {
    Environment::parse(&"x".repeat(length)).unwrap()
}
