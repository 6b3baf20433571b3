//! Attributes that every resource of a type must have: encryption, an end, and nothing that stops a destroy.

use serde_json::{Value, json};

use super::{breach, holds, notices};
use crate::rendered::{all_resources, resources};

/// What the key's ARN looks like in the output.
const KEY: &str = "${aws_kms_key.main.arn}";

/// Type, attribute, what it must be; `key` stands for the key's ARN.
const REQUIRED: &[(&str, &str, &str)] = &[
    // Encryption
    ("aws_cloudwatch_log_group", "kms_key_id", "key"),
    ("aws_db_instance", "storage_encrypted", "true"),
    ("aws_db_instance", "kms_key_id", "key"),
    ("aws_db_instance", "master_user_secret_kms_key_id", "key"),
    ("aws_db_instance", "performance_insights_kms_key_id", "key"),
    ("aws_db_instance", "manage_master_user_password", "true"),
    ("aws_elasticache_replication_group", "at_rest_encryption_enabled", "true"),
    ("aws_elasticache_replication_group", "kms_key_id", "key"),
    ("aws_elasticache_replication_group", "transit_encryption_enabled", "true"),
    ("aws_elasticache_replication_group", "transit_encryption_mode", "\"required\""),
    ("aws_kinesis_stream", "encryption_type", "\"KMS\""),
    ("aws_kinesis_stream", "kms_key_id", "key"),
    ("aws_kms_key", "enable_key_rotation", "true"),
    ("aws_lambda_function", "kms_key_arn", "key"),
    ("aws_scheduler_schedule", "kms_key_arn", "key"),
    ("aws_secretsmanager_secret", "kms_key_id", "key"),
    ("aws_sns_topic", "kms_master_key_id", "key"),
    // Nothing open
    ("aws_db_instance", "publicly_accessible", "false"),
    ("aws_default_security_group", "egress", "[]"),
    ("aws_default_security_group", "ingress", "[]"),
    ("aws_s3_bucket_public_access_block", "block_public_acls", "true"),
    ("aws_s3_bucket_public_access_block", "block_public_policy", "true"),
    ("aws_s3_bucket_public_access_block", "ignore_public_acls", "true"),
    ("aws_s3_bucket_public_access_block", "restrict_public_buckets", "true"),
    ("aws_subnet", "map_public_ip_on_launch", "false"),
    // Destroy needs no hand and leaves nothing
    ("aws_athena_workgroup", "force_destroy", "true"),
    ("aws_cloudwatch_log_group", "skip_destroy", "false"),
    ("aws_db_instance", "delete_automated_backups", "true"),
    ("aws_db_instance", "deletion_protection", "false"),
    ("aws_db_instance", "monitoring_interval", "0"),
    ("aws_db_instance", "skip_final_snapshot", "true"),
    ("aws_elasticache_replication_group", "snapshot_retention_limit", "0"),
    ("aws_kinesis_stream", "enforce_consumer_deletion", "true"),
    ("aws_kms_key", "deletion_window_in_days", "7"),
    ("aws_lambda_function", "replace_security_groups_on_destroy", "true"),
    ("aws_s3_bucket", "force_destroy", "true"),
    ("aws_secretsmanager_secret", "recovery_window_in_days", "0"),
    ("aws_security_group", "revoke_rules_on_delete", "true"),
    ("aws_subnet", "timeouts", "{\"delete\":\"60m\"}"),
    // Plans stay empty
    ("aws_db_instance", "apply_immediately", "true"),
    ("aws_db_instance", "engine_version", "\"16\""),
    ("aws_elasticache_replication_group", "apply_immediately", "true"),
    ("aws_elasticache_replication_group", "engine_version", "\"7.1\""),
    // No run waits for another, nor is tried again
    ("aws_lambda_function_event_invoke_config", "maximum_event_age_in_seconds", "60"),
    ("aws_lambda_function_event_invoke_config", "maximum_retry_attempts", "0"),
    ("aws_scheduler_schedule", "schedule_expression", "\"rate(1 minute)\""),
    // Passwords change
    ("aws_secretsmanager_secret_rotation", "rotate_immediately", "true"),
    ("aws_secretsmanager_secret_rotation", "rotation_lambda_arn", "\"${aws_lambda_function.rotate.arn}\""),
    // No poison blocks, nothing is lost, and somebody hears of it
    ("aws_cloudwatch_metric_alarm", "actions_enabled", "true"),
    ("aws_lambda_event_source_mapping", "bisect_batch_on_function_error", "true"),
    ("aws_lambda_event_source_mapping", "function_response_types", "[\"ReportBatchItemFailures\"]"),
    ("aws_lambda_event_source_mapping", "maximum_retry_attempts", "-1"),
    ("aws_lambda_event_source_mapping", "starting_position", "\"TRIM_HORIZON\""),
    (
        "aws_lambda_event_source_mapping",
        "destination_config",
        "{\"on_failure\":{\"destination_arn\":\"${aws_s3_bucket.quarantine.arn}\"}}",
    ),
];

