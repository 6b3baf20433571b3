//! Event source mappings of the stream: `aws_lambda_event_source_mapping`.

use serde_json::json;

use super::bucket::Bucket;
use super::build::Build;
use super::functions::LambdaFunction;
use super::stream::Stream;
use super::units::{SECONDS_PER_DAY, SECONDS_PER_HOUR};
use crate::config::{ARCHIVE_BATCH, ARCHIVE_WINDOW_SECONDS};
use crate::terraform::Block;

/// The greatest age at which Lambda can discard a record.
const OLDEST_SECONDS: u32 = 7 * SECONDS_PER_DAY;

/// The time between discarding a record and its expiry: the longest an invocation can take, so that the batch can still
/// be read when it is in the quarantine.
const MARGIN_SECONDS: u32 = 900;

/// Limits of a batch.
struct Batches {
    records: u32,
    window_seconds: u32,
    /// Batches of one shard at the same time.
    parallel: u32,
}

/// Returns the age at which Lambda discards a record.
pub(super) fn record_age_seconds(build: &Build<'_>) -> u32 {
    let retention = build.settings.stream_retention_hours * SECONDS_PER_HOUR;
    (retention - MARGIN_SECONDS).min(OLDEST_SECONDS)
}

/// Declares the processor's mapping.
pub(super) fn processor(build: &mut Build<'_>, stream: &Stream, processor: &LambdaFunction, quarantine: &Bucket) {
    let batches = Batches {
        records: build.sizing.batch_size,
        // Lambda polls each second anyway; waiting on top of that would only make stock visible later.
        window_seconds: 0,
        parallel: build.sizing.parallelization,
    };
    let mapping = mapping(build, "processor", stream, processor, quarantine, &batches);
    build.document.resource(mapping);
}

/// Declares the archiver's mapping.
pub(super) fn archiver(
    build: &mut Build<'_>,
    stream: &Stream,
    archiver: &LambdaFunction,
    archive: &Bucket,
    quarantine: &Bucket,
) {
    let batches = Batches { records: ARCHIVE_BATCH, window_seconds: ARCHIVE_WINDOW_SECONDS, parallel: 1 };
    let mapping = mapping(build, "archiver", stream, archiver, quarantine, &batches);
    build.document.resource(mapping.after(&archive.protection));
}

fn mapping(
    build: &Build<'_>,
    label: &str,
    stream: &Stream,
    function: &LambdaFunction,
    quarantine: &Bucket,
    batches: &Batches,
) -> Block {
    let body = json!({
        "event_source_arn": stream.arn(),
        "function_name": function.arn(),
        // `LATEST` could miss records that are written while the mapping is being created.
        "starting_position": "TRIM_HORIZON",
        "batch_size": batches.records,
        "maximum_batching_window_in_seconds": batches.window_seconds,
        "parallelization_factor": batches.parallel,
        "function_response_types": ["ReportBatchItemFailures"],
        "bisect_batch_on_function_error": true,
        // A batch is retried until it is too old; then it goes to the quarantine, whole.
        "maximum_retry_attempts": -1,
        "maximum_record_age_in_seconds": record_age_seconds(build),
        "destination_config": { "on_failure": { "destination_arn": quarantine.arn() } },
    });
    let block = Block::new("aws_lambda_event_source_mapping", label, body);
    block.after(function.ready()).after(&quarantine.protection)
}
