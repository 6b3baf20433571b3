//! Log groups: `aws_cloudwatch_log_group`. All are declared, so that they are encrypted, expire, and go with the stack; who
//! logs has no right to create one.

use serde_json::json;

use super::Build;
use super::encryption::Key;
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
