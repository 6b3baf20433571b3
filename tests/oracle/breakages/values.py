"""Values of a golden file that are broken one at a time: where, what stands there instead, and the rules that have to
see it."""

from typing import Any, NamedTuple

from breakages.excerpts import REMOVED, replaced


class Breakage(NamedTuple):
    address: str
    path: str
    value: Any
    rules: set[str]
    """All that are broken by it; `CloudFormation` stands for any rule of cfn-lint."""


MODEL_AND_SCHEMA = {
    kind: {f"model: {kind}", "CloudFormation"} for kind in ("enum", "length", "pattern", "range", "required", "type")
}
DOCUMENTED = {"documented"}
BOTH = {"documented", "CloudFormation"}

ROLE, KEY, WORK = "aws_iam_role.archiver", "aws_kms_key.main", "aws_iam_role_policy.archiver_work"
TRUST = "assume_role_policy"
FUNCTION, MAPPING = "aws_lambda_function.catalog", "aws_lambda_event_source_mapping.archiver"
DATABASE, CACHE, SCHEDULE = (
    "aws_db_instance.catalog",
    "aws_elasticache_replication_group.views",
    "aws_scheduler_schedule.maintain",
)
DASHBOARD, ALARM = "aws_cloudwatch_dashboard.overview", "aws_cloudwatch_metric_alarm.database_busy"

FOUND_AT_FIRST = [
    *(
        Breakage(f"aws_security_group.{name}", "description", "A function's own network interfaces", BOTH)
        for name in ("archiver", "catalog", "maintain", "migrate", "processor", "rotate")
    ),
    Breakage("aws_security_group.database", "description", "The catalog's own database", BOTH),
    Breakage("aws_vpc_security_group_ingress_rule.catalog_to_cache", "description", "a & b", DOCUMENTED),
    Breakage(
        "aws_iam_role_policy.flow_logs_write",
        "policy",
        replaced('"logs:CreateLogStream"', '"logs:CreateLogStream","logs:DescribeLogGroups"'),
        {"IAM resource"},
    ),
    Breakage(KEY, "policy", replaced('"kms:Encrypt"', '"kms:DescribeKey","kms:Encrypt"'), {"IAM condition"}),
    Breakage(KEY, "policy", replaced("kms:EncryptionContext:aws:sns:topicArn", "aws:SourceArn"), {"IAM service"}),
    Breakage(ALARM, "alarm_description", "See Performance Insights.", DOCUMENTED),
    Breakage(
        DASHBOARD,
        "dashboard_body",
        replaced('{"horizontal":[{"fill":"above","label":"alarm above","value":0}]}', '{"horizontal":[]}'),
        DOCUMENTED,
    ),
]

TABLES = [
    Breakage("aws_vpc.main", "made_up", 1, {"attribute", "CloudFormation attribute", "provider 6: attribute"}),
    Breakage("aws_kms_alias.main", "target_key_id", "${aws_kms_key.main.made_up}", {"reference"}),
]

MODELS = [
    Breakage(FUNCTION, "role", REMOVED, MODEL_AND_SCHEMA["required"] | {"provider 6: required"}),
    Breakage(SCHEDULE, "flexible_time_window/mode", REMOVED, MODEL_AND_SCHEMA["required"] | {"provider 6: required"}),
    Breakage(FUNCTION, "handler", ["catalog"], MODEL_AND_SCHEMA["type"]),
    Breakage(FUNCTION, "architectures", ["arm65"], MODEL_AND_SCHEMA["enum"]),
    Breakage("aws_flow_log.network", "traffic_type", "DENIED", MODEL_AND_SCHEMA["enum"]),
    Breakage(ALARM, "comparison_operator", "MoreThan", MODEL_AND_SCHEMA["enum"]),
    Breakage(FUNCTION, "function_name", "lambda catalog", MODEL_AND_SCHEMA["pattern"]),
    Breakage(ROLE, "description", "Runs the archiver — always", MODEL_AND_SCHEMA["pattern"]),
    Breakage("aws_elasticache_user.reader", "user_id", "cache_user", {"model: pattern"}),
    Breakage(FUNCTION, "function_name", "x" * 257, MODEL_AND_SCHEMA["length"]),
    Breakage(ROLE, "name", "x" * 65, MODEL_AND_SCHEMA["length"]),
    Breakage(KEY, "rotation_period_in_days", 89, MODEL_AND_SCHEMA["range"]),
    Breakage(MAPPING, "parallelization_factor", 11, MODEL_AND_SCHEMA["range"]),
    Breakage(MAPPING, "maximum_record_age_in_seconds", 604801, MODEL_AND_SCHEMA["range"]),
    Breakage(SCHEDULE, "target/retry_policy/maximum_event_age_in_seconds", 59, MODEL_AND_SCHEMA["range"]),
]

