//! Rotation of the database passwords: `aws_secretsmanager_secret_rotation` for each login, and Secrets Manager's right
//! to call `rotate` (`aws_lambda_permission`).

use pipegen_contract::database::Access;
use serde_json::json;

use super::account::AwsAccount;
use super::build::Build;
use super::functions::LambdaFunction;
use super::secrets::{Logins, Secret};
use crate::terraform::{Block, Reference};

/// Declares the rotation of every login. It begins after `migrate` has stored the first values.
pub(super) fn declare(
    build: &mut Build<'_>,
    account: &AwsAccount,
    logins: &Logins,
    rotate: &LambdaFunction,
    migrated: &Reference,
) {
    for access in Access::ALL {
        let secret = logins.of(access);
        let permission = permission(build, account, access, secret, rotate);
        let body = json!({
            "secret_id": secret.arn(),
            "rotation_lambda_arn": rotate.arn(),
            // Shows at once whether rotation works. Waiting for the first day instead would still call `testSecret`, on
            // a version that has no value, and that would look like a failing rotation.
            "rotate_immediately": true,
            "rotation_rules": { "automatically_after_days": build.settings.secret_rotation_days },
        });
        let block = Block::new("aws_secretsmanager_secret_rotation", access.name(), body);
        build.document.resource(block.after([migrated, &permission]).after(rotate.ready()));
    }
}

fn permission(
    build: &mut Build<'_>,
    account: &AwsAccount,
    access: Access,
    secret: &Secret,
    rotate: &LambdaFunction,
) -> Reference {
    let body = json!({
        "statement_id": format!("rotate-{}", access.name()),
        "function_name": rotate.name(),
        "action": "lambda:InvokeFunction",
        "principal": "secretsmanager.amazonaws.com",
        "source_account": account.id(),
        "source_arn": secret.arn(),
    });
    build.document.resource(Block::new("aws_lambda_permission", format!("rotate_{}", access.name()), body))
}
