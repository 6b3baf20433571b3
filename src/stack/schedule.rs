//! The schedule that runs `maintain` every minute: `aws_scheduler_schedule` in its `aws_scheduler_schedule_group`, with
//! a role for it. A run that fails or is late is dropped (`aws_lambda_function_event_invoke_config`): the next one does
//! its work.

use serde_json::{Value, json};

use super::access::{allow, policy, service, trust};
use super::account::AwsAccount;
use super::bucket::Bucket;
use super::build::Build;
use super::encryption::Key;
use super::functions::LambdaFunction;
use super::names::{MAINTAIN_SCHEDULE, SCHEDULE_ROLE, SCHEDULES};
use crate::terraform::{Block, Expression, Reference};

/// The age at which a late run is dropped: the next one is due, and it is the shortest that AWS takes.
const LATEST_SECONDS: u32 = 60;

/// Declares the schedule.
pub(super) fn declare(
    build: &mut Build<'_>,
    account: &AwsAccount,
    key: &Key,
    maintain: &LambdaFunction,
    crossings: &Bucket,
) {
    let group = json!({ "name": build.names.of(SCHEDULES) });
    let group = build.document.resource(Block::new("aws_scheduler_schedule_group", "inventory", group));
    let role = role(build, account, &group);
    let policy = rights(build, account, key, &role, maintain);
    let dropped = json!({
        "function_name": maintain.name(),
        "maximum_retry_attempts": 0,
        "maximum_event_age_in_seconds": LATEST_SECONDS,
    });
    let dropped = build.document.resource(Block::new("aws_lambda_function_event_invoke_config", "maintain", dropped));
    let body = json!({
        "name": build.names.of(MAINTAIN_SCHEDULE),
        "description": "Catches up with what was left over, every minute",
        "group_name": group.attribute("name"),
        "schedule_expression": "rate(1 minute)",
        "flexible_time_window": { "mode": "OFF" },
        "state": "ENABLED",
        "kms_key_arn": key.arn(),
        "target": {
            "arn": maintain.arn(),
            "role_arn": role.attribute("arn"),
            "input": Expression::json(json!({})),
            "retry_policy": { "maximum_retry_attempts": 0, "maximum_event_age_in_seconds": LATEST_SECONDS },
        },
    });
    let block = Block::new("aws_scheduler_schedule", "maintain", body);
    build.document.resource(block.after([&policy, &dropped]).after(maintain.ready()).after(&crossings.protection));
}

/// Declares a role that only schedules of this group can assume.
fn role(build: &mut Build<'_>, account: &AwsAccount, group: &Reference) -> Reference {
    let condition = json!({
        "StringEquals": { "aws:SourceAccount": account.id() },
        "ArnEquals": { "aws:SourceArn": group.attribute("arn") },
    });
    let body = json!({
        "name": build.names.of(SCHEDULE_ROLE),
        "description": format!("Runs the schedules of {}", build.names.of(SCHEDULES)),
        "assume_role_policy": trust(&service("scheduler"), &condition),
        "permissions_boundary": build.settings.permissions_boundary,
    });
    build.document.resource(Block::new("aws_iam_role", "schedule", body))
}

fn rights(
    build: &mut Build<'_>,
    account: &AwsAccount,
    key: &Key,
    role: &Reference,
    maintain: &LambdaFunction,
) -> Reference {
    let body = json!({
        "name": "work",
        "role": role.attribute("name"),
        "policy": policy([allow("Run", &["lambda:InvokeFunction"], [maintain.arn()]), decrypt(build, account, key)]),
    });
    build.document.resource(Block::new("aws_iam_role_policy", "schedule_work", body))
}

/// Lets the scheduler decrypt the input of this schedule. It does so as the role, without a service in between, so the
/// encryption context is the condition.
///
/// <https://docs.aws.amazon.com/scheduler/latest/UserGuide/encryption-rest.html>
fn decrypt(build: &Build<'_>, account: &AwsAccount, key: &Key) -> Value {
    let schedule = format!("schedule/{}/{}", build.names.of(SCHEDULES), build.names.of(MAINTAIN_SCHEDULE));
    let schedule = account.arn("scheduler", &schedule);
    let mut statement = allow("Key", &["kms:Decrypt"], [key.arn()]);
    statement["Condition"] =
        json!({ "StringEquals": { "kms:EncryptionContext:aws:scheduler:schedule:arn": schedule } });
    statement
}
