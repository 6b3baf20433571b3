//! Notifications of low-stock crossings, if an address is set: an `EventBridge` rule on new objects in the crossings' bucket
//! (`aws_cloudwatch_event_rule`, `aws_cloudwatch_event_target`), and the topic that it publishes on (`aws_sns_topic`, with
//! its `aws_sns_topic_policy` and `aws_sns_topic_subscription`).

use pipegen_contract::object_key::CROSSINGS;
use serde_json::{Value, json};

use super::access::{policy, service, tls_only};
use super::account::AwsAccount;
use super::bucket::Bucket;
use super::build::Build;
use super::encryption::Key;
use super::names::{LOW_STOCK_RULE, LOW_STOCK_TOPIC};
use super::topic;
use crate::terraform::{Block, Expression, Reference};

/// The text of a notification. The key says the rest: `low` or `recovered`, the SKU and the version.
const TEXT: &str = "\"A product's stock became low, or recovered: <key> in the bucket <bucket> says which, and how much is \
                    left.\"";

/// Declares rule, topic and subscription, if an address is set.
pub(super) fn declare(build: &mut Build<'_>, key: &Key, crossings: &Bucket) {
    let Some(address) = build.settings.low_stock_email.clone() else { return };
    let rule = rule(build, crossings);
    let topic = json!({ "name": build.names.of(LOW_STOCK_TOPIC), "kms_master_key_id": key.arn() });
    let topic = build.document.resource(Block::new("aws_sns_topic", "low_stock", topic));
    let statements = [from_rules(&topic), tls_only("sns:Publish", &[topic.attribute("arn")])];
    let access = json!({ "arn": topic.attribute("arn"), "policy": policy(statements) });
    let access = build.document.resource(Block::new("aws_sns_topic_policy", "low_stock", access));
    let subscription = json!({ "topic_arn": topic.attribute("arn"), "protocol": "email", "endpoint": address });
    build.document.resource(Block::new("aws_sns_topic_subscription", "low_stock", subscription));
    let target = json!({
        "rule": rule.attribute("name"),
        "target_id": "topic",
        "arn": topic.attribute("arn"),
        "input_transformer": {
            "input_paths": { "bucket": "$.detail.bucket.name", "key": "$.detail.object.key" },
            "input_template": TEXT,
        },
    });
    // Without the policy the first notifications would be lost in silence.
    build.document.resource(Block::new("aws_cloudwatch_event_target", "low_stock", target).after([&access]));
}

/// Declares the rule: new objects of crossings.
fn rule(build: &mut Build<'_>, crossings: &Bucket) -> Reference {
    let pattern = json!({
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": { "bucket": { "name": [crossings.name()] }, "object": { "key": [{ "prefix": CROSSINGS }] } },
    });
    let body = json!({
        "name": build.names.of(LOW_STOCK_RULE),
        "description": "A product's stock became low, or recovered",
        "event_pattern": Expression::json(pattern),
        "state": "ENABLED",
    });
    build.document.resource(Block::new("aws_cloudwatch_event_rule", "low_stock", body))
}

/// Lets rules publish. `EventBridge` takes no condition here ("You can't use Condition blocks in Amazon SNS topic policies
/// for `EventBridge`"), so the topic is none but theirs; a rule of another account reaches a topic only by a role of that
/// account, which is not let in.
///
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sns-permissions>
fn from_rules(topic: &Reference) -> Value {
    json!({
        "Sid": "Rules",
        "Effect": "Allow",
        "Principal": service("events"),
        "Action": ["sns:Publish"],
        "Resource": [topic.attribute("arn")],
    })
}

/// Returns the statement of the key's policy that lets rules publish on the encrypted topic, if there is one.
///
/// "Adding the aws:SourceAccount and aws:SourceArn to a AWS KMS policy is not supported for `EventBridge`-to-encrypted
/// topics", so the condition is the encryption context, as for alarms.
///
/// <https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services>
pub(super) fn key_statement(build: &Build<'_>, account: &AwsAccount) -> Option<Value> {
    build.settings.low_stock_email.as_ref()?;
    Some(topic::on_key(account, "LowStockTopic", "events", &build.names.of(LOW_STOCK_TOPIC)))
}
