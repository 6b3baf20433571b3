//! The table of AWS' prices in us-east-1, on demand and before tax.
//!
//! Each price has the AWS page that it is from. To bring the table up to date, go through the pages and set [`AS_OF`].

use crate::config::CacheEngine;

/// The month in which the prices were last compared with their pages.
pub const AS_OF: &str = "November 2026";

/// The price of one unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Price {
    /// The priced item; unique in the table.
    pub name: &'static str,
    /// Name of the unit that the price is for, such as `million requests`.
    pub unit: &'static str,
    /// The count in one unit, such as 1 000 000.
    pub size: f64,
    /// In US dollars for one unit.
    pub dollars: f64,
    /// The count that is never charged for in a month. AWS grants this without an end, once for all accounts that share
    /// a bill.
    pub always_free: f64,
    /// The URL of AWS' page.
    pub page: &'static str,
}

impl Price {
    const fn new(name: &'static str, unit: &'static str, dollars: f64, page: &'static str) -> Self {
        Self { name, unit, size: 1.0, dollars, always_free: 0.0, page }
    }

    const fn for_each(self, size: f64) -> Self {
        Self { size, ..self }
    }

    const fn beyond(self, always_free: f64) -> Self {
        Self { always_free, ..self }
    }
}

const KINESIS: &str = "https://aws.amazon.com/kinesis/data-streams/pricing/";
const RDS: &str = "https://aws.amazon.com/rds/postgresql/pricing/";
const ELASTICACHE: &str = "https://aws.amazon.com/elasticache/pricing/";
const PRIVATELINK: &str = "https://aws.amazon.com/privatelink/pricing/";
const TRANSFER: &str = "https://aws.amazon.com/ec2/pricing/on-demand/";
const SECRETS: &str = "https://aws.amazon.com/secrets-manager/pricing/";
const KMS: &str = "https://aws.amazon.com/kms/pricing/";
const CLOUDWATCH: &str = "https://aws.amazon.com/cloudwatch/pricing/";
const LAMBDA: &str = "https://aws.amazon.com/lambda/pricing/";
const SCHEDULER: &str = "https://aws.amazon.com/eventbridge/pricing/";
const S3: &str = "https://aws.amazon.com/s3/pricing/";

const MILLION: f64 = 1e6;

