//! S3 access logs: a bucket for them (a [`super::bucket`]), and `aws_s3_bucket_logging` for each bucket whose accesses
//! are logged.

use serde_json::{Value, json};

use super::account::AwsAccount;
use super::bucket::{self, Bucket, BucketSpec};
use super::build::Build;
use super::names::ACCESS_LOGS;
use crate::terraform::Expression;

/// Declares the bucket, and has S3 log each access to these buckets.
pub(super) fn declare(build: &mut Build<'_>, account: &AwsAccount, watched: &[&Bucket]) {
    let sources: Vec<_> = watched.iter().map(|bucket| bucket.arn()).collect();
    let spec = BucketSpec {
        name: ACCESS_LOGS,
        // S3 delivers its logs to buckets with its own key only.
        key: None,
        days: build.settings.log_retention_days,
        rules: Vec::new(),
        statements: &|bucket| vec![delivery(account, bucket, &sources)],
    };
    let logs = bucket::declare(build, account, spec);
    let protection: Vec<_> = logs.protection.iter().collect();
    for bucket in watched {
        let body = json!({ "target_bucket": logs.name(), "target_prefix": format!("{}/", bucket.label) });
        bucket.part(build, "aws_s3_bucket_logging", body, &protection);
    }
}

/// Lets S3 deliver the logs of these buckets. Logs come late, up to hours; as destroy removes this before the bucket,
/// none can be delivered into a bucket that was just emptied.
fn delivery(account: &AwsAccount, logs: &Bucket, sources: &[Expression]) -> Value {
    json!({
        "Sid": "Delivery",
        "Effect": "Allow",
        "Principal": { "Service": "logging.s3.amazonaws.com" },
        "Action": "s3:PutObject",
        "Resource": [logs.objects("")],
        "Condition": {
            "StringEquals": { "aws:SourceAccount": account.id() },
            "ArnEquals": { "aws:SourceArn": sources },
        },
    })
}
