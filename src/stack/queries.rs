//! The archive as an Athena table: `aws_glue_catalog_database`, `aws_glue_catalog_table`, and an `aws_athena_workgroup`
//! for queries, whose results go to a bucket of their own (a [`super::bucket`]).

use pipegen_contract::archive_line::FIELDS;
use pipegen_contract::object_key::ARCHIVE;
use serde_json::{Value, json};

use super::account::AwsAccount;
use super::bucket::{self, Bucket, BucketSpec};
use super::build::Build;
use super::encryption::Key;
use super::names::{ARCHIVE_DATABASE, ARCHIVE_TABLE, QUERIES, QUERY_RESULTS};
use crate::terraform::{Block, Expression, Reference};

/// Days for which results are kept. The same query gives them again.
const RESULT_DAYS: u32 = 7;

/// The most bytes that a query may read, a tebibyte: $5. A query that reads more was meant to name fewer hours.
const LARGEST_SCAN: u64 = 1 << 40;

/// The resources of queries on the archive.
pub(super) struct Queries {
    pub(super) results: Bucket,
    database: Reference,
    table: Reference,
    workgroup: Reference,
}

impl Queries {
    /// Returns the table's name in a query: `database.table`.
    pub(super) fn table(&self) -> Expression {
        self.database.attribute("name").then(".").then(self.table.attribute("name"))
    }

    pub(super) fn workgroup(&self) -> Expression {
        self.workgroup.attribute("name")
    }
}

/// Declares the table, and the resources of queries on it.
pub(super) fn declare(build: &mut Build<'_>, account: &AwsAccount, key: &Key, archive: &Bucket) -> Queries {
    let database = json!({
        "name": build.names.of(ARCHIVE_DATABASE),
        "description": "The archive of the inventory pipeline",
    });
    let database = build.document.resource(Block::new("aws_glue_catalog_database", "archive", database));
    let table = table(build, &database, archive);
    let table = build.document.resource(Block::new("aws_glue_catalog_table", "archive", table));
    let spec = BucketSpec {
        name: QUERY_RESULTS,
        key: Some(key),
        days: RESULT_DAYS,
        rules: Vec::new(),
        statements: &|_| Vec::new(),
    };
    let results = bucket::declare(build, account, spec);
    let workgroup = workgroup(build, account, key, &results);
    let workgroup = build.document.resource(Block::new("aws_athena_workgroup", "queries", workgroup));
    Queries { results, database, table, workgroup }
}

/// The objects as a table: a partition is an hour, and the calendar says which hours there are, so that nothing has to
/// be registered. A query should name its hours (`dt between '2026/11/23/05' and '2026/11/23/07'`).
fn table(build: &Build<'_>, database: &Reference, archive: &Bucket) -> Value {
    let location = Expression::from("s3://").then(archive.name()).then("/").then(ARCHIVE);
    let columns: Vec<_> =
        FIELDS.iter().map(|(name, meaning)| json!({ "name": name, "type": "string", "comment": meaning })).collect();
    // The lifecycle ends objects within two days after they are due.
    let oldest_days = build.settings.archive_retention_days + 2;
    json!({
        "database_name": database.attribute("name"),
        "name": build.names.of(ARCHIVE_TABLE),
        "description": "Every record of the stream; take each (shard, sequence_number) once",
        "table_type": "EXTERNAL_TABLE",
        "partition_keys": [{ "name": "dt", "type": "string", "comment": "The hour of arrival, UTC: yyyy/MM/dd/HH" }],
        "parameters": {
            "EXTERNAL": "TRUE",
            "classification": "json",
            "compressionType": "gzip",
            "projection.enabled": "true",
            "projection.dt.type": "date",
            "projection.dt.format": "yyyy/MM/dd/HH",
            "projection.dt.interval": "1",
            "projection.dt.interval.unit": "HOURS",
            "projection.dt.range": format!("NOW-{oldest_days}DAYS,NOW"),
            "storage.location.template": location.clone().then("${dt}"),
        },
        "storage_descriptor": {
            "location": location,
            "input_format": "org.apache.hadoop.mapred.TextInputFormat",
            "output_format": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
            "columns": columns,
            "ser_de_info": {
                "serialization_library": "org.openx.data.jsonserde.JsonSerDe",
                "parameters": { "serialization.format": "1" },
            },
        },
    })
}

fn workgroup(build: &Build<'_>, account: &AwsAccount, key: &Key, results: &Bucket) -> Value {
    json!({
        "name": build.names.of(QUERIES),
        "description": "Questions to the archive",
        "state": "ENABLED",
        // Destroy also deletes its history and saved queries.
        "force_destroy": !build.settings.keep_on_destroy,
        "configuration": {
            // These settings override a client's.
            "enforce_workgroup_configuration": true,
            "bytes_scanned_cutoff_per_query": LARGEST_SCAN,
            "publish_cloudwatch_metrics_enabled": true,
            "result_configuration": {
                "output_location": Expression::from("s3://").then(results.name()).then("/"),
                "expected_bucket_owner": account.id(),
                "encryption_configuration": { "encryption_option": "SSE_KMS", "kms_key_arn": key.arn() },
            },
        },
    })
}
