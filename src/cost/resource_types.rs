//! Every type of resource, with its charge or the reason why it has none.

use super::fixed;
use super::line_item::LineItem;
use crate::config::Settings;
use crate::terraform::declared::Resource;

/// The charge for a type of resource.
#[derive(Clone, Copy)]
pub(super) enum Charge {
    /// By the hour or the month; `None` if the price of what the resource is set to is not known.
    Fixed(fn(&Resource, &Settings) -> Option<Vec<LineItem>>),
    /// Only by use, which `usage` counts where it can be foreseen.
    ByUse(&'static str),
    Free(&'static str),
}

use Charge::{ByUse, Fixed, Free};

const ACCESS: Charge = Free("access management costs nothing");
const NETWORK: Charge = Free("networks, their rules and routes cost nothing");
const PARAMETERS: Charge = Free("parameter and subnet groups cost nothing, their servers do");
const BUCKET_PART: Charge = Free("a bucket's settings cost nothing");
const GLUE: Charge = Free("Glue charges beyond a million objects in its catalog");

/// The types, sorted.
const RESOURCE_TYPES: &[(&str, Charge)] = &[
    ("aws_athena_workgroup", ByUse("a query of the archive costs $5 for a terabyte read")),
    ("aws_cloudwatch_dashboard", Fixed(fixed::dashboard)),
    ("aws_cloudwatch_event_rule", Free("EventBridge takes and passes on the events of AWS' services without charge")),
    ("aws_cloudwatch_event_target", Free("a rule's target costs what it does with the events")),
    ("aws_cloudwatch_log_group", ByUse("logs cost by ingestion and storage")),
    ("aws_cloudwatch_metric_alarm", Fixed(fixed::alarm)),
    ("aws_db_instance", Fixed(fixed::database)),
    ("aws_db_parameter_group", PARAMETERS),
    ("aws_db_subnet_group", PARAMETERS),
    ("aws_default_security_group", NETWORK),
    ("aws_elasticache_parameter_group", PARAMETERS),
    ("aws_elasticache_replication_group", Fixed(fixed::cache)),
    ("aws_elasticache_subnet_group", PARAMETERS),
    ("aws_elasticache_user", ACCESS),
    ("aws_elasticache_user_group", ACCESS),
    ("aws_flow_log", ByUse("a flow log costs what its log group costs")),
    ("aws_glue_catalog_database", GLUE),
    ("aws_glue_catalog_table", GLUE),
    ("aws_iam_role", ACCESS),
    ("aws_iam_role_policy", ACCESS),
    ("aws_kinesis_stream", Fixed(fixed::stream)),
    ("aws_kms_alias", Free("a key costs, its alias does not")),
    ("aws_kms_key", Fixed(fixed::key)),
    ("aws_lambda_event_source_mapping", Free("reading a stream without provisioned pollers costs nothing")),
    ("aws_lambda_function", ByUse("functions cost by request and duration")),
    ("aws_lambda_function_event_invoke_config", Free("the number of retries is a setting")),
    ("aws_lambda_function_url", Free("a URL costs nothing beyond the requests to its function")),
    ("aws_lambda_invocation", Free("one request whenever the function changes")),
    ("aws_lambda_permission", ACCESS),
    ("aws_route_table", NETWORK),
    ("aws_route_table_association", NETWORK),
    ("aws_s3_bucket", ByUse("buckets cost by storage and requests")),
    ("aws_s3_bucket_lifecycle_configuration", BUCKET_PART),
    ("aws_s3_bucket_logging", Free("access logs cost what their bucket costs")),
    ("aws_s3_bucket_notification", Free("EventBridge takes the events of AWS' services without charge")),
    ("aws_s3_bucket_ownership_controls", BUCKET_PART),
    ("aws_s3_bucket_policy", BUCKET_PART),
    ("aws_s3_bucket_public_access_block", BUCKET_PART),
    ("aws_s3_bucket_server_side_encryption_configuration", BUCKET_PART),
    ("aws_s3_bucket_versioning", BUCKET_PART),
    ("aws_scheduler_schedule", ByUse("schedules cost by invocation")),
    ("aws_scheduler_schedule_group", Free("a group of schedules costs nothing")),
    ("aws_secretsmanager_secret", Fixed(fixed::secret)),
    ("aws_secretsmanager_secret_rotation", ByUse("a rotation costs what its function costs")),
    ("aws_security_group", NETWORK),
    ("aws_sns_topic", ByUse("a topic costs by message: a million and 1000 e-mails a month are free")),
    ("aws_sns_topic_policy", ACCESS),
    ("aws_sns_topic_subscription", Free("subscriptions cost nothing, messages do")),
    ("aws_subnet", NETWORK),
    ("aws_vpc", NETWORK),
    ("aws_vpc_endpoint", Fixed(fixed::endpoint)),
    ("aws_vpc_security_group_egress_rule", NETWORK),
    ("aws_vpc_security_group_ingress_rule", NETWORK),
];

/// Returns the charge for a type of resource, if it is known.
pub(super) fn charge(kind: &str) -> Option<Charge> {
    let index = RESOURCE_TYPES.binary_search_by_key(&kind, |(name, _)| name).ok()?;
    RESOURCE_TYPES.get(index).map(|(_, charge)| *charge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(RESOURCE_TYPES.is_sorted_by(|(one, _), (next, _)| one < next));
        assert!(charge("aws_kms_key").is_some() && charge("aws_nat_gateway").is_none());
    }
}
