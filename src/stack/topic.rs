//! Where alarms are sent: `aws_sns_topic` with its `aws_sns_topic_policy`, and an `aws_sns_topic_subscription` if an address is set.

use serde_json::{Value, json};

use super::Build;
use super::access::{policy, service, tls_only};
use super::account::Account;
use super::encryption::Key;
use super::names::{ALARM, ALARM_TOPIC, of_kind};
use crate::terraform::{Block, Expression, Reference};

/// The topic.
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
pub(super) fn declare(build: &mut Build<'_>, account: &Account, key: &Key) -> Topic {
    let body = json!({ "name": build.names.of(ALARM_TOPIC), "kms_master_key_id": key.arn() });
    let topic = build.document.resource(Block::new("aws_sns_topic", "alarms", body));
    let mut publish = from_alarms(build, account, "Alarms", &["sns:Publish"]);
    publish["Resource"] = json!([topic.attribute("arn")]);
    let access = json!({ "arn": topic.attribute("arn"), "policy": policy([publish, tls_only("sns:Publish", &[topic.attribute("arn")])]) });
    let policy = build.document.resource(Block::new("aws_sns_topic_policy", "alarms", access));
    if let Some(address) = &build.settings.alarm_email {
        let body = json!({ "topic_arn": topic.attribute("arn"), "protocol": "email", "endpoint": address });
        build.document.resource(Block::new("aws_sns_topic_subscription", "email", body));
    }
    Topic { topic, policy }
}

/// What the key's policy must say, so that an alarm can be put on the encrypted topic. Without it alarms are lost in silence.
pub(super) fn use_of_key(build: &Build<'_>, account: &Account) -> Value {
    let mut statement = from_alarms(build, account, "AlarmTopic", &["kms:Decrypt", "kms:GenerateDataKey"]);
    // In a key's policy the star is the key.
    statement["Resource"] = json!("*");
    statement
}

/// Allows something to the alarms of this environment and to nothing else. The condition names them all: CloudWatch serves every
/// account.
fn from_alarms(build: &Build<'_>, account: &Account, sid: &str, actions: &[&str]) -> Value {
    let arns: Vec<_> =
        of_kind(&ALARM).map(|name| account.arn("cloudwatch", &format!("alarm:{}", build.names.of(name)))).collect();
    json!({
        "Sid": sid,
        "Effect": "Allow",
        "Principal": service("cloudwatch"),
        "Action": actions,
        "Condition": {
            "StringEquals": { "aws:SourceAccount": account.id() },
            "ArnEquals": { "aws:SourceArn": arns },
        },
    })
}
