//! Lambda's rights in the role of a function that reads the stream: it polls the stream, and stores the batches that it
//! discards.

use pipegen_contract::object_key::ON_FAILURE;
use serde_json::{Value, json};

use super::dependencies::Dependencies;
use crate::stack::access::{allow, deny_function_code};
use crate::stack::identity::Identity;

const POLLING: [&str; 5] = [
    "kinesis:DescribeStream",
    "kinesis:DescribeStreamSummary",
    "kinesis:GetRecords",
    "kinesis:GetShardIterator",
    "kinesis:ListShards",
];

/// Allows these actions to Lambda and denies them to the function's code. `PutObject` is denied only for the prefix of
/// discarded batches: the code stores its own objects under another.
pub(super) fn statements(identity: &Identity, dependencies: &Dependencies<'_>) -> [Value; 5] {
    let batches = dependencies.buckets.quarantine.objects(ON_FAILURE);
    let denied: Vec<_> = POLLING.into_iter().chain(["s3:ListBucket"]).collect();
    let mut no_batches = deny_function_code(identity.function_arn(), &["s3:PutObject"]);
    no_batches["Sid"] = "NotTheCodesBatches".into();
    no_batches["Resource"] = json!(batches);
    [
        allow("Polling", &POLLING, [dependencies.stream.arn()]),
        allow("ExhaustedBatches", &["s3:PutObject"], [batches]),
        allow("ExhaustedBatchesBucket", &["s3:ListBucket"], [dependencies.buckets.quarantine.arn()]),
        deny_function_code(identity.function_arn(), &denied),
        no_batches,
    ]
}
