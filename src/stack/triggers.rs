//! What makes the functions run: `aws_lambda_event_source_mapping`.

use serde_json::json;

use super::Build;
use super::bucket::Bucket;
use super::functions::Function;
use super::stream::Stream;
use crate::terraform::Block;

/// The oldest record that Lambda can be told to give up on.
const OLDEST_SECONDS: u32 = 604_800;

/// How long before the stream forgets a record Lambda gives up on it: the longest an invocation can take, so that the batch
/// can still be read when it goes to the quarantine.
const MARGIN_SECONDS: u32 = 900;

/// Declares the processor's mapping.
pub(super) fn processor(build: &mut Build<'_>, stream: &Stream, processor: &Function, quarantine: &Bucket) {
    let retention = build.settings.stream_retention_hours * 60 * 60;
    let block = Block::new(
        "aws_lambda_event_source_mapping",
        "processor",
        json!({
            "event_source_arn": stream.arn(),
            "function_name": processor.arn(),
            // With `LATEST` it could miss what is written while the mapping settles.
            "starting_position": "TRIM_HORIZON",
            "batch_size": build.sizing.batch_size,
            // Lambda looks each second anyway; waiting on top of that would only make stock visible later.
            "maximum_batching_window_in_seconds": 0,
            "parallelization_factor": build.sizing.parallelization,
            "function_response_types": ["ReportBatchItemFailures"],
            "bisect_batch_on_function_error": true,
            // A batch is retried until it is too old; then it goes to the quarantine, whole.
            "maximum_retry_attempts": -1,
            "maximum_record_age_in_seconds": (retention - MARGIN_SECONDS).min(OLDEST_SECONDS),
            "destination_config": { "on_failure": { "destination_arn": quarantine.arn() } },
        }),
    );
    build.document.resource(block.after(processor.ready()).after(&quarantine.protection));
}
