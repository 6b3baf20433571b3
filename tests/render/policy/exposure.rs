//! Nothing secret in the output, no way into the network, nothing that belongs to development.

use std::collections::BTreeSet;

use pipegen_contract::role::Role;
use pipegen_contract::{cache, env};
use serde_json::{Value, json};

use super::{breach, holds, notices};
use crate::rendered::{all_resources, resources, strings};

/// Attributes that would put a credential into the output or the state.
const SECRETS: [&str; 9] = [
    "access_key",
    "auth_token",
    "master_password",
    "password",
    "passwords",
    "secret_binary",
    "secret_key",
    "secret_string",
    "secret_string_wo",
];

fn keys(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(values) => values.iter().flat_map(keys).collect(),
        Value::Object(entries) => {
            entries.iter().flat_map(|(key, value)| std::iter::once(key.as_str()).chain(keys(value))).collect()
        }
        _ => Vec::new(),
    }
}

fn no_credentials(main: &Value) -> Vec<String> {
    let mut wrong: Vec<_> = keys(main)
        .into_iter()
        .filter(|key| SECRETS.contains(key))
        .map(|key| format!("something sets `{key}`"))
        .collect();
    for kind in ["aws_secretsmanager_secret_version", "random_password", "aws_iam_access_key", "aws_iam_user"] {
        if main["resource"].get(kind).is_some() {
            wrong.push(format!("an `{kind}` puts a credential into the state"));
        }
    }
    let texts = strings(main)
        .into_iter()
        .filter(|text| text.contains("-----BEGIN") || text.contains("://") && text.contains('@'));
    wrong.extend(texts.map(|text| format!("`{text}` looks like a credential")));
    wrong
}

fn nothing_of_development(main: &Value) -> Vec<String> {
    let names = keys(main).into_iter().chain(strings(main)).filter(|text| text.contains(env::DEV_PREFIX));
    names.map(|text| format!("`{text}` is for development")).collect()
}

const WHERE_DATABASE: &[&str] = &[env::DATABASE_HOST, env::DATABASE_PORT, env::DATABASE_NAME];
const WHERE_CACHE: &[&str] =
    &[env::CACHE_HOST, env::CACHE_PORT, env::CACHE_USER, env::CACHE_REPLICATION_GROUP, env::CACHE_VIEW_SECONDS];
const LOGINS: &[&str] =
    &[env::DATABASE_WRITER_SECRET_ARN, env::DATABASE_READER_SECRET_ARN, env::DATABASE_MAINTAINER_SECRET_ARN];
const CONNECTIONS: &[&str] =
    &[env::DATABASE_WRITER_CONNECTIONS, env::DATABASE_READER_CONNECTIONS, env::DATABASE_MAINTAINER_CONNECTIONS];

/// What each role of the bootstrap reads, in groups.
fn expected_variables(role: Role) -> Vec<&'static [&'static str]> {
    match role {
        Role::Processor => vec![
            WHERE_DATABASE,
            WHERE_CACHE,
            &[env::DATABASE_SECRET_ARN, env::HORIZON_SECONDS, env::METRIC_NAMESPACE, env::QUARANTINE_BUCKET],
        ],
        Role::Archiver => vec![&[env::ARCHIVE_BUCKET, env::METRIC_NAMESPACE]],
        Role::Catalog => vec![WHERE_DATABASE, WHERE_CACHE, &[env::DATABASE_SECRET_ARN]],
        Role::Maintain => vec![
            WHERE_DATABASE,
            WHERE_CACHE,
            &[env::DATABASE_SECRET_ARN, env::HORIZON_SECONDS, env::STREAM_RETENTION_SECONDS, env::METRIC_NAMESPACE],
        ],
        Role::Migrate => vec![WHERE_DATABASE, LOGINS, CONNECTIONS, &[env::DATABASE_MASTER_SECRET_ARN]],
        Role::Rotate => vec![WHERE_DATABASE, CONNECTIONS, &[env::DATABASE_MASTER_SECRET_ARN]],
    }
}

/// Each function gets what it reads, and nothing else.
fn variables(main: &Value) -> Vec<String> {
    let functions = resources(main, "aws_lambda_function").iter();
    let wrong = functions.filter(|(label, body)| {
        let expected: BTreeSet<&str> =
            Role::from_handler(label).into_iter().flat_map(expected_variables).flatten().copied().collect();
        let variables = body["environment"]["variables"].as_object();
        variables.is_none_or(|variables| variables.keys().map(String::as_str).collect::<BTreeSet<_>>() != expected)
    });
    wrong.map(|(label, body)| format!("{label} gets {}", body["environment"])).collect()
}

