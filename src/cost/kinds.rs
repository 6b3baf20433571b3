//! Every type of resource: what it costs as long as it stands, or why it does not.

use super::line::Line;
use super::standing;
use crate::config::Settings;
use crate::terraform::declared::Resource;

/// How a type of resource is charged for.
#[derive(Clone, Copy)]
pub(super) enum Charge {
    /// By the hour or the month. No lines if there is no price for what the resource is set to.
    Standing(fn(&Resource, &Settings) -> Option<Vec<Line>>),
    /// Only by what is done with it, which the other part of the estimate counts where it can be foreseen.
    Use(&'static str),
    /// Not at all.
    Free(&'static str),
}

use Charge::{Free, Standing, Use};

const ACCESS: Charge = Free("access management costs nothing");
const NETWORK: Charge = Free("networks, their rules and routes cost nothing");
const PARAMETERS: Charge = Free("parameters and groups cost nothing, what they are for does");
const BUCKET_PART: Charge = Free("a bucket's settings cost nothing");
const CATALOG: Charge = Free("Glue charges beyond a million objects in its catalog");

/// The types, sorted.
const KINDS: &[(&str, Charge)] = &[
    ("aws_athena_workgroup", Use("who asks the archive pays $5 for a terabyte read")),
    ("aws_cloudwatch_dashboard", Standing(standing::dashboard)),
    ("aws_cloudwatch_log_group", Use("logs cost by what is taken in and kept")),
    ("aws_cloudwatch_metric_alarm", Standing(standing::alarm)),
    ("aws_db_instance", Standing(standing::database)),
    ("aws_db_parameter_group", PARAMETERS),
    ("aws_db_subnet_group", PARAMETERS),
    ("aws_default_security_group", NETWORK),
    ("aws_elasticache_parameter_group", PARAMETERS),
    ("aws_elasticache_replication_group", Standing(standing::cache)),
    ("aws_elasticache_subnet_group", PARAMETERS),
    ("aws_elasticache_user", ACCESS),
    ("aws_elasticache_user_group", ACCESS),
    ("aws_flow_log", Use("a flow log costs what the log that it writes costs")),
    ("aws_glue_catalog_database", CATALOG),
    ("aws_glue_catalog_table", CATALOG),
    ("aws_iam_role", ACCESS),
    ("aws_iam_role_policy", ACCESS),
    ("aws_kinesis_stream", Standing(standing::stream)),
    ("aws_kms_alias", Free("a key costs, its alias does not")),
    ("aws_kms_key", Standing(standing::key)),
    ("aws_lambda_event_source_mapping", Free("reading a stream without provisioned pollers costs nothing")),
    ("aws_lambda_function", Use("functions cost by request and duration")),
    ("aws_lambda_function_event_invoke_config", Free("how often a call is tried again is a setting")),
    ("aws_lambda_function_url", Free("a URL costs nothing beyond the requests to its function")),
    ("aws_lambda_invocation", Free("one request whenever something new is applied")),
    ("aws_lambda_permission", ACCESS),
    ("aws_route_table", NETWORK),
    ("aws_route_table_association", NETWORK),
    ("aws_s3_bucket", Use("buckets cost by what lies in them and by requests")),
    ("aws_s3_bucket_lifecycle_configuration", BUCKET_PART),
    ("aws_s3_bucket_logging", Free("access logs cost what their bucket costs")),
    ("aws_s3_bucket_notification", Free("EventBridge takes what AWS' services tell it for nothing")),
    ("aws_s3_bucket_ownership_controls", BUCKET_PART),
    ("aws_s3_bucket_policy", BUCKET_PART),
    ("aws_s3_bucket_public_access_block", BUCKET_PART),
    ("aws_s3_bucket_server_side_encryption_configuration", BUCKET_PART),
    ("aws_s3_bucket_versioning", BUCKET_PART),
    ("aws_scheduler_schedule", Use("schedules cost by invocation")),
    ("aws_scheduler_schedule_group", Free("a group of schedules costs nothing")),
    ("aws_secretsmanager_secret", Standing(standing::secret)),
    ("aws_secretsmanager_secret_rotation", Use("a rotation costs what its function costs")),
    ("aws_security_group", NETWORK),
    ("aws_sns_topic", Use("a topic costs by message: a million and 1000 e-mails a month are free")),
    ("aws_sns_topic_policy", ACCESS),
    ("aws_sns_topic_subscription", Free("subscriptions cost nothing, messages do")),
    ("aws_subnet", NETWORK),
    ("aws_vpc", NETWORK),
    ("aws_vpc_endpoint", Standing(standing::endpoint)),
    ("aws_vpc_security_group_egress_rule", NETWORK),
    ("aws_vpc_security_group_ingress_rule", NETWORK),
];

/// How resources of a type are charged for, if that is known.
pub(super) fn charge(kind: &str) -> Option<Charge> {
    let index = KINDS.binary_search_by_key(&kind, |(name, _)| name).ok()?;
    KINDS.get(index).map(|(_, charge)| *charge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(KINDS.is_sorted_by(|(one, _), (next, _)| one < next));
        assert!(charge("aws_kms_key").is_some() && charge("aws_nat_gateway").is_none());
    }
}
