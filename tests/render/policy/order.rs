//! Dependencies beyond references; destroy goes in the opposite order.

use pipegen_contract::role::Role;
use serde_json::{Value, json};

use super::{breach, holds, notices};
use crate::rendered::resources;

/// Pairs of a resource and one that it depends on.
type Pairs = Vec<(String, String)>;

/// A function is created after everything that its first call needs, and Lambda's right to remove its network
/// interfaces is destroyed after the network.
fn of_functions() -> Pairs {
    let mut pairs = Vec::new();
    for role in Role::ALL {
        let label = role.handler();
        let function = format!("aws_lambda_function/{label}");
        for before in ["aws_iam_role_policy.{}_work", "aws_cloudwatch_log_group.{}"] {
            pairs.push((function.clone(), before.replace("{}", label)));
        }
        // It runs outside the network, and knows no database.
        if role == Role::Ingest {
            continue;
        }
        pairs.push((function.clone(), format!("aws_iam_role_policy.{label}_network")));
        for subnet in ["a", "b"] {
            pairs.push((format!("aws_subnet/private_{subnet}"), format!("aws_iam_role_policy.{label}_network")));
        }
        if ![Role::Migrate, Role::Archiver].contains(&role) {
            pairs.push((function, "aws_lambda_invocation.migrate".to_owned()));
        }
    }
    pairs
}

/// Callers of a function are created after its rights and connections.
fn of_callers() -> Pairs {
    let callers = [
        ("aws_lambda_event_source_mapping/archiver", "archiver", &["s3"][..]),
        ("aws_lambda_event_source_mapping/processor", "processor", &["s3", "database", "cache", "endpoints"]),
        ("aws_lambda_function_url/catalog", "catalog", &["database", "cache", "endpoints"]),
        ("aws_lambda_function_url/ingest", "ingest", &[]),
        ("aws_lambda_invocation/migrate", "migrate", &["database", "endpoints"]),
        ("aws_scheduler_schedule/maintain", "maintain", &["s3", "database", "cache", "endpoints"]),
        ("aws_secretsmanager_secret_rotation/maintainer", "rotate", &["database", "endpoints"]),
        ("aws_secretsmanager_secret_rotation/reader", "rotate", &["database", "endpoints"]),
        ("aws_secretsmanager_secret_rotation/writer", "rotate", &["database", "endpoints"]),
    ];
    let mut pairs = Vec::new();
    for (caller, function, reached) in callers {
        let mut wait = |before: String| pairs.push((caller.to_owned(), before));
        wait(format!("aws_iam_role_policy.{function}_work"));
        for to in reached {
            wait(format!("aws_vpc_security_group_egress_rule.{function}_to_{to}"));
            match *to {
                "s3" => wait("aws_vpc_endpoint.s3".to_owned()),
                to => wait(format!("aws_vpc_security_group_ingress_rule.{function}_to_{to}")),
            }
            if *to == "endpoints" {
                wait("aws_vpc_endpoint.secrets".to_owned());
            }
        }
    }
    pairs
}

/// A bucket is closed and encrypted before anything is put into it, and its policy exists before S3 delivers logs by
/// it.
fn of_buckets(main: &Value) -> Pairs {
    let mut pairs = Vec::new();
    for label in resources(main, "aws_s3_bucket").keys() {
        for part in ["public_access_block", "ownership_controls"] {
            pairs.push((format!("aws_s3_bucket_policy/{label}"), format!("aws_s3_bucket_{part}.{label}")));
        }
        let lifecycle = format!("aws_s3_bucket_lifecycle_configuration/{label}");
        pairs.push((lifecycle, format!("aws_s3_bucket_versioning.{label}")));
    }
    for label in resources(main, "aws_s3_bucket_logging").keys() {
        pairs.push((format!("aws_s3_bucket_logging/{label}"), "aws_s3_bucket_policy.access_logs".to_owned()));
    }
    for (caller, bucket) in [
        ("aws_lambda_event_source_mapping/archiver", "archive"),
        ("aws_lambda_event_source_mapping/archiver", "quarantine"),
        ("aws_lambda_event_source_mapping/processor", "quarantine"),
        ("aws_scheduler_schedule/maintain", "crossings"),
    ] {
        for part in ["policy", "public_access_block", "server_side_encryption_configuration", "versioning"] {
            pairs.push((caller.to_owned(), format!("aws_s3_bucket_{part}.{bucket}")));
        }
    }
    pairs
}

/// Other dependencies.
const OTHERS: &[(&str, &str)] = &[
    ("aws_db_instance/catalog", "aws_cloudwatch_log_group.database_postgresql"),
    ("aws_db_instance/catalog", "aws_cloudwatch_log_group.database_upgrade"),
    ("aws_scheduler_schedule/maintain", "aws_iam_role_policy.schedule_work"),
    ("aws_scheduler_schedule/maintain", "aws_lambda_function_event_invoke_config.maintain"),
    ("aws_secretsmanager_secret_rotation/maintainer", "aws_lambda_permission.rotate_maintainer"),
    ("aws_secretsmanager_secret_rotation/reader", "aws_lambda_permission.rotate_reader"),
    ("aws_secretsmanager_secret_rotation/writer", "aws_lambda_permission.rotate_writer"),
    ("aws_secretsmanager_secret_rotation/maintainer", "aws_lambda_invocation.migrate"),
    ("aws_secretsmanager_secret_rotation/reader", "aws_lambda_invocation.migrate"),
    ("aws_secretsmanager_secret_rotation/writer", "aws_lambda_invocation.migrate"),
];

fn order(main: &Value) -> Vec<String> {
    let others = OTHERS.iter().map(|(place, before)| ((*place).to_owned(), (*before).to_owned()));
    let pairs = of_functions().into_iter().chain(of_callers()).chain(of_buckets(main)).chain(others);
    let missing = pairs.filter(|(place, before)| {
        let dependencies = main["resource"].pointer(&format!("/{place}/depends_on")).and_then(Value::as_array);
        !dependencies.is_some_and(|dependencies| dependencies.contains(&json!(before)))
    });
    missing.map(|(place, before)| format!("{place} does not wait for {before}")).collect()
}

#[test]
fn everything_comes_after_what_it_needs() {
    holds(order);
    notices(vec![
        breach(order, "resource/aws_lambda_function/processor/depends_on", json!([])),
        breach(order, "resource/aws_lambda_event_source_mapping/archiver/depends_on", Value::Null),
        breach(order, "resource/aws_s3_bucket_logging/quarantine/depends_on", Value::Null),
        breach(order, "resource/aws_secretsmanager_secret_rotation/writer/depends_on", Value::Null),
        breach(order, "resource/aws_subnet/private_a/depends_on", Value::Null),
    ]);
}