WORDS = [
    Breakage("aws_security_group.cache", "name", "sg-cache", DOCUMENTED),
    Breakage("aws_cloudwatch_log_group.archiver", "retention_in_days", 1000, BOTH),
    Breakage(FUNCTION, "memory_size", 20480, DOCUMENTED),
    Breakage(FUNCTION, "environment/variables/PIPEGEN_CACHE_HOST", "x" * 4096, BOTH),
    Breakage(DATABASE, "backup_retention_period", 36, BOTH),
    Breakage(DATABASE, "identifier", "rds--inventory", BOTH),
    Breakage(DATABASE, "username", "postgres", DOCUMENTED),
    Breakage(DATABASE, "performance_insights_retention_period", 8, BOTH),
    Breakage(CACHE, "num_cache_clusters", 1, DOCUMENTED),
    Breakage(CACHE, "node_type", "cache.m7g.tiny", DOCUMENTED),
    Breakage("aws_s3_bucket.archive", "bucket", "s3_archive", BOTH),
    Breakage(SCHEDULE, "schedule_expression", "rate(1 fortnight)", DOCUMENTED),
    Breakage("aws_secretsmanager_secret.reader", "recovery_window_in_days", 3, DOCUMENTED),
    Breakage("aws_secretsmanager_secret.reader", "name", "secret reader", DOCUMENTED),
    Breakage(DASHBOARD, "dashboard_body", replaced('"width":24', '"width":25'), DOCUMENTED),
]

SCHEMAS = [
    Breakage(DATABASE, "instance_class", "db.m7g.tiny", {"CloudFormation"}),
    Breakage(FUNCTION, "runtime", "go1.x", {"CloudFormation"}),
    Breakage("aws_vpc.main", "cidr_block", "172.20.0.0/8", {"CloudFormation"}),
]

IAM = [
    Breakage(WORK, "policy", replaced("logs:CreateLogStream", "logs:CreateLogSteam"), {"IAM action"}),
    Breakage("aws_lambda_permission.rotate_maintainer", "action", "lambda:InvokeFunktion", {"IAM action"}),
    Breakage(WORK, "policy", replaced("/archive/v1/*", ""), {"IAM resource"}),
    Breakage(WORK, "policy", replaced("${aws_kinesis_stream.events.arn}", "${aws_kms_key.main.arn}"), {"IAM resource"}),
    Breakage(WORK, "policy", replaced("kms:ViaService", "kms:ViaServices"), {"IAM condition"}),
    Breakage(WORK, "policy", replaced("lambda:SourceFunctionArn", "lambda:FunctionArn"), {"IAM condition"}),
    Breakage(ROLE, TRUST, replaced("lambda.amazonaws.com", "lamda.amazonaws.com"), {"IAM service"}),
    Breakage(
        "aws_sns_topic_policy.alarms",
        "policy",
        replaced('"aws:SourceAccount"', '"aws:PrincipalOrgID"'),
        {"IAM service"},
    ),
    Breakage(ROLE, TRUST, replaced("2012-10-17", "2012-10-18"), {"policy", "CloudFormation"}),
    Breakage(WORK, "policy", replaced('"Sid":"Archive"', '"Sid":"Logs"'), {"policy", "CloudFormation"}),
    Breakage(ROLE, TRUST, replaced('"Effect"', f'"Sid":"{"x" * 2048}","Effect"'), {"policy size"}),
    Breakage(WORK, "policy", replaced("Archive", "x" * 10240), {"policy size"}),
    Breakage(KEY, "policy", replaced("AccountPolicies", "x" * 32768), {"policy size"}),
    Breakage("aws_s3_bucket_policy.archive", "policy", replaced("NoDeleting", "x" * 20480), {"policy size"}),
    Breakage("aws_sns_topic_policy.alarms", "policy", replaced("TlsOnly", "x" * 30720), {"policy size"}),
    Breakage("aws_vpc_endpoint.s3", "policy", replaced("Objects", "x" * 20480), {"policy size"}),
    Breakage(
        "aws_lambda_permission.rotate_maintainer",
        "principal",
        "x" * 20480,
        {"policy size", "model: length", "CloudFormation"},
    ),
]

PROVIDER_6 = [
    Breakage(
        "aws_flow_log.network",
        "log_group_name",
        "x",
        {"attribute", "CloudFormation attribute", "provider 6: attribute"},
    ),
    Breakage(
        "aws_s3_bucket_versioning.archive",
        "versioning_configuration/state",
        "Enabled",
        {"attribute", "CloudFormation attribute", "provider 6: attribute"},
    ),
    Breakage(
        "aws_s3_bucket.archive", "acl", "private", {"attribute", "CloudFormation attribute", "provider 6: deprecated"}
    ),
    Breakage(
        "aws_s3_bucket_versioning.archive",
        "expected_bucket_owner",
        "123456789012",
        {"attribute", "CloudFormation attribute", "provider 6: deprecated"},
    ),
    Breakage("aws_glue_catalog_table.archive", "name", REMOVED, {"model: required", "provider 6: required"}),
]

BREAKAGES = FOUND_AT_FIRST + TABLES + MODELS + WORDS + SCHEMAS + IAM + PROVIDER_6
