//! The catalog's database: `aws_db_instance` with its `aws_db_subnet_group`, `aws_db_parameter_group` and log groups.

use serde_json::{Value, json};

use super::build::Build;
use super::encryption::Key;
use super::names::{
    DATABASE, DATABASE_GROUP, DATABASE_PARAMETERS, DATABASE_PARAMETERS_17, DATABASE_PARAMETERS_18, DATABASE_SUBNETS,
    LAST_SNAPSHOT, Name,
};
use super::network::Network;
use super::security_groups::{self, SecurityGroup};
use super::{keep, logs};
use crate::terraform::{Block, Expression, Reference};

/// The port of the database.
pub(super) const PORT: u16 = 5432;

/// The database's name in the instance.
const DATABASE_NAME: &str = "inventory";

/// The master login. RDS makes its password, keeps it in a secret and renews it.
const MASTER: &str = "inventory_master";

/// The storage grows by itself before it is full, up to so many times the setting.
const STORAGE_GROWTH: u32 = 5;

/// The largest gp3 volume of RDS, in GiB.
const LARGEST_STORAGE_GB: u32 = 65_536;

/// The logs that RDS exports, each to a log group of its own.
const LOGS: [&str; 2] = ["postgresql", "upgrade"];

#[derive(Clone, Debug)]
pub(super) struct DatabaseInstance {
    instance: Reference,
    pub(super) group: SecurityGroup,
}

impl DatabaseInstance {
    pub(super) fn identifier(&self) -> Expression {
        self.instance.attribute("identifier")
    }

    pub(super) fn host(&self) -> Expression {
        self.instance.attribute("address")
    }

    pub(super) fn port(&self) -> Expression {
        self.instance.attribute("port")
    }

    pub(super) fn name(&self) -> Expression {
        self.instance.attribute("db_name")
    }

    /// The id that changes when the instance is recreated, although its name does not.
    pub(super) fn resource_id(&self) -> Expression {
        self.instance.attribute("resource_id")
    }

    pub(super) fn master_secret_arn(&self) -> Expression {
        self.instance.attribute("master_user_secret[0].secret_arn")
    }
}

/// Returns the names of the log groups that RDS writes to, which RDS prescribes.
pub(super) fn log_groups(build: &Build<'_>) -> [String; 2] {
    LOGS.map(|log| format!("/aws/rds/instance/{}/{log}", build.names.of(DATABASE)))
}

/// Declares the database.
pub(super) fn declare(build: &mut Build<'_>, key: &Key, network: &Network) -> DatabaseInstance {
    let group = security_groups::declare(build, network, DATABASE_GROUP, "Database of the catalog");
    let subnets = json!({
        "name": build.names.of(DATABASE_SUBNETS),
        "description": "The private subnets",
        "subnet_ids": network.subnet_ids(),
    });
    let subnets = build.document.resource(Block::new("aws_db_subnet_group", "catalog", subnets));
    let parameters = parameters(build);
    // RDS would create them by itself, without expiry or key, and leave them behind.
    let names = log_groups(build);
    let log_groups =
        LOGS.iter().zip(&names).map(|(log, name)| logs::group(build, key, &format!("database_{log}"), name));
    let log_groups: Vec<_> = log_groups.collect();
    let instance = Block::new("aws_db_instance", "catalog", instance(build, key, &group, &subnets, &parameters));
    let instance = build.document.resource(instance.after(&log_groups));
    DatabaseInstance { instance, group }
}

/// Returns the name of the parameter group. Each version has its own: a group cannot change its family, and can be
/// deleted only once the upgraded database no longer uses it.
fn parameters_name(version: u32) -> Name {
    match version {
        17 => DATABASE_PARAMETERS_17,
        18 => DATABASE_PARAMETERS_18,
        _ => DATABASE_PARAMETERS,
    }
}

