//! One customer-managed key for everything: `aws_kms_key`, `aws_kms_alias`.

use serde_json::{Value, json};

use super::Build;
use super::access::policy;
use super::account::Account;
use super::names::{KEY, LOG_GROUP, of_kind};
use super::{database, keep, topic};
use crate::config::REGION;
use crate::terraform::{Block, Expression, Reference};

/// The key.
#[derive(Clone, Debug)]
pub(super) struct Key {
    key: Reference,
}

impl Key {
    pub(super) fn arn(&self) -> Expression {
        self.key.attribute("arn")
    }
}

/// Declares the key and its alias.
pub(super) fn declare(build: &mut Build<'_>, account: &Account) -> Key {
    let key = build.document.resource(Block::new(
        "aws_kms_key",
        "main",
        json!({
            "description": format!("Everything of the inventory pipeline {}", build.names.environment()),
            "enable_key_rotation": true,
            "rotation_period_in_days": build.settings.key_rotation_days,
            // The shortest wait that AWS allows, or the longest for second thoughts; a key pending deletion costs nothing.
            "deletion_window_in_days": if build.settings.keep_on_destroy { 30 } else { 7 },
            "policy": policy([root(account), logs(build, account), topic::use_of_key(build, account)]),
            "lifecycle": keep::lifecycle(build),
        }),
    ));
    build.document.resource(Block::new(
        "aws_kms_alias",
        "main",
        json!({
            "name": format!("alias/{}", build.names.of(KEY)),
            "target_key_id": key.attribute("key_id"),
        }),
    ));
    Key { key }
}

/// Hands the key over to the account's own policies. Without it nobody could manage the key any more. Roles are not named
/// here: their ARNs become ids when a role is made anew, which would show as a change for ever.
fn root(account: &Account) -> Value {
    json!({
        "Sid": "AccountPolicies",
        "Effect": "Allow",
        "Principal": { "AWS": account.root() },
        "Action": "kms:*",
        "Resource": "*",
    })
}

/// Logs are encrypted by the service itself, for exactly these log groups. AWS' own example also names `kms:DescribeKey`, which has no
/// encryption context: under this condition it would allow nothing.
fn logs(build: &Build<'_>, account: &Account) -> Value {
    let groups = of_kind(&LOG_GROUP).map(|name| build.names.of(name)).chain(database::log_groups(build));
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
