//! Attributes that every resource of a type must have: encryption, an expiry, and nothing that stops a destroy.

use serde_json::{Value, json};

use super::holds;
use crate::rendered::resources;

/// The key's ARN in the output.
const KEY: &str = "${aws_kms_key.main.arn}";

/// Type, attribute and required value; `key` means the key's ARN.
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
    // Each in its place: security groups, subnets, parameters that ask for TLS, logins
    ("aws_db_instance", "db_subnet_group_name", "\"${aws_db_subnet_group.catalog.name}\""),
    ("aws_db_instance", "parameter_group_name", "\"${aws_db_parameter_group.catalog.name}\""),
    ("aws_db_instance", "vpc_security_group_ids", "[\"${aws_security_group.database.id}\"]"),
    ("aws_elasticache_replication_group", "parameter_group_name", "\"${aws_elasticache_parameter_group.views.name}\""),
    ("aws_elasticache_replication_group", "security_group_ids", "[\"${aws_security_group.cache.id}\"]"),
    ("aws_elasticache_replication_group", "subnet_group_name", "\"${aws_elasticache_subnet_group.views.name}\""),
    ("aws_elasticache_replication_group", "user_group_ids", "[\"${aws_elasticache_user_group.views.user_group_id}\"]"),
    ("aws_route_table_association", "route_table_id", "\"${aws_route_table.private.id}\""),
    ("aws_scheduler_schedule", "group_name", "\"${aws_scheduler_schedule_group.inventory.name}\""),
    ("aws_vpc", "enable_dns_hostnames", "true"),
    ("aws_vpc", "enable_dns_support", "true"),
    // Somebody can tell what happened
    ("aws_db_instance", "enabled_cloudwatch_logs_exports", "[\"postgresql\",\"upgrade\"]"),
    ("aws_db_instance", "performance_insights_enabled", "true"),
    ("aws_lambda_function", "tracing_config", "{\"mode\":\"PassThrough\"}"),
    ("aws_s3_bucket_notification", "eventbridge", "true"),
    // Destroy needs no hand and leaves nothing (what holds data: `keeping`)
    ("aws_cloudwatch_log_group", "skip_destroy", "false"),
    ("aws_db_instance", "monitoring_interval", "0"),
    ("aws_elasticache_replication_group", "snapshot_retention_limit", "0"),
    ("aws_kinesis_stream", "enforce_consumer_deletion", "true"),
    ("aws_lambda_function", "replace_security_groups_on_destroy", "true"),
    ("aws_secretsmanager_secret", "recovery_window_in_days", "0"),
    ("aws_security_group", "revoke_rules_on_delete", "true"),
    ("aws_security_group", "timeouts", "{\"delete\":\"60m\"}"),
    ("aws_subnet", "timeouts", "{\"delete\":\"60m\"}"),
    // Plans stay empty
    ("aws_db_instance", "apply_immediately", "true"),
    ("aws_db_instance", "ca_cert_identifier", "\"rds-ca-rsa2048-g1\""),
    ("aws_elasticache_replication_group", "apply_immediately", "true"),
    // No run waits for another, nor is tried again
    ("aws_lambda_function_event_invoke_config", "maximum_event_age_in_seconds", "60"),
    ("aws_lambda_function_event_invoke_config", "maximum_retry_attempts", "0"),
    ("aws_scheduler_schedule", "schedule_expression", "\"rate(1 minute)\""),
    (
        "aws_scheduler_schedule",
        "target",
        "{\"arn\":\"${aws_lambda_function.maintain.arn}\",\"input\":\"{}\",\"retry_policy\":{\"maximum_event_age_in_seconds\":60,\
         \"maximum_retry_attempts\":0},\"role_arn\":\"${aws_iam_role.schedule.arn}\"}",
    ),
    // Versions are renewed, and none costs more because it is old
    ("aws_db_instance", "allow_major_version_upgrade", "true"),
    ("aws_db_instance", "auto_minor_version_upgrade", "true"),
    ("aws_db_instance", "database_insights_mode", "\"standard\""),
    ("aws_db_instance", "engine_lifecycle_support", "\"open-source-rds-extended-support-disabled\""),
    ("aws_elasticache_replication_group", "auto_minor_version_upgrade", "true"),
    // Passwords change
    ("aws_secretsmanager_secret_rotation", "rotate_immediately", "true"),
    ("aws_secretsmanager_secret_rotation", "rotation_lambda_arn", "\"${aws_lambda_function.rotate.arn}\""),
    // No poison blocks, nothing is lost, and an alarm says so
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

/// A function outside the network holds no security group.
fn is_concerned(attribute: &str, body: &Value) -> bool {
    attribute != "replace_security_groups_on_destroy" || body.get("vpc_config").is_some()
}

fn required_attributes(main: &Value) -> Vec<String> {
    let wrong = REQUIRED.iter().flat_map(|(kind, attribute, wanted)| {
        let wanted = expected(wanted);
        let concerned = resources(main, kind).iter().filter(|(_, body)| is_concerned(attribute, body));
        let wrong = concerned.filter(move |(_, body)| body[*attribute] != wanted);
        wrong.map(move |(label, body)| format!("{kind}.{label}.{attribute} is {}", body[*attribute]))
    });
    wrong.collect()
}

#[test]
fn required_attributes_are_there() {
    holds(required_attributes);
}

/// Removes each of them from each resource that has it.
#[test]
fn a_missing_attribute_is_noticed() {
    let (_, main) = crate::rendered::every_kind().remove(0);
    for (kind, attribute, _) in REQUIRED {
        for (label, _) in resources(&main, kind).iter().filter(|(_, body)| is_concerned(attribute, body)) {
            let mut broken = main.clone();
            super::put(&mut broken, &format!("resource/{kind}/{label}/{attribute}"), Value::Null);
            assert_eq!(required_attributes(&broken).len(), 1, "{kind}.{label}.{attribute}");
        }
    }
}
