//! The values that `terraform output` prints.

use std::collections::BTreeMap;

use serde_json::json;

use super::bucket::Bucket;
use super::build::Build;
use super::cache::Cache;
use super::database::DatabaseInstance;
use super::queries::Queries;
use super::stream::Stream;
use crate::terraform::Expression;

/// The resources whose attributes are outputs.
pub(super) struct Outputs<'a> {
    pub(super) stream: &'a Stream,
    pub(super) database: &'a DatabaseInstance,
    pub(super) cache: &'a Cache,
    pub(super) archive: &'a Bucket,
    pub(super) quarantine: &'a Bucket,
    pub(super) crossings: &'a Bucket,
    pub(super) queries: &'a Queries,
    pub(super) catalog_url: Expression,
    pub(super) ingest_url: Expression,
    pub(super) supplier_roles: Vec<(String, Expression)>,
}

/// Declares the outputs.
pub(super) fn declare(build: &mut Build<'_>, outputs: Outputs<'_>) {
    let mut output = |name, description, value: Expression| build.document.output(name, description, &json!(value));
    output("stream_name", "Where suppliers put their events", outputs.stream.name());
    output("stream_arn", "The stream, for the suppliers' policies", outputs.stream.arn());
    output("database_host", "The catalog's database, inside the network", outputs.database.host());
    output("cache_host", "The cache's primary endpoint, inside the network", outputs.cache.host());
    output("archive_bucket", "Every record of the stream", outputs.archive.name());
    output("archive_table", "The same as a table, for queries", outputs.queries.table());
    output("archive_workgroup", "The Athena workgroup to ask it in", outputs.queries.workgroup());
    output("quarantine_bucket", "Rejected events and exhausted batches", outputs.quarantine.name());
    output("crossings_bucket", "Products whose stock became low, or recovered", outputs.crossings.name());
    output("catalog_url", "Where readers ask, with signed requests: products/{sku}", outputs.catalog_url);
    output("ingest_url", "Where suppliers send their events, with signed requests: events", outputs.ingest_url);
    if let Some(shop) = &outputs.cache.shop {
        let description = "How a shop reads the cache: over TLS as this user, with elasticache:Connect on these ARNs and a way out \
                           to this security group";
        let login = json!({
            "host": outputs.cache.host(),
            "port": outputs.cache.port(),
            "user": shop.name(),
            "replication_group": outputs.cache.id(),
            "arns": [outputs.cache.arn(), shop.arn()],
            "security_group": outputs.cache.group.id(),
        });
        build.document.output("cache_reader", description, &login);
    }
    let roles: BTreeMap<_, _> = outputs.supplier_roles.into_iter().collect();
    build.document.output("supplier_roles", "The role that each supplier takes", &json!(roles));
}
