//! Low-stock crossings announce themselves, and reach the address that is set.

use serde_json::{Value, json};

use super::access::statements_at;
use super::{ACCOUNT, breach, holds, notices, notices_in, policy_text};
use crate::rendered::{render, resources};

/// The topic's ARN in the output.
const TOPIC: &str = "${aws_sns_topic.low_stock.arn}";

/// Every crossing is announced, whoever listens.
fn announced(main: &Value) -> Vec<String> {
    let crossings = &resources(main, "aws_s3_bucket_notification")["crossings"];
    let expected = json!({ "bucket": "${aws_s3_bucket.crossings.id}", "eventbridge": true });
    if *crossings == expected { Vec::new() } else { vec![format!("nobody hears of crossings: {crossings}")] }
}

/// The rule is for new crossings, it publishes on its own topic, and topic and key let it.
fn notified(main: &Value) -> Vec<String> {
    let at = |kind: &str| &main["resource"][kind]["low_stock"];
    let mut wrong = Vec::new();
    let rule = at("aws_cloudwatch_event_rule");
    if rule.is_null() {
        return wrong;
    }
    let pattern = json!({
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {
            "bucket": { "name": ["${aws_s3_bucket.crossings.bucket}"] },
            "object": { "key": [{ "prefix": "crossings/v1/" }] },
        },
    });
    let text = rule["event_pattern"].as_str().unwrap_or_default();
    if serde_json::from_str::<Value>(text).ok() != Some(pattern) || rule["state"] != "ENABLED" {
        wrong.push(format!("the rule is not for new crossings: {rule}"));
    }
    let target = at("aws_cloudwatch_event_target");
    let transformer = &target["input_transformer"];
    let paths = json!({ "bucket": "$.detail.bucket.name", "key": "$.detail.object.key" });
    let template = transformer["input_template"].as_str().unwrap_or_default();
    // A text is a text in JSON, also with its places filled in.
    let is_text = serde_json::from_str::<String>(template).is_ok_and(|text| text.contains("<key>"));
    if target["rule"] != "${aws_cloudwatch_event_rule.low_stock.name}"
        || target["arn"] != TOPIC
        || target["depends_on"] != json!(["aws_sns_topic_policy.low_stock"])
        // EventBridge publishes by the topic's policy; with a role, deliveries to encrypted topics may fail.
        || target.get("role_arn").is_some()
        || transformer["input_paths"] != paths
        || !is_text
    {
        wrong.push(format!("the topic does not get the crossings: {target}"));
    }
    let service = json!({ "Service": "events.amazonaws.com" });
    let mut on_topic = statements_at(main, "aws_sns_topic_policy.low_stock.policy");
    on_topic.retain(|statement| statement["Effect"] == "Allow");
    let publish = json!({
        "Sid": "Rules", "Effect": "Allow", "Principal": service, "Action": ["sns:Publish"], "Resource": [TOPIC],
    });
    if on_topic != [publish] || at("aws_sns_topic_policy")["arn"] != TOPIC {
        wrong.push("the topic is not open to rules alone".to_owned());
    }
    let mut on_key = statements_at(main, "aws_kms_key.main.policy");
    on_key.retain(|statement| statement["Principal"] == service);
    let name = at("aws_sns_topic")["name"].as_str().unwrap_or_default();
    let expected = json!({
        "Sid": "LowStockTopic",
        "Effect": "Allow",
        "Principal": service,
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": "*",
        "Condition": { "StringEquals": {
            "kms:EncryptionContext:aws:sns:topicArn": format!("arn:aws:sns:us-east-1:{ACCOUNT}:{name}"),
        } },
    });
    if on_key != [expected] {
        wrong.push("the key is not open to the rule, or to more than it".to_owned());
    }
    wrong
}

#[test]
fn crossings_announce_themselves() {
    holds(announced);
    notices(vec![breach(announced, "resource/aws_s3_bucket_notification/crossings/eventbridge", json!(false))]);
}

#[test]
fn the_address_hears_of_crossings() {
    holds(notified);
    let rule = "resource/aws_cloudwatch_event_rule/low_stock";
    let target = "resource/aws_cloudwatch_event_target/low_stock";
    let open = |action: &str| {
        let service = json!({ "Service": "events.amazonaws.com" });
        policy_text(&[json!({ "Effect": "Allow", "Principal": service, "Action": [action], "Resource": "*" })])
    };
    notices_in(
        "large",
        vec![
            breach(notified, &format!("{rule}/event_pattern"), json!("{}")),
            breach(notified, &format!("{rule}/state"), json!("DISABLED")),
            breach(notified, &format!("{target}/arn"), json!("${aws_sns_topic.alarms.arn}")),
            breach(notified, &format!("{target}/role_arn"), json!("arn:aws:iam::1:role/x")),
            breach(notified, &format!("{target}/depends_on"), Value::Null),
            breach(notified, &format!("{target}/input_transformer/input_template"), json!("<key>")),
            breach(notified, "resource/aws_sns_topic_policy/low_stock/policy", open("sns:Publish")),
            breach(notified, "resource/aws_kms_key/main/policy", open("kms:Decrypt")),
        ],
    );
}

/// Without an address there is neither rule nor topic, and the key is open to no rule.
#[test]
fn without_an_address_nothing_is_sent() {
    let rendered = render("staging", "[defaults.low_stock]\ndefault = 5").main;
    for word in ["aws_cloudwatch_event_rule", "events.amazonaws.com", "topic-low-stock"] {
        assert!(!rendered.contains(word), "{word}");
    }
}
