//! The topic that alarms are sent to: `aws_sns_topic` with its `aws_sns_topic_policy`, and an
//! `aws_sns_topic_subscription` if an address is set.

use serde_json::{Value, json};

use super::access::{policy, service, tls_only};
use super::account::AwsAccount;
use super::build::Build;
use super::encryption::Key;
use super::names::{ALARM, ALARM_TOPIC, of_kind};
use crate::terraform::{Block, Expression, Reference};

#[derive(Clone, Debug)]
pub(super) struct Topic {
    topic: Reference,
    /// Without it alarms are lost in silence.
    pub(super) policy: Reference,
}

impl Topic {
    pub(super) fn arn(&self) -> Expression {
        self.topic.attribute("arn")
    }
}

/// Declares the topic.
pub(super) fn declare(build: &mut Build<'_>, account: &AwsAccount, key: &Key) -> Topic {
    let body = json!({ "name": build.names.of(ALARM_TOPIC), "kms_master_key_id": key.arn() });
    let topic = build.document.resource(Block::new("aws_sns_topic", "alarms", body));
    let statements = [from_alarms(build, account, &topic), tls_only("sns:Publish", &[topic.attribute("arn")])];
    let access = json!({ "arn": topic.attribute("arn"), "policy": policy(statements) });
    let policy = build.document.resource(Block::new("aws_sns_topic_policy", "alarms", access));
    if let Some(address) = &build.settings.alarm_email {
        let body = json!({ "topic_arn": topic.attribute("arn"), "protocol": "email", "endpoint": address });
        build.document.resource(Block::new("aws_sns_topic_subscription", "email", body));
    }
    Topic { topic, policy }
}

/// Returns the statement of the key's policy that lets alarms publish on the encrypted topic. Without it alarms are
/// lost in silence.
pub(super) fn key_statement(build: &Build<'_>, account: &AwsAccount) -> Value {
    on_key(account, "AlarmTopic", "cloudwatch", &build.names.of(ALARM_TOPIC))
}

/// Returns a statement of the key's policy that lets a service publish on an encrypted topic.
///
/// The condition is the encryption context, the topic's ARN, which SNS puts into each of its calls. `aws:SourceArn` and
/// `aws:SourceAccount` cannot be used: no page of AWS says that a call to the key on an alarm's behalf carries them (on
/// behalf of an `EventBridge` rule it does not). The topic's own policy restricts who may publish.
///
/// - <https://repost.aws/knowledge-center/cloudwatch-configure-alarm-sns>
/// - <https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html>
/// - <https://docs.aws.amazon.com/gameliftservers/latest/flexmatchguide/queue-notification-sns-sse.html>
pub(super) fn on_key(account: &AwsAccount, sid: &str, publisher: &str, topic: &str) -> Value {
    json!({
        "Sid": sid,
        "Effect": "Allow",
        "Principal": service(publisher),
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        // In a key's policy the star is the key.
        "Resource": "*",
        "Condition": {
            // Written out: the topic refers to the key, so the key cannot refer to the topic.
            "StringEquals": { "kms:EncryptionContext:aws:sns:topicArn": account.arn("sns", topic) },
        },
    })
}

/// Lets the alarms of this environment publish, and nothing else. The condition names them all, because `CloudWatch`
/// serves every account.
fn from_alarms(build: &Build<'_>, account: &AwsAccount, topic: &Reference) -> Value {
    let arns: Vec<_> =
        of_kind(&ALARM).map(|name| account.arn("cloudwatch", &format!("alarm:{}", build.names.of(name)))).collect();
    json!({
        "Sid": "Alarms",
        "Effect": "Allow",
        "Principal": service("cloudwatch"),
        "Action": ["sns:Publish"],
        "Resource": [topic.attribute("arn")],
        "Condition": {
            "StringEquals": { "aws:SourceAccount": account.id() },
            "ArnEquals": { "aws:SourceArn": arns },
        },
    })
}
