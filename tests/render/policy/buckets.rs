//! Protection of buckets, and retention of their objects.

use pipegen_contract::object_key::{ARCHIVE, CROSSINGS, REJECTED};
use serde_json::{Value, json};

use super::access::{Statement, list, statements};
use super::{breach, holds, notices, policy_text};
use crate::rendered::{render, resources};

/// The buckets that regulators are interested in: objects are kept for three years, whoever wants them gone.
const KEPT: [&str; 2] = ["archive", "quarantine"];

/// Objects that are put once: one that is overwritten would be lost, or announced twice.
const PUT_ONCE: [(&str, &str); 3] = [("archive", ARCHIVE), ("quarantine", REJECTED), ("crossings", CROSSINGS)];

/// S3 delivers access logs only to buckets with its own key.
fn expected_encryption(label: &str) -> Value {
    match label {
        "access_logs" => json!({ "sse_algorithm": "AES256" }),
        _ => json!({ "sse_algorithm": "aws:kms", "kms_master_key_id": "${aws_kms_key.main.arn}" }),
    }
}

fn parts(main: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for label in resources(main, "aws_s3_bucket").keys() {
        let part = |kind: &str, place: &str| main["resource"][kind][label].pointer(place).cloned().unwrap_or_default();
        let encryption =
            part("aws_s3_bucket_server_side_encryption_configuration", "/rule/apply_server_side_encryption_by_default");
        if encryption != expected_encryption(label) {
            wrong.push(format!("the bucket {label} is not encrypted as it should be"));
        }
        if part("aws_s3_bucket_versioning", "/versioning_configuration/status") != "Enabled" {
            wrong.push(format!("the bucket {label} keeps no versions"));
        }
        if part("aws_s3_bucket_ownership_controls", "/rule/object_ownership") != "BucketOwnerEnforced" {
            wrong.push(format!("objects in the bucket {label} may have another owner"));
        }
        if main["resource"]["aws_s3_bucket_public_access_block"].get(label).is_none() {
            wrong.push(format!("the bucket {label} may become public"));
        }
        if label != "access_logs"
            && part("aws_s3_bucket_logging", "/target_bucket") != "${aws_s3_bucket.access_logs.bucket}"
        {
            wrong.push(format!("nobody notes who reads the bucket {label}"));
        }
    }
    wrong
}

fn denials<'a>(statements: &'a [Statement], label: &str) -> Vec<&'a Value> {
    let place = format!("aws_s3_bucket_policy.{label}.policy");
    let own = statements.iter().filter(|statement| statement.place == place).map(|statement| &statement.body);
    own.filter(|body| body["Effect"] == "Deny" && body["Principal"] == json!({ "AWS": "*" })).collect()
}

/// Buckets refuse requests without TLS; objects that are kept cannot be deleted, and those that are put once not be
/// overwritten.
fn policies(main: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let statements = statements(main);
    for label in resources(main, "aws_s3_bucket").keys() {
        let bucket = format!("${{aws_s3_bucket.{label}.arn}}");
        let is_tls_only = denials(&statements, label).iter().any(|denial| {
            denial["Condition"] == json!({ "Bool": { "aws:SecureTransport": "false" } })
                && denial["Action"] == "s3:*"
                && list(&denial["Resource"]) == [bucket.as_str(), &format!("{bucket}/*")]
        });
        if !is_tls_only {
            wrong.push(format!("the bucket {label} can be reached without TLS"));
        }
    }
    for (label, prefix) in PUT_ONCE {
        let bucket = format!("${{aws_s3_bucket.{label}.arn}}");
        let denied = denials(&statements, label);
        let no_deleting = denied.iter().any(|denial| {
            list(&denial["Action"]) == ["s3:DeleteObject", "s3:DeleteObjectVersion"]
                && list(&denial["Resource"]) == [format!("{bucket}/*")]
                && denial.get("Condition").is_none()
        });
        let no_overwriting = denied.iter().any(|denial| {
            list(&denial["Action"]) == ["s3:PutObject"]
                && list(&denial["Resource"]) == [format!("{bucket}/{prefix}*")]
                && denial["Condition"] == json!({ "Null": { "s3:if-none-match": "true" } })
        });
        if !no_deleting && KEPT.contains(&label) {
            wrong.push(format!("objects in {label} can be deleted"));
        }
        if !no_overwriting {
            wrong.push(format!("objects in {label} can be overwritten"));
        }
    }
    wrong
}

