//! Only this environment's alarms reach the topic, and the topic reaches the address that is set.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::access::statements_at;
use super::{ACCOUNT, breach, holds, notices, policy_text};
use crate::rendered::{all_resources, render, resources, strings};

/// The topic's ARN in the output.
pub(super) const TOPIC: &str = "${aws_sns_topic.alarms.arn}";

/// The topic is open to this environment's alarms, all of them, and to nothing else; the key is to alarms on their way
/// to it.
fn topic_is_for_alarms_only(main: &Value) -> Vec<String> {
    let alarms = resources(main, "aws_cloudwatch_metric_alarm").values();
    let arn = |alarm: &Value| {
        let name = alarm["alarm_name"].as_str().unwrap_or_default();
        format!("arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:{name}")
    };
    let arns: BTreeSet<_> = alarms.map(arn).collect();
    let is_for_them = |statement: &Value| {
        let condition = &statement["Condition"];
        let sources: BTreeSet<_> =
            strings(&condition["ArnEquals"]["aws:SourceArn"]).into_iter().map(str::to_owned).collect();
        statement["Principal"] == json!({ "Service": "cloudwatch.amazonaws.com" })
            && condition["StringEquals"] == json!({ "aws:SourceAccount": ACCOUNT })
            && sources == arns
    };
    let allowing = |place: &str, service: &str| {
        let mut statements = statements_at(main, place);
        statements.retain(|statement| {
            statement["Effect"] == "Allow" && strings(&statement["Principal"]).iter().any(|who| who.contains(service))
        });
        statements
    };
    let mut wrong = Vec::new();
    let topic = &main["resource"]["aws_sns_topic_policy"]["alarms"];
    let on_topic = allowing("aws_sns_topic_policy.alarms.policy", "");
    if topic["arn"] != TOPIC
        || !matches!(on_topic.as_slice(), [one] if is_for_them(one) && one["Action"] == json!(["sns:Publish"]))
    {
        wrong.push("the topic is not open to the alarms alone".to_owned());
    }
    let denied = statements_at(main, "aws_sns_topic_policy.alarms.policy").into_iter().any(|statement| {
        statement["Effect"] == "Deny"
            && statement["Action"] == "sns:Publish"
            && statement["Principal"] == json!({ "AWS": "*" })
            && statement["Resource"] == json!([TOPIC])
            && statement["Condition"] == json!({ "Bool": { "aws:SecureTransport": "false" } })
    });
    if !denied {
        wrong.push("the topic can be reached without TLS".to_owned());
    }
    let on_key = allowing("aws_kms_key.main.policy", "cloudwatch");
    let name = resources(main, "aws_sns_topic")["alarms"]["name"].as_str().unwrap_or_default();
    // The only condition that SNS' own calls to the key are known to meet; one that is never met loses every alarm in
    // silence.
    let key_of_topic = json!({ "StringEquals": {
        "kms:EncryptionContext:aws:sns:topicArn": format!("arn:aws:sns:us-east-1:{ACCOUNT}:{name}"),
    } });
    let expected = json!({
        "Sid": "AlarmTopic",
        "Effect": "Allow",
        "Principal": { "Service": "cloudwatch.amazonaws.com" },
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": "*",
        "Condition": key_of_topic,
    });
    if on_key != [expected] {
        wrong.push("the key is not open to the alarms, or to more than them".to_owned());
    }
    wrong
}

#[test]
fn only_alarms_reach_the_topic() {
    holds(topic_is_for_alarms_only);
    let open = |action: &str| {
        let statement = json!({
            "Effect": "Allow", "Principal": { "Service": "cloudwatch.amazonaws.com" }, "Action": [action], "Resource": "*",
        });
        policy_text(&[statement])
    };
    notices(vec![
        breach(topic_is_for_alarms_only, "resource/aws_sns_topic_policy/alarms/policy", open("sns:Publish")),
        breach(topic_is_for_alarms_only, "resource/aws_sns_topic_policy/alarms/arn", json!("other")),
        breach(topic_is_for_alarms_only, "resource/aws_kms_key/main/policy", open("kms:Decrypt")),
        breach(topic_is_for_alarms_only, "resource/aws_cloudwatch_metric_alarm/database_busy", Value::Null),
    ]);
}

#[test]
fn the_address_is_subscribed_if_it_is_set() {
    let subscriptions = |settings: &str| {
        let main: Value = serde_json::from_str(&render("staging", settings).main).unwrap();
        let found = all_resources(&main).filter(|(kind, _, _)| *kind == "aws_sns_topic_subscription");
        found.map(|(_, _, body)| body.clone()).collect::<Vec<_>>()
    };
    assert_eq!(subscriptions(""), Vec::<Value>::new());
    let expected = json!({ "topic_arn": TOPIC, "protocol": "email", "endpoint": "ops@example.com" });
    assert_eq!(subscriptions("[defaults]\nalarm_email = \"ops@example.com\""), [expected]);
    let expected = json!({
        "topic_arn": "${aws_sns_topic.low_stock.arn}", "protocol": "email", "endpoint": "buyers@example.com",
    });
    assert_eq!(subscriptions("[defaults]\nlow_stock_email = \"buyers@example.com\""), [expected]);
}
