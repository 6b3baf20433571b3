"""Values of golden files that are broken one at a time: where, what stands there instead, and the rules that have to see it."""

from typing import Any, NamedTuple

from breakages.excerpts import REMOVED, replaced


class Breakage(NamedTuple):
    address: str
    path: str
    value: Any
    rules: set[str]


APOSTROPHE = {"documented", "CloudFormation E3031"}

BREAKAGES = [
    # What a first look found: EC2's characters.
    *(
        Breakage(f"aws_security_group.{name}", "description", "A function's network interfaces", APOSTROPHE)
        for name in ("archiver", "catalog", "maintain", "migrate", "processor", "rotate")
    ),
    Breakage("aws_security_group.database", "description", "The catalog's database", APOSTROPHE),
    Breakage("aws_vpc_security_group_ingress_rule.catalog_to_cache", "description", "a & b", {"documented"}),
    Breakage("aws_security_group.database", "name", "sg-database", {"?"}),
    # Model: types, requests and members.
    Breakage("aws_vpc.main", "made_up", 1, {"?"}),
    Breakage("aws_kms_alias.main", "target_key_id", "${aws_kms_key.main.made_up}", {"?"}),
    Breakage("aws_lambda_function.catalog", "role", REMOVED, {"?"}),
    Breakage("aws_lambda_function.catalog", "timeout", "ten", {"?"}),
    Breakage("aws_lambda_function.catalog", "architectures", ["arm65"], {"?"}),
    Breakage("aws_lambda_function.catalog", "function_name", "lambda catalog", {"?"}),
    Breakage("aws_lambda_function.catalog", "function_name", "x" * 257, {"?"}),
    Breakage("aws_lambda_function.catalog", "memory_size", 20480, {"?"}),
    Breakage("aws_lambda_event_source_mapping.archiver", "parallelization_factor", 11, {"?"}),
    Breakage("aws_lambda_event_source_mapping.archiver", "maximum_record_age_in_seconds", 604801, {"?"}),
    Breakage("aws_kms_key.main", "rotation_period_in_days", 89, {"?"}),
    Breakage("aws_iam_role.archiver", "description", "Runs the archiver — always", {"?"}),
    Breakage("aws_iam_role.archiver", "name", "x" * 65, {"?"}),
    Breakage("aws_flow_log.network", "traffic_type", "DENIED", {"?"}),
    Breakage("aws_cloudwatch_metric_alarm.database_busy", "comparison_operator", "MoreThan", {"?"}),
    Breakage("aws_elasticache_user.catalog", "user_id", "cache_user", {"?"}),
    Breakage("aws_scheduler_schedule.maintain", "target/retry_policy/maximum_event_age_in_seconds", 59, {"?"}),
    # Only documented.
    Breakage("aws_cloudwatch_log_group.archiver", "retention_in_days", 1000, {"?"}),
    Breakage("aws_db_instance.catalog", "backup_retention_period", 36, {"?"}),
    Breakage("aws_db_instance.catalog", "identifier", "rds--inventory", {"?"}),
    Breakage("aws_db_instance.catalog", "username", "postgres", {"?"}),
    Breakage("aws_db_instance.catalog", "performance_insights_retention_period", 8, {"?"}),
    Breakage("aws_elasticache_replication_group.views", "num_cache_clusters", 1, {"?"}),
    Breakage("aws_s3_bucket.archive", "bucket", "s3_archive", {"?"}),
    Breakage("aws_scheduler_schedule.maintain", "schedule_expression", "rate(1 minutes)", {"?"}),
    Breakage("aws_secretsmanager_secret.reader", "recovery_window_in_days", 3, {"?"}),
    Breakage("aws_secretsmanager_secret.reader", "name", "secret reader", {"?"}),
    Breakage("aws_lambda_function.catalog", "environment/variables/PIPEGEN_CACHE_HOST", "x" * 4096, {"?"}),
    Breakage(
        "aws_cloudwatch_metric_alarm.database_busy", "alarm_description", "See Performance Insights.", {"documented"}
    ),
    Breakage("aws_cloudwatch_dashboard.overview", "dashboard_body", replaced('"width":24', '"width":25'), {"?"}),
    Breakage(
        "aws_cloudwatch_dashboard.overview",
        "dashboard_body",
        replaced('{"horizontal":[{"fill":"above","label":"alarm above","value":0}]}', '{"horizontal":[]}'),
        {"documented"},
    ),
    # CloudFormation's schemas and cfn-lint's extensions.
    Breakage("aws_db_instance.catalog", "instance_class", "db.m7g.tiny", {"?"}),
    Breakage("aws_db_instance.catalog", "engine_version", "12", {"?"}),
    Breakage("aws_elasticache_replication_group.views", "node_type", "cache.m7g.tiny", {"?"}),
    Breakage("aws_lambda_function.catalog", "runtime", "provided.al2", {"?"}),
    Breakage("aws_lambda_function.catalog", "runtime", "go1.x", {"?"}),
    Breakage("aws_vpc.main", "cidr_block", "172.20.0.0/8", {"?"}),
    # IAM.
    Breakage("aws_iam_role_policy.archiver_work", "policy", replaced("logs:CreateLogStream", "logs:CreateLogSteam"), {"?"}),
    Breakage("aws_iam_role_policy.archiver_work", "policy", replaced("logs:PutLogEvents", "logs:DescribeLogGroups"), {"?"}),
    Breakage("aws_iam_role_policy.flow_logs_write", "policy", replaced("logs:CreateLogStream", "logs:DescribeDeliveries"), {"?"}),
    Breakage("aws_iam_role_policy.archiver_work", "policy", replaced("/archive/v1/*", ""), {"?"}),
    Breakage("aws_iam_role_policy.archiver_work", "policy", replaced("kms:ViaService", "kms:ViaServices"), {"?"}),
    Breakage("aws_kms_key.main", "policy", replaced('"kms:Encrypt"', '"kms:Encrypt","kms:GetKeyRotationStatus"'), {"?"}),
    Breakage("aws_kms_key.main", "policy", replaced('"aws:SourceAccount"', '"aws:PrincipalOrgID"'), {"?"}),
    Breakage("aws_iam_role_policy.archiver_work", "policy", replaced("lambda:SourceFunctionArn", "lambda:FunctionArn"), {"?"}),
    Breakage("aws_iam_role.archiver", "assume_role_policy", replaced("lambda.amazonaws.com", "lamda.amazonaws.com"), {"?"}),
    Breakage("aws_iam_role.archiver", "assume_role_policy", replaced("2012-10-17", "2012-10-18"), {"?"}),
    Breakage("aws_iam_role.archiver", "assume_role_policy", replaced("lambda.amazonaws.com", "x" * 2049), {"?"}),
    Breakage("aws_iam_role_policy.archiver_work", "policy", replaced("Archive", "x" * 10240), {"?"}),
    Breakage("aws_kms_key.main", "policy", replaced("AccountPolicies", "x" * 32768), {"?"}),
    Breakage("aws_s3_bucket_policy.archive", "policy", replaced("NoDeleting", "x" * 20480), {"?"}),
    Breakage("aws_sns_topic_policy.alarms", "policy", replaced("TlsOnly", "x" * 30720), {"?"}),
    Breakage("aws_vpc_endpoint.s3", "policy", replaced("Objects", "x" * 20480), {"?"}),
    Breakage("aws_lambda_permission.rotate_maintainer", "principal", "x" * 20480, {"?"}),
    Breakage("aws_lambda_permission.rotate_maintainer", "action", "lambda:InvokeFunktion", {"?"}),
    # The provider's version 6.
    Breakage("aws_flow_log.network", "log_group_name", "x", {"?"}),
    Breakage("aws_s3_bucket.archive", "acl", "private", {"?"}),
    Breakage("aws_s3_bucket_versioning.archive", "expected_bucket_owner", "123456789012", {"?"}),
    Breakage("aws_s3_bucket_versioning.archive", "versioning_configuration/state", "Enabled", {"?"}),
    Breakage("aws_glue_catalog_table.archive", "name", REMOVED, {"?"}),
    Breakage("aws_scheduler_schedule.maintain", "flexible_time_window/mode", REMOVED, {"?"}),
]
