//! The cache of product views: `aws_elasticache_replication_group` with its `aws_elasticache_subnet_group`,
//! `aws_elasticache_parameter_group`, users and their group (`aws_elasticache_user`, `aws_elasticache_user_group`).
//! No user has a password: functions log in by IAM, and so do shops that read the cache themselves.

use pipegen_contract::cache::{DEFAULT_RIGHTS, READER_RIGHTS, SHOP_RIGHTS, WRITER_RIGHTS};
use serde_json::{Value, json};

use super::build::Build;
use super::encryption::Key;
use super::names::{
    CACHE, CACHE_GROUP, CACHE_PARAMETERS, CACHE_PARAMETERS_VALKEY, CACHE_SUBNETS, CACHE_USERS, CATALOG_USER,
    DEFAULT_USER, MAINTAIN_USER, Name, PROCESSOR_USER, SHOP_USER,
};
use super::network::Network;
use super::security_groups::{self, SecurityGroup};
use crate::config::CacheEngine;
use crate::terraform::{Block, Expression, Reference};

/// The port of the cache.
pub(super) const PORT: u16 = 6379;

/// Returns the family and the name of an engine's parameter group. Each engine's has a name of its own: a group cannot
/// change its family, and can be deleted only once the upgraded cache no longer uses it.
fn parameter_group(engine: CacheEngine) -> (&'static str, Name) {
    match engine {
        CacheEngine::Redis => ("redis7", CACHE_PARAMETERS),
        CacheEngine::Valkey => ("valkey9", CACHE_PARAMETERS_VALKEY),
    }
}

/// The engine of users and of their group, whatever the cache's own is. A Valkey cache takes either, a Redis cache only
/// this: so Redis becomes Valkey in one step, with all clients logged in. The way back recreates the cache.
///
/// <https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Clusters.RBAC.html>
const USERS_ENGINE: &str = "redis";

#[derive(Clone, Debug)]
pub(super) struct Cache {
    replication_group: Reference,
    pub(super) processor: CacheUser,
    pub(super) catalog: CacheUser,
    pub(super) maintain: CacheUser,
    /// The user of shops that may reach the cache.
    pub(super) shop: Option<CacheUser>,
    pub(super) group: SecurityGroup,
}

/// A user of the cache.
#[derive(Clone, Debug)]
pub(super) struct CacheUser {
    user: Reference,
}

impl CacheUser {
    pub(super) fn arn(&self) -> Expression {
        self.user.attribute("arn")
    }

    pub(super) fn name(&self) -> Expression {
        self.user.attribute("user_name")
    }
}

impl Cache {
    pub(super) fn arn(&self) -> Expression {
        self.replication_group.attribute("arn")
    }

    pub(super) fn id(&self) -> Expression {
        self.replication_group.attribute("replication_group_id")
    }

    pub(super) fn host(&self) -> Expression {
        self.replication_group.attribute("primary_endpoint_address")
    }

    pub(super) fn port(&self) -> Expression {
        self.replication_group.attribute("port")
    }
}

/// Declares the cache.
pub(super) fn declare(build: &mut Build<'_>, key: &Key, network: &Network) -> Cache {
    let group = security_groups::declare(build, network, CACHE_GROUP, "The cache of product views");
    let subnets = json!({
        "name": build.names.of(CACHE_SUBNETS),
        "description": "The private subnets",
        "subnet_ids": network.subnet_ids(),
    });
    let subnets = build.document.resource(Block::new("aws_elasticache_subnet_group", "views", subnets));
    let (family, parameters_name) = parameter_group(build.settings.cache_engine);
    let parameters = json!({
        "name": build.names.of(parameters_name),
        "description": "Any entry may go when memory is short",
        "family": family,
        // A `volatile-…` policy would evict tombstones first, and those keep old views out.
        "parameter": [{ "name": "maxmemory-policy", "value": "allkeys-lru" }],
        "lifecycle": { "create_before_destroy": true },
    });
    let parameters = build.document.resource(Block::new("aws_elasticache_parameter_group", "views", parameters));

    // A group of Redis users must have one of this name. It has no rights.
    let no_password = json!({ "type": "no-password-required" });
    let default = user(build, DEFAULT_USER, Some("default"), DEFAULT_RIGHTS, &no_password);
    let iam = json!({ "type": "iam" });
    let processor = user(build, PROCESSOR_USER, None, WRITER_RIGHTS, &iam);
    let catalog = user(build, CATALOG_USER, None, READER_RIGHTS, &iam);
    let maintain = user(build, MAINTAIN_USER, None, WRITER_RIGHTS, &iam);
    let readers = &build.settings.cache_readers;
    let shop = (!readers.is_empty()).then(|| user(build, SHOP_USER, None, SHOP_RIGHTS, &iam));
    for reader in readers {
        security_groups::allow_cache_reader(build, reader, &group, PORT);
    }
    let everybody = [&default, &processor, &catalog, &maintain].into_iter().chain(&shop);
    let ids: Vec<_> = everybody.map(|user| user.attribute("user_id")).collect();
    let users = json!({
        "user_group_id": build.names.of(CACHE_USERS),
        "engine": USERS_ENGINE,
        "user_ids": ids,
    });
    let users = build.document.resource(Block::new("aws_elasticache_user_group", "views", users));

    let body = replication_group(build, key, &group, &subnets, &parameters, &users);
    let replication_group = build.document.resource(Block::new("aws_elasticache_replication_group", "views", body));
    let [processor, catalog, maintain] = [processor, catalog, maintain].map(|user| CacheUser { user });
    let shop = shop.map(|user| CacheUser { user });
    Cache { replication_group, processor, catalog, maintain, shop, group }
}

/// Declares a user. Where users log in by IAM, their name must be their id.
fn user(build: &mut Build<'_>, name: Name, user_name: Option<&str>, rights: &str, authentication: &Value) -> Reference {
    let id = build.names.of(name);
    let body = json!({
        "user_id": id,
        "user_name": user_name.unwrap_or(&id),
        "engine": USERS_ENGINE,
        "access_string": rights,
        "authentication_mode": authentication,
    });
    build.document.resource(Block::new("aws_elasticache_user", name.purpose, body))
}

fn replication_group(
    build: &Build<'_>,
    key: &Key,
    group: &SecurityGroup,
    subnets: &Reference,
    parameters: &Reference,
    users: &Reference,
) -> Value {
    let nodes = build.settings.cache_nodes;
    json!({
        "replication_group_id": build.names.of(CACHE),
        "description": "Product views of the inventory pipeline",
        "engine": build.settings.cache_engine.as_str(),
        "engine_version": build.settings.cache_engine.version(),
        "auto_minor_version_upgrade": true,
        "node_type": build.settings.cache_node_type,
        "num_cache_clusters": nodes,
        "automatic_failover_enabled": nodes > 1,
        "multi_az_enabled": nodes > 1,

        "port": PORT,
        "subnet_group_name": subnets.attribute("name"),
        "security_group_ids": [group.id()],
        "parameter_group_name": parameters.attribute("name"),

        "at_rest_encryption_enabled": true,
        "kms_key_id": key.arn(),
        "transit_encryption_enabled": true,
        "transit_encryption_mode": "required",
        "user_group_ids": [users.attribute("user_group_id")],

        "maintenance_window": "sun:08:00-sun:09:00",
        "apply_immediately": true,
        // Everything in it can be read again from the database.
        "snapshot_retention_limit": 0,
    })
}
