//! Kinds of resources, with the prefix and the greatest length of their names.

use crate::config::LONGEST_IAM_NAME;

/// A kind of resource, or of anything else that has a name.
#[derive(Debug)]
pub struct ResourceKind {
    /// The beginning of its names.
    pub prefix: &'static str,
    /// Its name in messages.
    pub noun: &'static str,
    /// The length of the longest name that AWS takes.
    pub limit: usize,
    /// True if the account's number (12 digits) is part of the name.
    pub has_account: bool,
    /// True if the name has underscores in place of hyphens.
    pub has_underscores: bool,
}

impl ResourceKind {
    const fn new(prefix: &'static str, noun: &'static str, limit: usize) -> Self {
        Self { prefix, noun, limit, has_account: false, has_underscores: false }
    }
}

pub(super) const VPC: ResourceKind = ResourceKind::new("vpc", "network's `Name` tag", 256);
pub(super) const SUBNET: ResourceKind = ResourceKind::new("subnet", "subnet's `Name` tag", 256);
pub(super) const ROUTE_TABLE: ResourceKind = ResourceKind::new("route-table", "route table's `Name` tag", 256);
pub(super) const ENDPOINT: ResourceKind = ResourceKind::new("endpoint", "endpoint's `Name` tag", 256);
pub(super) const SECURITY_GROUP: ResourceKind = ResourceKind::new("security-group", "security group", 255);
pub(super) const KEY_ALIAS: ResourceKind = ResourceKind::new("kms", "key alias", 256 - "alias/".len());
pub(super) const STREAM: ResourceKind = ResourceKind::new("kinesis", "stream", 128);
pub(super) const DATABASE: ResourceKind = ResourceKind::new("rds", "database instance", 63);
pub(super) const DATABASE_SUBNETS: ResourceKind = ResourceKind::new("rds-subnets", "database subnet group", 255);
pub(super) const DATABASE_PARAMETERS: ResourceKind =
    ResourceKind::new("rds-parameters", "database parameter group", 255);
pub(super) const DATABASE_SNAPSHOT: ResourceKind = ResourceKind::new("rds-snapshot", "database snapshot", 255);
pub(super) const CACHE: ResourceKind = ResourceKind::new("cache", "cache replication group", 40);
pub(super) const CACHE_SUBNETS: ResourceKind = ResourceKind::new("cache-subnets", "cache subnet group", 255);
pub(super) const CACHE_PARAMETERS: ResourceKind = ResourceKind::new("cache-parameters", "cache parameter group", 255);
pub(super) const CACHE_USER: ResourceKind = ResourceKind::new("user", "cache user", 40);
pub(super) const CACHE_USER_GROUP: ResourceKind = ResourceKind::new("users", "cache user group", 40);
pub(super) const SECRET: ResourceKind = ResourceKind::new("secret", "secret", 512);
pub(super) const BUCKET: ResourceKind = ResourceKind { has_account: true, ..ResourceKind::new("s3", "bucket", 63) };
pub(super) const IAM_ROLE: ResourceKind = ResourceKind::new("role", "IAM role", LONGEST_IAM_NAME);
pub(super) const FUNCTION: ResourceKind = ResourceKind::new("lambda", "function", 64);
pub(in crate::stack) const LOG_GROUP: ResourceKind = ResourceKind::new("logs", "log group", 512);
pub(super) const SCHEDULE_GROUP: ResourceKind = ResourceKind::new("schedules", "schedule group", 64);
pub(super) const SCHEDULE: ResourceKind = ResourceKind::new("schedule", "schedule", 64);
pub(super) const FLOW_LOG: ResourceKind = ResourceKind::new("flow-log", "flow log's `Name` tag", 256);
pub(super) const TOPIC: ResourceKind = ResourceKind::new("topic", "topic", 256);
pub(super) const RULE: ResourceKind = ResourceKind::new("rule", "EventBridge rule", 64);
/// Key and topic are open to resources with such names.
pub(in crate::stack) const ALARM: ResourceKind = ResourceKind::new("alarm", "alarm", 255);
pub(super) const DASHBOARD: ResourceKind = ResourceKind::new("dashboard", "dashboard", 255);
pub(super) const GLUE_DATABASE: ResourceKind =
    ResourceKind { has_underscores: true, ..ResourceKind::new("glue", "Glue database", 255) };
pub(super) const GLUE_TABLE: ResourceKind =
    ResourceKind { has_underscores: true, ..ResourceKind::new("table", "Glue table", 255) };
pub(super) const WORKGROUP: ResourceKind = ResourceKind::new("athena", "Athena workgroup", 128);
pub(super) const METRIC_NAMESPACE: ResourceKind = ResourceKind::new("metrics", "metric namespace", 255);
