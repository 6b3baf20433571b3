//! Descriptions that AWS takes. Neither Terraform nor its provider checks them, so a character too many fails in the
//! middle of an apply.

use serde_json::{Value, json};

use super::{breach, holds, notices, notices_in};
use crate::rendered::{all_resources, every_kind, strings};

/// Punctuation that EC2 takes for a security group.
///
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html>
const GROUP: &str = " ._-:/()#,@[]+=&;{}!$*";

/// The same for a rule that names another group or a prefix list: no `&`.
///
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_UserIdGroupPair.html>
const RULE: &str = " ._-:/()#,@[]+=;{}!$*";

/// Type, attribute, the longest text, and the punctuation if not all of it is taken. Only some take other characters
/// than ASCII.
const DESCRIPTIONS: &[(&str, &str, usize, Option<&str>)] = &[
    ("aws_athena_workgroup", "description", 1024, None),
    ("aws_cloudwatch_event_rule", "description", 512, None),
    ("aws_cloudwatch_metric_alarm", "alarm_description", 1024, None),
    ("aws_db_parameter_group", "description", 255, None),
    ("aws_db_subnet_group", "description", 255, None),
    ("aws_elasticache_parameter_group", "description", 255, None),
    ("aws_elasticache_replication_group", "description", 255, None),
    ("aws_elasticache_subnet_group", "description", 255, None),
    ("aws_glue_catalog_database", "description", 2048, None),
    ("aws_glue_catalog_table", "description", 2048, None),
    ("aws_iam_role", "description", 1000, None),
    ("aws_kms_key", "description", 8192, None),
    ("aws_lambda_function", "description", 256, None),
    ("aws_scheduler_schedule", "description", 512, None),
    ("aws_secretsmanager_secret", "description", 2048, None),
    ("aws_security_group", "description", 255, Some(GROUP)),
    ("aws_vpc_security_group_egress_rule", "description", 255, Some(RULE)),
    ("aws_vpc_security_group_ingress_rule", "description", 255, Some(RULE)),
];

/// Every description, of whatever name, is one that its service takes.
fn descriptions(main: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for (kind, label, body) in all_resources(main) {
        for (attribute, text) in
            body.as_object().into_iter().flatten().filter(|(name, _)| name.ends_with("description"))
        {
            let rule = DESCRIPTIONS.iter().find(|(of, named, ..)| of == &kind && named == attribute);
            let Some((_, _, longest, punctuation)) = rule else {
                wrong.push(format!("{kind}.{attribute}: nobody has looked up what AWS takes there"));
                continue;
            };
            let text = text.as_str().unwrap_or_default();
            let is_taken = |c: char| match punctuation {
                Some(others) => c.is_ascii_alphanumeric() || others.contains(c),
                None => c == ' ' || c.is_ascii_graphic(),
            };
            if text.is_empty() || text.len() > *longest || !text.chars().all(is_taken) {
                wrong.push(format!("{kind}.{label}.{attribute}: AWS does not take `{text}`"));
            }
        }
    }
    wrong
}

/// No text refers to a console that no longer exists.
fn consoles(main: &Value) -> Vec<String> {
    strings(main).into_iter().filter(|text| text.contains("Performance Insights")).map(str::to_owned).collect()
}

#[test]
fn descriptions_are_taken() {
    holds(descriptions);
    let (_, main) = every_kind().into_iter().find(|(kind, _)| *kind == "large").unwrap();
    for (kind, attribute, longest, punctuation) in DESCRIPTIONS {
        let (_, label, _) = all_resources(&main).find(|(of, ..)| of == kind).unwrap();
        let place = format!("resource/{kind}/{label}/{attribute}");
        let mut bad = vec![json!(""), json!("x".repeat(longest + 1)), json!("caf\u{e9}"), json!("two\nlines")];
        if punctuation.is_some() {
            bad.extend(["a function's", "a \"b\"", "a > b", "50 %", "a?"].map(Value::from));
        }
        if *punctuation == Some(RULE) {
            bad.push(json!("this & that"));
        }
        notices_in("large", bad.into_iter().map(|value| breach(descriptions, &place, value)).collect());
    }
    notices(vec![breach(
        descriptions,
        "resource/aws_vpc_endpoint/s3/description",
        json!("of a type that is not known"),
    )]);
}

#[test]
fn texts_name_consoles_that_are_there() {
    holds(consoles);
    let place = "resource/aws_cloudwatch_metric_alarm/database_busy/alarm_description";
    notices(vec![breach(consoles, place, json!("See Performance Insights."))]);
}