fn closed_network(main: &Value) -> Vec<String> {
    let ways = ["aws_internet_gateway", "aws_nat_gateway", "aws_egress_only_internet_gateway", "aws_eip", "aws_route"];
    let mut wrong: Vec<_> = ways
        .iter()
        .filter(|kind| main["resource"].get(**kind).is_some())
        .map(|kind| format!("there is an `{kind}`"))
        .collect();
    for (kind, label, body) in all_resources(main) {
        if kind == "aws_security_group" && (body.get("ingress").is_some() || body.get("egress").is_some()) {
            wrong.push(format!("{kind}.{label} has rules of its own"));
        }
        if kind.starts_with("aws_vpc_security_group_") {
            let by_address = body.get("cidr_ipv4").is_some() || body.get("cidr_ipv6").is_some();
            if by_address || body["ip_protocol"] != "tcp" || body["from_port"] != body["to_port"] {
                wrong.push(format!("{kind}.{label} lets more through than one port of one group"));
            }
        }
        if kind == "aws_route_table" && body.get("route").is_some() {
            wrong.push(format!("{kind}.{label} leads somewhere"));
        }
    }
    wrong
}

/// Nobody logs in to Redis with a password, and `default` may do nothing.
fn cache_users(main: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for (label, user) in resources(main, "aws_elasticache_user") {
        let rights = user["access_string"].as_str().unwrap_or_default();
        let is_iam = user["authentication_mode"] == json!({ "type": "iam" }) && user["user_id"] == user["user_name"];
        let fine = match label.as_str() {
            "default" => user["user_name"] == "default" && rights == cache::DEFAULT_RIGHTS,
            "catalog" => is_iam && rights == cache::READER_RIGHTS,
            _ => is_iam && rights == cache::WRITER_RIGHTS,
        };
        let bounded = rights == "off -@all" || rights.starts_with("on ~product:* -@all ") && !rights.contains("+@");
        if !fine || !bounded {
            wrong.push(format!("the cache's user {label} may do too much"));
        }
    }
    wrong
}

/// A function comes after what it needs at its first call, and the processor's first batch after the schema; logs of accesses
/// after the right to deliver them.
fn order(main: &Value) -> Vec<String> {
    let needed = [
        ("aws_db_instance/catalog", "aws_cloudwatch_log_group.database_postgresql"),
        ("aws_lambda_event_source_mapping/archiver", "aws_iam_role_policy.archiver_work"),
        ("aws_lambda_event_source_mapping/archiver", "aws_s3_bucket_policy.archive"),
        ("aws_lambda_event_source_mapping/archiver", "aws_s3_bucket_server_side_encryption_configuration.archive"),
        ("aws_lambda_event_source_mapping/archiver", "aws_vpc_endpoint.s3"),
        ("aws_lambda_event_source_mapping/processor", "aws_iam_role_policy.processor_work"),
        ("aws_lambda_event_source_mapping/processor", "aws_vpc_endpoint.secrets"),
        ("aws_lambda_event_source_mapping/processor", "aws_vpc_security_group_ingress_rule.processor_to_database"),
        ("aws_lambda_function/migrate", "aws_iam_role_policy.migrate_network"),
        ("aws_lambda_function/migrate", "aws_cloudwatch_log_group.migrate"),
        ("aws_lambda_function/processor", "aws_iam_role_policy.processor_network"),
        ("aws_lambda_function/processor", "aws_iam_role_policy.processor_work"),
        ("aws_lambda_function/processor", "aws_cloudwatch_log_group.processor"),
        ("aws_lambda_function/processor", "aws_lambda_invocation.migrate"),
        ("aws_lambda_invocation/migrate", "aws_iam_role_policy.migrate_work"),
        ("aws_lambda_invocation/migrate", "aws_vpc_endpoint.secrets"),
        ("aws_lambda_invocation/migrate", "aws_vpc_security_group_egress_rule.migrate_to_database"),
        ("aws_lambda_invocation/migrate", "aws_vpc_security_group_ingress_rule.migrate_to_database"),
        ("aws_lambda_invocation/migrate", "aws_vpc_security_group_ingress_rule.migrate_to_endpoints"),
        ("aws_lambda_function/catalog", "aws_lambda_invocation.migrate"),
        ("aws_lambda_function/maintain", "aws_lambda_invocation.migrate"),
        ("aws_lambda_function/rotate", "aws_lambda_invocation.migrate"),
        ("aws_lambda_function_url/catalog", "aws_iam_role_policy.catalog_work"),
        ("aws_lambda_function_url/catalog", "aws_vpc_security_group_ingress_rule.catalog_to_cache"),
        ("aws_scheduler_schedule/maintain", "aws_iam_role_policy.maintain_work"),
        ("aws_scheduler_schedule/maintain", "aws_iam_role_policy.schedule_work"),
        ("aws_scheduler_schedule/maintain", "aws_lambda_function_event_invoke_config.maintain"),
        ("aws_scheduler_schedule/maintain", "aws_vpc_security_group_ingress_rule.maintain_to_database"),
        ("aws_secretsmanager_secret_rotation/reader", "aws_iam_role_policy.rotate_work"),
        ("aws_secretsmanager_secret_rotation/reader", "aws_lambda_invocation.migrate"),
        ("aws_secretsmanager_secret_rotation/reader", "aws_lambda_permission.rotate_reader"),
        ("aws_secretsmanager_secret_rotation/reader", "aws_vpc_security_group_ingress_rule.rotate_to_database"),
        ("aws_s3_bucket_logging/archive", "aws_s3_bucket_policy.access_logs"),
        ("aws_subnet/private_a", "aws_iam_role_policy.migrate_network"),
        ("aws_subnet/private_a", "aws_iam_role_policy.archiver_network"),
        ("aws_subnet/private_a", "aws_iam_role_policy.catalog_network"),
        ("aws_subnet/private_a", "aws_iam_role_policy.maintain_network"),
        ("aws_subnet/private_a", "aws_iam_role_policy.rotate_network"),
        ("aws_subnet/private_b", "aws_iam_role_policy.processor_network"),
    ];
    let missing = needed.iter().filter(|(place, before)| {
        let body = main["resource"].pointer(&format!("/{place}"));
        let dependencies = body.and_then(|body| body["depends_on"].as_array());
        !dependencies.is_some_and(|dependencies| dependencies.contains(&json!(before)))
    });
    missing.map(|(place, before)| format!("{place} does not wait for {before}")).collect()
}

