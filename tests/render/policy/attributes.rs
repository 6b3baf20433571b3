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
    ("aws_secretsmanager_secret", "kms_key_id", "key"),
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
    // No poison blocks, nothing is lost
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

/// Log groups end, and so does everything in a bucket, not before three years.
fn retention(main: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for (label, body) in resources(main, "aws_cloudwatch_log_group") {
        if body["retention_in_days"].as_u64().is_none_or(|days| days == 0) {
            wrong.push(format!("the log group {label} has no end"));
        }
    }
    let lifecycles = main["resource"]["aws_s3_bucket_lifecycle_configuration"].as_object();
    for label in resources(main, "aws_s3_bucket").keys() {
        let rules = lifecycles.and_then(|lifecycles| lifecycles.get(label)?["rule"].as_array());
        let rules = rules.into_iter().flatten().filter(|rule| rule["status"] == "Enabled");
        let rules: Vec<_> = rules.collect();
        let days = |place: &str| rules.iter().find_map(|rule| rule.pointer(place)?.as_u64());
        if days("/expiration/days").is_none_or(|days| days < 1096) {
            wrong.push(format!("objects in {label} are not kept for three years, or for ever"));
        }
        if days("/noncurrent_version_expiration/noncurrent_days").is_none() {
            wrong.push(format!("old versions in {label} have no end"));
        }
        if days("/abort_incomplete_multipart_upload/days_after_initiation").is_none() {
            wrong.push(format!("unfinished uploads to {label} have no end"));
        }
    }
    wrong
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

/// Encryption and TLS where they are resources or parameters of their own.
fn encryption_parts(main: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for label in resources(main, "aws_s3_bucket").keys() {
        let part = |kind: &str, place: &str| main["resource"][kind][label].pointer(place).cloned().unwrap_or_default();
        let rule =
            part("aws_s3_bucket_server_side_encryption_configuration", "/rule/apply_server_side_encryption_by_default");
        if rule != json!({ "sse_algorithm": "aws:kms", "kms_master_key_id": KEY }) {
            wrong.push(format!("the bucket {label} is not encrypted with the key"));
        }
        if part("aws_s3_bucket_versioning", "/versioning_configuration/status") != "Enabled" {
            wrong.push(format!("the bucket {label} keeps no versions"));
        }
        if part("aws_s3_bucket_ownership_controls", "/rule/object_ownership") != "BucketOwnerEnforced" {
            wrong.push(format!("objects in the bucket {label} may be somebody else's"));
        }
        let policy = part("aws_s3_bucket_policy", "/policy");
        if !policy
            .as_str()
            .is_some_and(|policy| policy.contains(r#"{"Bool":{"aws:SecureTransport":"false"}},"Effect":"Deny""#))
        {
            wrong.push(format!("the bucket {label} can be reached without TLS"));
        }
        if main["resource"]["aws_s3_bucket_public_access_block"].get(label).is_none() {
            wrong.push(format!("the bucket {label} may become public"));
        }
    }
    let parameters =
        resources(main, "aws_db_parameter_group").values().filter_map(|group| group["parameter"].as_array());
    let parameters: Vec<_> = parameters.flatten().map(|one| (one["name"].as_str(), one["value"].as_str())).collect();
    for needed in [("rds.force_ssl", "1"), ("password_encryption", "scram-sha-256"), ("log_statement", "ddl")] {
        if !parameters.contains(&(Some(needed.0), Some(needed.1))) {
            wrong.push(format!("the database's parameter {} is not {}", needed.0, needed.1));
        }
    }
    wrong
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
fn everything_ends_and_nothing_too_early() {
    holds(retention);
    holds(record_age);
    let rules = "resource/aws_s3_bucket_lifecycle_configuration/quarantine/rule";
    notices(vec![
        breach(retention, "resource/aws_cloudwatch_log_group/migrate/retention_in_days", json!(0)),
        breach(
            retention,
            "resource/aws_s3_bucket_lifecycle_configuration/quarantine/rule/0/expiration/days",
            json!(1095),
        ),
        breach(retention, "resource/aws_s3_bucket_lifecycle_configuration/quarantine/rule/0/status", json!("Disabled")),
        breach(retention, rules, json!([])),
        breach(
            record_age,
            "resource/aws_lambda_event_source_mapping/processor/maximum_record_age_in_seconds",
            json!(86_400),
        ),
        breach(record_age, "resource/aws_kinesis_stream/events/retention_period", json!(1)),
    ]);
}

#[test]
fn buckets_and_database_are_encrypted_and_ask_for_tls() {
    holds(encryption_parts);
    notices(vec![
        breach(encryption_parts, "resource/aws_s3_bucket_server_side_encryption_configuration", json!({})),
        breach(encryption_parts, "resource/aws_s3_bucket_policy/quarantine/policy", json!("{}")),
        breach(
            encryption_parts,
            "resource/aws_s3_bucket_versioning/quarantine/versioning_configuration/status",
            json!("Suspended"),
        ),
        breach(
            encryption_parts,
            "resource/aws_s3_bucket_ownership_controls/quarantine/rule/object_ownership",
            json!("ObjectWriter"),
        ),
        breach(encryption_parts, "resource/aws_s3_bucket_public_access_block", json!({})),
        breach(encryption_parts, "resource/aws_db_parameter_group/catalog/parameter", json!([])),
    ]);
}

#[test]
fn nothing_forbids_a_destroy() {
    holds(lifecycle);
    notices(vec![breach(lifecycle, "resource/aws_s3_bucket/quarantine/lifecycle", json!({ "prevent_destroy": true }))]);
}
