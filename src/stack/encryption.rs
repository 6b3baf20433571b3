//! One customer-managed key for everything: `aws_kms_key`, `aws_kms_alias`.

use serde_json::{Value, json};

use super::access::policy;
use super::account::AwsAccount;
use super::build::Build;
use super::keep;
use super::names::KEY;
use crate::terraform::{Block, Expression, Reference};

#[derive(Clone, Debug)]
pub(super) struct Key {
    key: Reference,
}

impl Key {
    pub(super) fn arn(&self) -> Expression {
        self.key.attribute("arn")
    }
}

/// Declares the key and its alias. The statements let AWS services use the key.
pub(super) fn declare(build: &mut Build<'_>, account: &AwsAccount, statements: impl IntoIterator<Item = Value>) -> Key {
    let key = build.document.resource(Block::new(
        "aws_kms_key",
        "main",
        json!({
            "description": format!("Everything of the inventory pipeline {}", build.names.environment()),
            "enable_key_rotation": true,
            "rotation_period_in_days": build.settings.key_rotation_days,
            // The shortest wait that AWS allows, or the longest for second thoughts; a key pending deletion costs
            // nothing.
            "deletion_window_in_days": if build.settings.keep_on_destroy { 30 } else { 7 },
            "policy": policy(std::iter::once(root(account)).chain(statements)),
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

/// Lets the account's own policies grant rights on the key. Without it nobody could manage the key any more. Roles are
/// not named here: their ARNs become ids when a role is recreated, which would show as a change for ever.
fn root(account: &AwsAccount) -> Value {
    json!({
        "Sid": "AccountPolicies",
        "Effect": "Allow",
        "Principal": { "AWS": account.root() },
        "Action": "kms:*",
        "Resource": "*",
    })
}