#[test]
fn no_credential_is_in_the_output() {
    holds(no_credentials);
    notices(vec![
        breach(no_credentials, "resource/aws_db_instance/catalog/password", json!("hunter2")),
        breach(no_credentials, "resource/aws_secretsmanager_secret_version", json!({})),
        breach(
            no_credentials,
            "resource/aws_lambda_function/migrate/environment/variables/X",
            json!("postgres://a:b@c/d"),
        ),
    ]);
}

#[test]
fn nothing_for_development_is_in_the_output() {
    holds(nothing_of_development);
    let place = "resource/aws_lambda_function/processor/environment/variables/PIPEGEN_DEV_DATABASE_URL";
    notices(vec![breach(nothing_of_development, place, json!("x"))]);
}

#[test]
fn functions_get_what_they_read_and_nothing_else() {
    holds(variables);
    let processor = "resource/aws_lambda_function/processor/environment/variables/PIPEGEN_DATABASE_MASTER_SECRET_ARN";
    let migrate = "resource/aws_lambda_function/migrate/environment/variables/PIPEGEN_DATABASE_HOST";
    notices(vec![breach(variables, processor, json!("x")), breach(variables, migrate, Value::Null)]);
}

#[test]
fn nothing_leads_into_the_network() {
    holds(closed_network);
    let rule = "resource/aws_vpc_security_group_ingress_rule/processor_to_database/cidr_ipv4";
    notices(vec![
        breach(closed_network, "resource/aws_internet_gateway", json!({})),
        breach(closed_network, rule, json!("0.0.0.0/0")),
        breach(closed_network, "resource/aws_security_group/database/ingress", json!([])),
    ]);
}

#[test]
fn cache_users_have_no_password_and_little_to_say() {
    holds(cache_users);
    notices(vec![
        breach(cache_users, "resource/aws_elasticache_user/default/access_string", json!("on ~* +@all")),
        breach(cache_users, "resource/aws_elasticache_user/processor/access_string", json!("on ~* +@all")),
        breach(cache_users, "resource/aws_elasticache_user/catalog/access_string", json!(cache::WRITER_RIGHTS)),
        breach(cache_users, "resource/aws_elasticache_user/processor/authentication_mode/type", json!("password")),
        breach(cache_users, "resource/aws_elasticache_user/processor/user_name", json!("other")),
    ]);
}

#[test]
fn everything_comes_after_what_it_needs() {
    holds(order);
    notices(vec![
        breach(order, "resource/aws_lambda_function/processor/depends_on", json!([])),
        breach(order, "resource/aws_subnet/private_a/depends_on", Value::Null),
    ]);
}