fn expected(text: &str) -> Value {
    if text == "key" { json!(KEY) } else { serde_json::from_str(text).unwrap() }
}

fn required_attributes(main: &Value) -> Vec<String> {
    let wrong = REQUIRED.iter().flat_map(|(kind, attribute, wanted)| {
        let wanted = expected(wanted);
        let wrong = resources(main, kind).iter().filter(move |(_, body)| body[*attribute] != wanted);
        wrong.map(move |(label, body)| format!("{kind}.{label}.{attribute} is {}", body[*attribute]))
    });
    wrong.collect()
}

/// Log groups end.
fn retention(main: &Value) -> Vec<String> {
    let groups = resources(main, "aws_cloudwatch_log_group").iter();
    let endless = groups.filter(|(_, body)| body["retention_in_days"].as_u64().is_none_or(|days| days == 0));
    endless.map(|(label, _)| format!("the log group {label} has no end")).collect()
}

/// A batch is given up before the stream forgets it.
fn record_age(main: &Value) -> Vec<String> {
    let retention = main["resource"]["aws_kinesis_stream"]["events"]["retention_period"].as_u64().unwrap_or(0) * 3600;
    let mappings = resources(main, "aws_lambda_event_source_mapping").iter();
    let wrong = mappings.filter(|(_, body)| {
        body["maximum_record_age_in_seconds"]
            .as_u64()
            .is_none_or(|age| age >= retention || !(3600..=604_800).contains(&age))
    });
    wrong.map(|(label, _)| format!("the mapping {label} gives up too late, or never")).collect()
}

/// The processor's batches come at once; the archiver's are few and large, and one at a time.
fn batches(main: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let mappings = resources(main, "aws_lambda_event_source_mapping");
    if mappings["processor"]["maximum_batching_window_in_seconds"].as_u64().is_none_or(|seconds| seconds > 1) {
        wrong.push("stock is not visible within about a second".to_owned());
    }
    for (attribute, wanted) in
        [("maximum_batching_window_in_seconds", 300), ("batch_size", 10_000), ("parallelization_factor", 1)]
    {
        if mappings["archiver"][attribute] != wanted {
            wrong.push(format!("the archiver's {attribute} is not {wanted}"));
        }
    }
    wrong
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

/// What the database asks of those who connect, and what it logs.
fn database_parameters(main: &Value) -> Vec<String> {
    let parameters =
        resources(main, "aws_db_parameter_group").values().filter_map(|group| group["parameter"].as_array());
    let parameters: Vec<_> = parameters.flatten().map(|one| (one["name"].as_str(), one["value"].as_str())).collect();
    let needed = [("rds.force_ssl", "1"), ("password_encryption", "scram-sha-256"), ("log_statement", "ddl")];
    let missing = needed.iter().filter(|(name, value)| !parameters.contains(&(Some(*name), Some(*value))));
    missing.map(|(name, value)| format!("the database's parameter {name} is not {value}")).collect()
}

/// Nothing in the output keeps Terraform from destroying.
fn lifecycle(main: &Value) -> Vec<String> {
    let stopped = all_resources(main)
        .filter(|(_, _, body)| body.get("lifecycle").is_some_and(|it| it.get("prevent_destroy").is_some()));
    stopped.map(|(kind, label, _)| format!("{kind}.{label} cannot be destroyed")).collect()
}

#[test]
fn required_attributes_are_there() {
    holds(required_attributes);
}

/// Takes each of them away, from each resource that has it.
#[test]
fn a_missing_attribute_is_noticed() {
    let (_, main) = crate::rendered::every_kind().remove(0);
    for (kind, attribute, _) in REQUIRED {
        for label in resources(&main, kind).keys() {
            let mut broken = main.clone();
            super::put(&mut broken, &format!("resource/{kind}/{label}/{attribute}"), Value::Null);
            assert_eq!(required_attributes(&broken).len(), 1, "{kind}.{label}.{attribute}");
        }
    }
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

#[test]
fn batches_are_cut_for_their_purpose() {
    holds(batches);
    let mapping = "resource/aws_lambda_event_source_mapping";
    notices(vec![
        breach(batches, &format!("{mapping}/processor/maximum_batching_window_in_seconds"), json!(5)),
        breach(batches, &format!("{mapping}/archiver/maximum_batching_window_in_seconds"), json!(5)),
        breach(batches, &format!("{mapping}/archiver/parallelization_factor"), json!(2)),
    ]);
}

#[test]
fn the_database_asks_for_tls_and_logs_no_data() {
    holds(database_parameters);
    let parameters = "resource/aws_db_parameter_group/catalog/parameter";
    notices(vec![
        breach(database_parameters, parameters, json!([])),
        breach(database_parameters, &format!("{parameters}/2/value"), json!("all")),
    ]);
}

#[test]
fn nothing_forbids_a_destroy() {
    holds(lifecycle);
    notices(vec![breach(lifecycle, "resource/aws_s3_bucket/quarantine/lifecycle", json!({ "prevent_destroy": true }))]);
}
