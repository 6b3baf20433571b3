//! Data is destroyed with the stack, or outlives it: all resources of an environment agree.

use serde_json::{Value, json};

use super::{Rule, breach, holds, notices_in};
use crate::rendered::{all_resources, every_kind, resources};

/// Type, attribute, its value by default, and its value where `keep_on_destroy` is set.
const DATA: &[(&str, &str, &str, &str)] = &[
    ("aws_athena_workgroup", "force_destroy", "true", "false"),
    ("aws_db_instance", "delete_automated_backups", "true", "false"),
    ("aws_db_instance", "deletion_protection", "false", "true"),
    ("aws_db_instance", "final_snapshot_identifier", "null", "\"rds-snapshot-inventory-large\""),
    ("aws_db_instance", "skip_final_snapshot", "true", "false"),
    ("aws_db_instance", "lifecycle", "null", STAYS),
    ("aws_kinesis_stream", "lifecycle", "null", STAYS),
    ("aws_kms_key", "deletion_window_in_days", "7", "30"),
    ("aws_kms_key", "lifecycle", "null", STAYS),
    ("aws_s3_bucket", "force_destroy", "true", "false"),
    ("aws_s3_bucket", "lifecycle", "null", STAYS),
];

const STAYS: &str = "{\"prevent_destroy\":true}";

fn wrong_data(main: &Value, kept: bool) -> Vec<String> {
    let mut wrong = Vec::new();
    for (kind, attribute, gone, stays) in DATA {
        let wanted: Value = serde_json::from_str(if kept { stays } else { gone }).unwrap();
        for (label, body) in resources(main, kind).iter().filter(|(_, body)| body[*attribute] != wanted) {
            wrong.push(format!("{kind}.{label}.{attribute} is {}", body[*attribute]));
        }
    }
    wrong
}

/// Nothing stops a destroy, and nothing is left.
fn everything_goes(main: &Value) -> Vec<String> {
    let stopped = all_resources(main).filter(|(_, _, body)| body["lifecycle"].get("prevent_destroy").is_some());
    let stopped = stopped.map(|(kind, label, _)| format!("{kind}.{label} cannot be destroyed"));
    wrong_data(main, false).into_iter().chain(stopped).collect()
}

/// Resources with data are kept, and no others: logins, roles and functions are created again.
fn data_stays(main: &Value) -> Vec<String> {
    let holds_data = |kind: &str| DATA.iter().any(|(of, attribute, ..)| *of == kind && *attribute == "lifecycle");
    let others = all_resources(main)
        .filter(|(kind, _, body)| body["lifecycle"].get("prevent_destroy").is_some() && !holds_data(kind));
    let others = others.map(|(kind, label, _)| format!("{kind}.{label} holds no data and stays"));
    wrong_data(main, true).into_iter().chain(others).collect()
}

/// By default data is destroyed; it is kept in the environment that sets everything.
fn fits(main: &Value) -> Vec<String> {
    let (_, large) = every_kind().into_iter().find(|(kind, _)| *kind == "large").unwrap();
    let is_large = main["provider"] == large["provider"];
    if is_large { data_stays(main) } else { everything_goes(main) }
}

/// Breaks each attribute of each resource in an environment of this kind.
#[track_caller]
fn notices_each(kind: &str, rule: Rule, kept: bool) {
    let (_, main) = every_kind().into_iter().find(|(name, _)| *name == kind).unwrap();
    let mut breaches = Vec::new();
    for (of, attribute, gone, stays) in DATA {
        let other: Value = serde_json::from_str(if kept { gone } else { stays }).unwrap();
        for label in resources(&main, of).keys() {
            breaches.push(breach(rule, &format!("resource/{of}/{label}/{attribute}"), other.clone()));
        }
    }
    notices_in(kind, breaches);
}

#[test]
fn data_goes_unless_it_is_to_be_kept() {
    holds(fits);
    notices_each("staging", everything_goes, false);
    notices_each("large", data_stays, true);
    let lifecycle = json!({ "prevent_destroy": true });
    notices_in("staging", vec![breach(everything_goes, "resource/aws_sns_topic/alarms/lifecycle", lifecycle.clone())]);
    notices_in("large", vec![breach(data_stays, "resource/aws_sns_topic/alarms/lifecycle", lifecycle)]);
}
