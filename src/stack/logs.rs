//! Log groups: `aws_cloudwatch_log_group`. All are declared, so that they are encrypted, expire, and are destroyed with
//! the stack; the roles that write logs may not create log groups.

use serde_json::{Value, json};

use super::account::AwsAccount;
use super::build::Build;
use super::encryption::Key;
use super::names::{LOG_GROUP, of_kind};
use crate::config::REGION;
use crate::terraform::{Block, Reference};

/// Declares a log group.
pub(super) fn group(build: &mut Build<'_>, key: &Key, label: &str, name: &str) -> Reference {
    build.document.resource(Block::new(
        "aws_cloudwatch_log_group",
        label,
        json!({
            "name": name,
            "retention_in_days": build.settings.log_retention_days,
            "kms_key_id": key.arn(),
            "skip_destroy": false,
        }),
    ))
}

/// Lets `CloudWatch` Logs encrypt exactly the log groups of this stack, those of other services among them. AWS' own
/// example also names `kms:DescribeKey`, which has no encryption context: under this condition it would allow nothing.
pub(super) fn key_statement(build: &Build<'_>, account: &AwsAccount, others: &[String]) -> Value {
    let groups = of_kind(&LOG_GROUP).map(|name| build.names.of(name)).chain(others.iter().cloned());
    let arns: Vec<_> = groups.map(|group| account.arn("logs", &format!("log-group:{group}"))).collect();
    json!({
        "Sid": "Logs",
        "Effect": "Allow",
        "Principal": { "Service": format!("logs.{REGION}.amazonaws.com") },
        "Action": [
            "kms:Decrypt",
            "kms:Encrypt",
            "kms:GenerateDataKey",
            "kms:GenerateDataKeyWithoutPlaintext",
            "kms:ReEncryptFrom",
            "kms:ReEncryptTo",
        ],
        "Resource": "*",
        "Condition": { "ArnEquals": { "kms:EncryptionContext:aws:logs:arn": arns } },
    })
}
