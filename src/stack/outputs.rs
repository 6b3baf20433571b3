//! What `terraform output` tells.

use super::Build;
use super::bucket::Bucket;
use super::cache::Cache;
use super::database::Database;
use super::stream::Stream;

/// Declares the outputs.
pub(super) fn declare(
    build: &mut Build<'_>,
    stream: &Stream,
    database: &Database,
    cache: &Cache,
    archive: &Bucket,
    quarantine: &Bucket,
) {
    let mut output = |name, description, value| build.document.output(name, description, &value);
    output("stream_name", "Where suppliers put their events", stream.name());
    output("stream_arn", "The stream, for the suppliers' policies", stream.arn());
    output("database_host", "The catalog's database, inside the network", database.host());
    output("cache_host", "Redis' primary endpoint, inside the network", cache.host());
    output("archive_bucket", "Every record of the stream", archive.name());
    output("quarantine_bucket", "Rejected events and exhausted batches", quarantine.name());
}
