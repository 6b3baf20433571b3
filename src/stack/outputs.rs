//! What `terraform output` tells.

use std::collections::BTreeMap;

use serde_json::json;

use super::Build;
use super::bucket::Bucket;
use super::cache::Cache;
use super::database::Database;
use super::queries::Queries;
use super::stream::Stream;
use crate::terraform::Expression;

/// What is told.
pub(super) struct Told<'a> {
    pub(super) stream: &'a Stream,
    pub(super) database: &'a Database,
    pub(super) cache: &'a Cache,
    pub(super) archive: &'a Bucket,
    pub(super) quarantine: &'a Bucket,
    pub(super) queries: &'a Queries,
    pub(super) catalog_url: Expression,
    pub(super) supplier_roles: Vec<(String, Expression)>,
}

/// Declares the outputs.
pub(super) fn declare(build: &mut Build<'_>, told: Told<'_>) {
    let mut output = |name, description, value: Expression| build.document.output(name, description, &json!(value));
    output("stream_name", "Where suppliers put their events", told.stream.name());
    output("stream_arn", "The stream, for the suppliers' policies", told.stream.arn());
    output("database_host", "The catalog's database, inside the network", told.database.host());
    output("cache_host", "The cache's primary endpoint, inside the network", told.cache.host());
    output("archive_bucket", "Every record of the stream", told.archive.name());
    output("archive_table", "The same as a table, for queries", told.queries.table());
    output("archive_workgroup", "The Athena workgroup to ask it in", told.queries.workgroup());
    output("quarantine_bucket", "Rejected events and exhausted batches", told.quarantine.name());
    output("catalog_url", "Where readers ask, with signed requests: products/{sku}", told.catalog_url);
    if let Some(shop) = &told.cache.shop {
        let description = "How a shop reads the cache: over TLS as this user, with elasticache:Connect on these ARNs and a way out \
                           to this security group";
        let login = json!({
            "host": told.cache.host(),
            "port": told.cache.port(),
            "user": shop.name(),
            "replication_group": told.cache.id(),
            "arns": [told.cache.arn(), shop.arn()],
            "security_group": told.cache.group.id(),
        });
        build.document.output("cache_reader", description, &login);
    }
    let roles: BTreeMap<_, _> = told.supplier_roles.into_iter().collect();
    build.document.output("supplier_roles", "The role that each supplier takes", &json!(roles));
}
