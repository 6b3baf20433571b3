//! Retention of logs and of records on the stream, rotation of passwords.

use serde_json::{Value, json};

use super::{breach, holds, notices};
use crate::rendered::resources;

/// Log groups expire.
fn retention(main: &Value) -> Vec<String> {
    let groups = resources(main, "aws_cloudwatch_log_group").iter();
    let endless = groups.filter(|(_, body)| body["retention_in_days"].as_u64().is_none_or(|days| days == 0));
    endless.map(|(label, _)| format!("the log group {label} has no end")).collect()
}

/// A batch is discarded before its records expire on the stream.
fn record_age(main: &Value) -> Vec<String> {
    let retention = main["resource"]["aws_kinesis_stream"]["events"]["retention_period"].as_u64().unwrap_or(0) * 3600;
    let mappings = resources(main, "aws_lambda_event_source_mapping").iter();
    let wrong = mappings.filter(|(_, body)| {
        body["maximum_record_age_in_seconds"]
            .as_u64()
            .is_none_or(|age| age >= retention || !(3600..=604_800).contains(&age))
    });
    wrong.map(|(label, _)| format!("the mapping {label} discards too late, or never")).collect()
}

/// Every secret is rotated, within a quarter of a year at most.
fn rotation(main: &Value) -> Vec<String> {
    let rotations = resources(main, "aws_secretsmanager_secret_rotation");
    let never = resources(main, "aws_secretsmanager_secret").keys().filter(|label| {
        let rotation = &rotations.get(*label).cloned().unwrap_or_default();
        let days = rotation.pointer("/rotation_rules/automatically_after_days").and_then(Value::as_u64);
        rotation["secret_id"] != format!("${{aws_secretsmanager_secret.{label}.arn}}")
            || days.is_none_or(|days| days == 0 || days > 90)
    });
    never.map(|label| format!("the secret {label} is never rotated")).collect()
}

#[test]
fn logs_end_and_batches_are_given_up_in_time() {
    holds(retention);
    holds(record_age);
    let age = "resource/aws_lambda_event_source_mapping/archiver/maximum_record_age_in_seconds";
    notices(vec![
        breach(retention, "resource/aws_cloudwatch_log_group/migrate/retention_in_days", json!(0)),
        breach(record_age, age, json!(86_400)),
        breach(record_age, "resource/aws_kinesis_stream/events/retention_period", json!(1)),
    ]);
}

#[test]
fn every_secret_is_rotated() {
    holds(rotation);
    let reader = "resource/aws_secretsmanager_secret_rotation/reader";
    notices(vec![
        breach(rotation, reader, Value::Null),
        breach(rotation, &format!("{reader}/rotation_rules/automatically_after_days"), json!(365)),
        breach(rotation, &format!("{reader}/secret_id"), json!("${aws_secretsmanager_secret.writer.arn}")),
    ]);
}