/// All objects expire, and those that are kept not before three years.
fn retention(main: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let lifecycles = main["resource"]["aws_s3_bucket_lifecycle_configuration"].as_object();
    for label in resources(main, "aws_s3_bucket").keys() {
        let rules = lifecycles.and_then(|lifecycles| lifecycles.get(label)?["rule"].as_array());
        let rules: Vec<_> = rules.into_iter().flatten().filter(|rule| rule["status"] == "Enabled").collect();
        let everywhere = |place: &str| {
            rules.iter().filter(|rule| rule["filter"] == json!({})).find_map(|rule| rule.pointer(place)?.as_u64())
        };
        let least = if KEPT.contains(&label.as_str()) { 1096 } else { 1 };
        if everywhere("/expiration/days").is_none_or(|days| days < least) {
            wrong.push(format!("objects in {label} are not kept for {least} days, or for ever"));
        }
        if everywhere("/noncurrent_version_expiration/noncurrent_days").is_none() {
            wrong.push(format!("old versions in {label} have no end"));
        }
        if everywhere("/abort_incomplete_multipart_upload/days_after_initiation").is_none() {
            wrong.push(format!("unfinished uploads to {label} have no end"));
        }
    }
    wrong
}

/// The archive's transitions to other storage classes.
fn colder(main: &Value) -> Option<&Value> {
    let rules = main["resource"]["aws_s3_bucket_lifecycle_configuration"]["archive"]["rule"].as_array()?;
    rules.iter().find(|rule| rule.get("transition").is_some())
}

#[test]
fn every_bucket_is_encrypted_closed_versioned_and_watched() {
    holds(parts);
    notices(vec![
        breach(parts, "resource/aws_s3_bucket_server_side_encryption_configuration", json!({})),
        breach(
            parts,
            "resource/aws_s3_bucket_versioning/quarantine/versioning_configuration/status",
            json!("Suspended"),
        ),
        breach(parts, "resource/aws_s3_bucket_ownership_controls/archive/rule/object_ownership", json!("ObjectWriter")),
        breach(parts, "resource/aws_s3_bucket_public_access_block/access_logs", Value::Null),
        breach(parts, "resource/aws_s3_bucket_logging/archive", Value::Null),
    ]);
}

#[test]
fn nobody_comes_without_tls_and_nobody_deletes_what_is_kept() {
    holds(policies);
    let place = "resource/aws_s3_bucket_policy/archive/policy";
    let only = |action: &str| {
        let deny = json!({ "Effect": "Deny", "Principal": { "AWS": "*" }, "Action": action, "Resource": "${aws_s3_bucket.archive.arn}/*" });
        policy_text(&[deny])
    };
    notices(vec![
        breach(policies, "resource/aws_s3_bucket_policy/access_logs/policy", json!("{}")),
        breach(policies, place, only("s3:DeleteObject")),
        breach(policies, place, only("s3:PutObject")),
        breach(policies, "resource/aws_s3_bucket_policy/crossings/policy", only("s3:DeleteObject")),
    ]);
}

#[test]
fn objects_end_and_what_is_kept_not_too_early() {
    holds(retention);
    let rules = "resource/aws_s3_bucket_lifecycle_configuration/quarantine/rule";
    notices(vec![
        breach(retention, rules, json!([])),
        breach(retention, "resource/aws_s3_bucket_lifecycle_configuration/archive/rule/0/expiration/days", json!(1095)),
        breach(retention, "resource/aws_s3_bucket_lifecycle_configuration/archive/rule/0/status", json!("Disabled")),
        breach(
            retention,
            "resource/aws_s3_bucket_lifecycle_configuration/archive/rule/0/filter",
            json!({ "prefix": "other/" }),
        ),
        breach(retention, "resource/aws_s3_bucket_lifecycle_configuration/access_logs", Value::Null),
    ]);
}

/// Only classes that are read at once, so that Athena finds everything, and only objects for which it pays.
#[test]
fn objects_move_to_a_colder_class_where_it_pays() {
    let parse = |peak: &str| -> Value { serde_json::from_str(&render("staging", peak).main).unwrap() };
    let main = parse("");
    let rule = colder(&main).unwrap();
    assert_eq!(rule["transition"], json!([{ "days": 30, "storage_class": "GLACIER_IR" }]));
    assert_eq!(rule["filter"], json!({ "and": { "prefix": ARCHIVE, "object_size_greater_than": 49 * 1024 - 1 } }));
    assert_eq!(colder(&parse("[defaults]\npeak_updates_per_minute = 100")), None);
}