fn parameters(build: &mut Build<'_>) -> Reference {
    let version = build.settings.database_version;
    // With `pending-reboot` they are in force from the instance's first start, and a change waits for its next one.
    let parameter = |name: &str, value: &str| json!({ "name": name, "value": value, "apply_method": "pending-reboot" });
    let body = json!({
        "name": build.names.of(parameters_name(version)),
        "description": "TLS only, short locks, slow statements in the log",
        "family": format!("postgres{version}"),
        "parameter": [
            // A function that Lambda froze or stopped in a transaction must not keep its locks.
            parameter("idle_in_transaction_session_timeout", "60000"),
            parameter("log_min_duration_statement", "1000"),
            // The parameters of statements are events: megabytes a line, and just when the database is slow.
            parameter("log_parameter_max_length", "0"),
            parameter("log_parameter_max_length_on_error", "0"),
            // Schema changes and roles are logged; statements with data are not.
            parameter("log_statement", "ddl"),
            parameter("password_encryption", "scram-sha-256"),
            parameter("rds.force_ssl", "1"),
            // Closes a dead client's connection within a minute.
            parameter("tcp_keepalives_count", "3"),
            parameter("tcp_keepalives_idle", "30"),
            parameter("tcp_keepalives_interval", "10"),
            // Nearly each update is the first of a page of the ledger's index after a checkpoint, and logs that page.
            parameter("wal_compression", "on"),
        ],
        "lifecycle": { "create_before_destroy": true },
    });
    build.document.resource(Block::new("aws_db_parameter_group", "catalog", body))
}

fn instance(build: &Build<'_>, key: &Key, group: &SecurityGroup, subnets: &Reference, parameters: &Reference) -> Value {
    let settings = build.settings;
    let keeps = settings.keep_on_destroy;
    let largest = (settings.database_storage_gb * STORAGE_GROWTH).min(LARGEST_STORAGE_GB);
    json!({
        "identifier": build.names.of(DATABASE),
        "engine": "postgres",
        // RDS picks and renews the minor version; naming it would plan a downgrade after each renewal.
        "engine_version": settings.database_version.to_string(),
        "auto_minor_version_upgrade": true,
        // The setting says which major version is wanted.
        "allow_major_version_upgrade": true,
        // By default RDS would keep a version that the community no longer maintains, and charge for it by the hour and
        // processor.
        "engine_lifecycle_support": "open-source-rds-extended-support-disabled",
        "instance_class": settings.database_instance_class.name,
        "multi_az": settings.database_multi_az,

        "storage_type": "gp3",
        "allocated_storage": settings.database_storage_gb,
        // Growing takes a volume that is larger than the present one.
        "max_allocated_storage": (largest > settings.database_storage_gb).then_some(largest),
        "storage_encrypted": true,
        "kms_key_id": key.arn(),

        "db_name": DATABASE_NAME,
        "port": PORT,
        "username": MASTER,
        "manage_master_user_password": true,
        "master_user_secret_kms_key_id": key.arn(),
        // No role is granted `rds_iam`, so no login by IAM is possible; the feature costs nothing.
        "iam_database_authentication_enabled": true,

        "db_subnet_group_name": subnets.attribute("name"),
        "vpc_security_group_ids": [group.id()],
        "publicly_accessible": false,
        "ca_cert_identifier": "rds-ca-rsa2048-g1",
        "parameter_group_name": parameters.attribute("name"),

        "enabled_cloudwatch_logs_exports": LOGS,
        // The free mode.
        "database_insights_mode": "standard",
        "performance_insights_enabled": true,
        "performance_insights_kms_key_id": key.arn(),
        // The retention that is free.
        "performance_insights_retention_period": 7,
        // Enhanced monitoring would create the account's log group `RDSOSMetrics`, which nothing removes.
        "monitoring_interval": 0,

        "backup_retention_period": settings.database_backup_days,
        "backup_window": "06:00-06:30",
        "maintenance_window": "sun:07:00-sun:08:00",
        "copy_tags_to_snapshot": true,
        // Otherwise a change waits for the maintenance window and every plan until then shows it again.
        "apply_immediately": true,

        "deletion_protection": keeps,
        "delete_automated_backups": !keeps,
        "skip_final_snapshot": !keeps,
        "final_snapshot_identifier": keeps.then(|| build.names.of(LAST_SNAPSHOT)),
        "lifecycle": keep::lifecycle(build),
    })
}