macro_rules! prices {
    ($($(#[$meta:meta])* $name:ident = $price:expr;)*) => {
        $($(#[$meta])* pub const $name: Price = $price;)*
        /// Every price but those of database classes and cache nodes.
        pub const ALL: &[Price] = &[$($name),*];
    };
}

prices! {
    /// A shard of a provisioned stream.
    SHARD = Price::new("Kinesis shard", "shard-hours", 0.015, KINESIS);
    /// A record, or each 25 KB of it.
    PUT_UNIT = Price::new("Kinesis PUT units", "million units", 0.014, KINESIS).for_each(MILLION);
    /// Retention beyond 24 hours, the first seven days of it.
    EXTENDED_RETENTION = Price::new("Kinesis retention to 7 days", "shard-hours", 0.02, KINESIS);
    /// Retention beyond seven days.
    LONG_RETENTION = Price::new("Kinesis retention beyond 7 days", "GB-months", 0.023, KINESIS);

    /// Storage of a database in one zone.
    DATABASE_STORAGE = Price::new("RDS gp3 storage", "GB-months", 0.115, RDS);
    /// Backups beyond the size of the storage.
    DATABASE_BACKUP = Price::new("RDS backups", "GB-months", 0.095, RDS);

    /// An interface endpoint in one zone.
    INTERFACE_ENDPOINT = Price::new("Interface endpoint", "zone-hours", 0.01, PRIVATELINK);
    /// Data that leaves one zone for another, and data that comes in from one.
    ZONE_CROSSING = Price::new("Traffic between zones", "GB", 0.01, TRANSFER);

    SECRET = Price::new("Secrets", "secrets", 0.40, SECRETS);
    /// A call to Secrets Manager.
    SECRET_CALL = Price::new("Secrets Manager calls", "10,000 calls", 0.05, SECRETS).for_each(10_000.0);

    /// A key, and again for each of its first two rotations.
    KEY = Price::new("KMS key", "key versions", 1.00, KMS);
    /// A call with a symmetric key.
    KEY_CALL = Price::new("KMS requests", "10,000 requests", 0.03, KMS).for_each(10_000.0).beyond(20_000.0);

    /// A metric in a standard alarm.
    ALARM = Price::new("CloudWatch alarms", "alarm metrics", 0.10, CLOUDWATCH).beyond(10.0);
    DASHBOARD = Price::new("CloudWatch dashboards", "dashboards", 3.00, CLOUDWATCH).beyond(3.0);
    /// A custom metric, that is each combination of name and dimensions.
    METRIC = Price::new("CloudWatch metrics", "metrics", 0.30, CLOUDWATCH).beyond(10.0);
    /// Ingestion of logs: Lambda's, a database's and flow logs.
    LOG_INGESTION = Price::new("CloudWatch log ingestion", "GB", 0.50, CLOUDWATCH).beyond(5.0);
    /// Storage of logs, compressed.
    LOG_STORAGE = Price::new("CloudWatch log storage", "GB-months", 0.03, CLOUDWATCH);

    LAMBDA_REQUEST = Price::new("Lambda requests", "million requests", 0.20, LAMBDA).for_each(MILLION).beyond(MILLION);
    /// Memory times duration on `x86_64`.
    LAMBDA_X86_64 = Price::new("Lambda duration, x86_64", "GB-seconds", 0.000_016_666_7, LAMBDA).beyond(400_000.0);
    /// Memory times duration on `arm64`.
    LAMBDA_ARM64 = Price::new("Lambda duration, arm64", "GB-seconds", 0.000_013_333_4, LAMBDA).beyond(400_000.0);

    /// A schedule's invocation.
    SCHEDULE = Price::new("Scheduler invocations", "million invocations", 1.00, SCHEDULER)
        .for_each(MILLION)
        .beyond(14.0 * MILLION);

    /// An object stored, listed or copied.
    S3_PUT = Price::new("S3 PUT requests", "1,000 requests", 0.005, S3).for_each(1000.0);
    S3_STANDARD = Price::new("S3 Standard", "GB-months", 0.023, S3);
    S3_GLACIER_IR = Price::new("S3 Glacier Instant Retrieval", "GB-months", 0.004, S3);
    /// An object's transition to Glacier Instant Retrieval.
    S3_TO_GLACIER_IR = Price::new("S3 transitions to Glacier Instant Retrieval", "1,000 objects", 0.02, S3).for_each(1000.0);
}

/// Dollars an hour of a PostgreSQL instance in one zone, by its class.
#[expect(clippy::approx_constant, reason = "0.318 is a price, not a part of a circle")]
const DATABASE_HOURS: &[(&str, f64)] = &[
    ("db.t4g.micro", 0.016),
    ("db.t4g.small", 0.032),
    ("db.t4g.medium", 0.065),
    ("db.t4g.large", 0.129),
    ("db.t4g.xlarge", 0.258),
    ("db.t4g.2xlarge", 0.517),
    ("db.m6g.large", 0.159),
    ("db.m6g.xlarge", 0.318),
    ("db.m6g.2xlarge", 0.636),
    ("db.m6g.4xlarge", 1.272),
    ("db.m7g.large", 0.168),
    ("db.m7g.xlarge", 0.337),
    ("db.m7g.2xlarge", 0.674),
    ("db.m7g.4xlarge", 1.348),
    ("db.r6g.large", 0.225),
    ("db.r6g.xlarge", 0.45),
    ("db.r6g.2xlarge", 0.899),
    ("db.r6g.4xlarge", 1.798),
    ("db.r7g.large", 0.239),
    ("db.r7g.xlarge", 0.478),
    ("db.r7g.2xlarge", 0.956),
    ("db.r7g.4xlarge", 1.911),
];

/// The price of a Valkey node, as a share of that of the same Redis node.
const VALKEY_SHARE: f64 = 0.8;

/// Dollars an hour of a node of Redis, by its type.
const CACHE_HOURS: &[(&str, f64)] = &[
    ("cache.t4g.micro", 0.016),
    ("cache.t4g.small", 0.032),
    ("cache.t4g.medium", 0.065),
    ("cache.m6g.large", 0.149),
    ("cache.m6g.xlarge", 0.297),
    ("cache.m6g.2xlarge", 0.593),
    ("cache.m7g.large", 0.158),
    ("cache.m7g.xlarge", 0.315),
    ("cache.m7g.2xlarge", 0.629),
    ("cache.r6g.large", 0.206),
    ("cache.r6g.xlarge", 0.411),
    ("cache.r6g.2xlarge", 0.821),
    ("cache.r7g.large", 0.219),
    ("cache.r7g.xlarge", 0.437),
    ("cache.r7g.2xlarge", 0.873),
];

/// Returns the price of a PostgreSQL instance in one zone; in two zones it costs twice that.
pub fn database(class: &str) -> Option<Price> {
    let (_, dollars) = DATABASE_HOURS.iter().find(|(name, _)| *name == class)?;
    Some(Price::new("PostgreSQL instance", "instance-hours", *dollars, RDS))
}

/// Returns the price of a node of the cache.
pub fn cache_node(engine: CacheEngine, node_type: &str) -> Option<Price> {
    let (_, dollars) = CACHE_HOURS.iter().find(|(name, _)| *name == node_type)?;
    let (name, share) = match engine {
        CacheEngine::Redis => ("Redis node", 1.0),
        CacheEngine::Valkey => ("Valkey node", VALKEY_SHARE),
    };
    Some(Price::new(name, "node-hours", dollars * share, ELASTICACHE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::instance_types::{CACHE_NODE_TYPES, DATABASE_CLASSES};

    #[test]
    fn every_machine_that_can_be_set_has_a_price_and_no_other() {
        let priced: Vec<_> = DATABASE_HOURS.iter().map(|(class, _)| *class).collect();
        assert_eq!(priced, DATABASE_CLASSES.iter().map(|class| class.name).collect::<Vec<_>>());
        let priced: Vec<_> = CACHE_HOURS.iter().map(|(node_type, _)| *node_type).collect();
        assert_eq!(priced, CACHE_NODE_TYPES);
    }

    #[test]
    fn a_price_is_above_zero_and_has_a_name_of_its_own_and_a_page() {
        for price in ALL {
            assert!(price.dollars > 0.0 && price.size >= 1.0 && price.always_free >= 0.0, "{price:?}");
            assert!(price.page.starts_with("https://aws.amazon.com/") && price.page.ends_with('/'), "{price:?}");
            assert_eq!(ALL.iter().filter(|other| other.name == price.name).count(), 1, "{price:?}");
        }
    }
}
