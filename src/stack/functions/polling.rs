//! What Lambda does with the role of a function that the stream feeds: it polls, and keeps the batches that it gives up on.

use pipegen_contract::object_key::ON_FAILURE;
use serde_json::{Value, json};

use super::dependencies::Dependencies;
use crate::stack::access::{allow, deny_code};
use crate::stack::identity::Identity;

const POLLING: [&str; 5] = [
    "kinesis:DescribeStream",
    "kinesis:DescribeStreamSummary",
    "kinesis:GetRecords",
    "kinesis:GetShardIterator",
    "kinesis:ListShards",
];

/// Allows that to Lambda and denies it to the function's code. `PutObject` is denied only where exhausted batches go: the code
/// stores objects of its own elsewhere.
pub(super) fn statements(identity: &Identity, dependencies: &Dependencies<'_>) -> [Value; 5] {
    let batches = dependencies.quarantine.objects(ON_FAILURE);
    let denied: Vec<_> = POLLING.into_iter().chain(["s3:ListBucket"]).collect();
    let mut no_batches = deny_code(identity.function_arn(), &["s3:PutObject"]);
    no_batches["Sid"] = "NotTheCodesBatches".into();
    no_batches["Resource"] = json!(batches);
    [
        allow("Polling", &POLLING, [dependencies.stream.arn()]),
        allow("ExhaustedBatches", &["s3:PutObject"], [batches]),
        allow("ExhaustedBatchesBucket", &["s3:ListBucket"], [dependencies.quarantine.arn()]),
        deny_code(identity.function_arn(), &denied),
        no_batches,
    ]
}
