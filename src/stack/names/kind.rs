//! Kinds of things that have names: what their names begin with, and how long AWS lets them be.

/// A kind of thing that has a name.
#[derive(Debug)]
pub struct Kind {
    /// What its names begin with.
    pub prefix: &'static str,
    /// What to call it in a message.
    pub noun: &'static str,
    /// The longest name that AWS takes.
    pub limit: usize,
    /// Whether the account's number (12 digits) is part of the name.
    pub has_account: bool,
    /// Whether AWS takes underscores in place of the hyphens.
    pub has_underscores: bool,
}

impl Kind {
    const fn new(prefix: &'static str, noun: &'static str, limit: usize) -> Self {
        Self { prefix, noun, limit, has_account: false, has_underscores: false }
    }
}

pub(super) const VPC: Kind = Kind::new("vpc", "network's `Name` tag", 256);
pub(super) const SUBNET: Kind = Kind::new("subnet", "subnet's `Name` tag", 256);
pub(super) const ROUTE_TABLE: Kind = Kind::new("route-table", "route table's `Name` tag", 256);
pub(super) const ENDPOINT: Kind = Kind::new("endpoint", "endpoint's `Name` tag", 256);
pub(super) const SECURITY_GROUP: Kind = Kind::new("security-group", "security group", 255);
pub(super) const KEY_ALIAS: Kind = Kind::new("kms", "key alias", 256 - "alias/".len());
pub(super) const STREAM: Kind = Kind::new("kinesis", "stream", 128);
pub(super) const DATABASE: Kind = Kind::new("rds", "database instance", 63);
pub(super) const DATABASE_SUBNETS: Kind = Kind::new("rds-subnets", "database subnet group", 255);
pub(super) const DATABASE_PARAMETERS: Kind = Kind::new("rds-parameters", "database parameter group", 255);
pub(super) const DATABASE_SNAPSHOT: Kind = Kind::new("rds-snapshot", "database snapshot", 255);
pub(super) const CACHE: Kind = Kind::new("cache", "cache replication group", 40);
pub(super) const CACHE_SUBNETS: Kind = Kind::new("cache-subnets", "cache subnet group", 255);
pub(super) const CACHE_PARAMETERS: Kind = Kind::new("cache-parameters", "cache parameter group", 255);
pub(super) const CACHE_USER: Kind = Kind::new("cache-user", "cache user", 40);
pub(super) const CACHE_USER_GROUP: Kind = Kind::new("cache-users", "cache user group", 40);
pub(super) const SECRET: Kind = Kind::new("secret", "secret", 512);
pub(super) const BUCKET: Kind = Kind { has_account: true, ..Kind::new("s3", "bucket", 63) };
pub(super) const IAM_ROLE: Kind = Kind::new("role", "IAM role", 64);
pub(super) const FUNCTION: Kind = Kind::new("lambda", "function", 64);
pub(in crate::stack) const LOG_GROUP: Kind = Kind::new("logs", "log group", 512);
pub(super) const SCHEDULE_GROUP: Kind = Kind::new("schedules", "schedule group", 64);
pub(super) const SCHEDULE: Kind = Kind::new("schedule", "schedule", 64);
pub(super) const FLOW_LOG: Kind = Kind::new("flow-log", "flow log's `Name` tag", 256);
pub(super) const TOPIC: Kind = Kind::new("topic", "topic", 256);
/// The key and the topic are open to what is named so.
pub(in crate::stack) const ALARM: Kind = Kind::new("alarm", "alarm", 255);
pub(super) const DASHBOARD: Kind = Kind::new("dashboard", "dashboard", 255);
pub(super) const GLUE_DATABASE: Kind = Kind { has_underscores: true, ..Kind::new("glue", "Glue database", 255) };
pub(super) const GLUE_TABLE: Kind = Kind { has_underscores: true, ..Kind::new("table", "Glue table", 255) };
pub(super) const WORKGROUP: Kind = Kind::new("athena", "Athena workgroup", 128);
pub(super) const METRIC_NAMESPACE: Kind = Kind::new("metrics", "metric namespace", 255);
