//! Functions: their roles, networks and logs, their environment variables, and their event source mappings.

use std::collections::BTreeSet;

use pipegen_contract::env;
use pipegen_contract::role::Role;
use serde_json::{Value, json};

use super::{breach, holds, notices};
use crate::rendered::{package, resources};

/// A function runs its own role of the bootstrap, as its own IAM role, in its own security group in both subnets
/// (`ingest`: outside the network), and logs to its own group. All are of one zip.
fn ground(main: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let package = package();
    for (label, body) in resources(main, "aws_lambda_function") {
        let logging = json!({
            "log_group": format!("${{aws_cloudwatch_log_group.{label}.name}}"),
            "log_format": "JSON",
            "application_log_level": "INFO",
            "system_log_level": "WARN",
        });
        let network = json!({
            "security_group_ids": [format!("${{aws_security_group.{label}.id}}")],
            "subnet_ids": ["${aws_subnet.private_a.id}", "${aws_subnet.private_b.id}"],
        });
        let network = if label == Role::Ingest.handler() { Value::Null } else { network };
        let wanted = [
            ("handler", json!(label)),
            ("role", json!(format!("${{aws_iam_role.{label}.arn}}"))),
            ("logging_config", logging),
            ("vpc_config", network),
            ("filename", json!(format!("${{path.module}}/{}", package.file_name))),
            ("source_code_hash", json!(package.source_code_hash)),
        ];
        let others = wanted.iter().filter(|(attribute, wanted)| body[*attribute] != *wanted);
        wrong.extend(others.map(|(attribute, _)| format!("{label}.{attribute} is {}", body[*attribute])));
    }
    let expected = Role::ALL.map(Role::handler).into_iter().collect::<BTreeSet<_>>();
    let found = resources(main, "aws_lambda_function").keys().map(String::as_str).collect::<BTreeSet<_>>();
    wrong.extend(expected.symmetric_difference(&found).map(|role| format!("`{role}` is no function, or no role")));
    wrong
}

const WHERE_DATABASE: &[&str] = &[env::DATABASE_HOST, env::DATABASE_PORT, env::DATABASE_NAME];
const WHERE_CACHE: &[&str] =
    &[env::CACHE_HOST, env::CACHE_PORT, env::CACHE_USER, env::CACHE_REPLICATION_GROUP, env::CACHE_VIEW_SECONDS];
const LOGINS: &[&str] =
    &[env::DATABASE_WRITER_SECRET_ARN, env::DATABASE_READER_SECRET_ARN, env::DATABASE_MAINTAINER_SECRET_ARN];
const CONNECTIONS: &[&str] =
    &[env::DATABASE_WRITER_CONNECTIONS, env::DATABASE_READER_CONNECTIONS, env::DATABASE_MAINTAINER_CONNECTIONS];

/// The environment variables that each role of the bootstrap reads, in groups.
fn expected_variables(role: Role) -> Vec<&'static [&'static str]> {
    match role {
        Role::Processor => vec![
            WHERE_DATABASE,
            WHERE_CACHE,
            &[env::DATABASE_SECRET_ARN, env::HORIZON_SECONDS, env::METRIC_NAMESPACE, env::QUARANTINE_BUCKET],
        ],
        Role::Archiver => vec![&[env::ARCHIVE_BUCKET]],
        Role::Catalog => vec![WHERE_DATABASE, WHERE_CACHE, &[env::DATABASE_SECRET_ARN]],
        Role::Ingest => {
            vec![&[env::STREAM_NAME, env::ENVIRONMENT, env::HORIZON_SECONDS, env::METRIC_NAMESPACE]]
        }
        Role::Maintain => vec![
            WHERE_DATABASE,
            WHERE_CACHE,
            &[env::DATABASE_SECRET_ARN, env::HORIZON_SECONDS, env::STREAM_RETENTION_SECONDS, env::METRIC_NAMESPACE],
            &[env::CROSSINGS_BUCKET],
        ],
        Role::Migrate => vec![WHERE_DATABASE, LOGINS, CONNECTIONS, &[env::DATABASE_MASTER_SECRET_ARN]],
        Role::Rotate => vec![WHERE_DATABASE, CONNECTIONS, &[env::DATABASE_MASTER_SECRET_ARN]],
    }
}

/// Each function has the variables that it reads, and no others.
fn variables(main: &Value) -> Vec<String> {
    let functions = resources(main, "aws_lambda_function").iter();
    // Whoever has a role is named to those that decide about events.
    let has_suppliers = resources(main, "aws_iam_role").keys().any(|label| label.starts_with("supplier_"));
    let wrong = functions.filter(|(label, body)| {
        let mut expected: BTreeSet<&str> =
            Role::from_handler(label).into_iter().flat_map(expected_variables).flatten().copied().collect();
        if has_suppliers && [Role::Processor, Role::Ingest].map(Role::handler).contains(&label.as_str()) {
            expected.insert(env::SUPPLIERS);
        }
        let variables = body["environment"]["variables"].as_object();
        variables.is_none_or(|variables| variables.keys().map(String::as_str).collect::<BTreeSet<_>>() != expected)
    });
    wrong.map(|(label, body)| format!("{label} gets {}", body["environment"])).collect()
}

/// The processor's batches come at once; the archiver's are few and large, and one at a time.
fn batches(main: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let mappings = resources(main, "aws_lambda_event_source_mapping");
    if mappings["processor"]["maximum_batching_window_in_seconds"].as_u64().is_none_or(|seconds| seconds > 1) {
        wrong.push("stock is not visible within about a second".to_owned());
    }
    for (attribute, wanted) in
        [("maximum_batching_window_in_seconds", 300), ("batch_size", 10_000), ("parallelization_factor", 1)]
    {
        if mappings["archiver"][attribute] != wanted {
            wrong.push(format!("the archiver's {attribute} is not {wanted}"));
        }
    }
    wrong
}

/// `migrate` runs whenever anything that it works on is new.
fn triggers(main: &Value) -> Vec<String> {
    let triggers = &main["resource"]["aws_lambda_invocation"]["migrate"]["triggers"];
    let function = &main["resource"]["aws_lambda_function"]["migrate"];
    let mut wrong = Vec::new();
    for (trigger, wanted) in
        [("code", &function["source_code_hash"]), ("database", &json!("${aws_db_instance.catalog.resource_id}"))]
    {
        if triggers[trigger] != *wanted {
            wrong.push(format!("`migrate` does not run when the {trigger} is new"));
        }
    }
    for name in LOGINS.iter().chain(CONNECTIONS) {
        if triggers[*name].is_null() || triggers[*name] != function["environment"]["variables"][*name] {
            wrong.push(format!("`migrate` does not run when {name} is new"));
        }
    }
    wrong
}

#[test]
fn every_function_stands_on_its_own() {
    holds(ground);
    let processor = "resource/aws_lambda_function/processor";
    notices(vec![
        breach(ground, &format!("{processor}/vpc_config"), Value::Null),
        breach(ground, "resource/aws_lambda_function/ingest/vpc_config", json!({ "subnet_ids": [] })),
        breach(ground, &format!("{processor}/logging_config"), Value::Null),
        breach(ground, &format!("{processor}/role"), json!("${aws_iam_role.migrate.arn}")),
        breach(ground, &format!("{processor}/handler"), json!("migrate")),
        breach(ground, &format!("{processor}/source_code_hash"), json!("other")),
        breach(ground, "resource/aws_lambda_function/rotate", Value::Null),
    ]);
}

#[test]
fn functions_get_what_they_read_and_nothing_else() {
    holds(variables);
    let processor = "resource/aws_lambda_function/processor/environment/variables/PIPEGEN_DATABASE_MASTER_SECRET_ARN";
    let migrate = "resource/aws_lambda_function/migrate/environment/variables/PIPEGEN_DATABASE_HOST";
    notices(vec![breach(variables, processor, json!("x")), breach(variables, migrate, Value::Null)]);
}

#[test]
fn batches_are_cut_for_their_purpose() {
    holds(batches);
    let mapping = "resource/aws_lambda_event_source_mapping";
    notices(vec![
        breach(batches, &format!("{mapping}/processor/maximum_batching_window_in_seconds"), json!(5)),
        breach(batches, &format!("{mapping}/archiver/maximum_batching_window_in_seconds"), json!(5)),
        breach(batches, &format!("{mapping}/archiver/parallelization_factor"), json!(2)),
    ]);
}

#[test]
fn the_database_is_migrated_when_anything_about_it_is_new() {
    holds(triggers);
    let place = "resource/aws_lambda_invocation/migrate/triggers";
    notices(vec![
        breach(triggers, &format!("{place}/code"), json!("other")),
        breach(triggers, &format!("{place}/database"), Value::Null),
        breach(triggers, &format!("{place}/{}", env::DATABASE_READER_CONNECTIONS), Value::Null),
    ]);
}

/// No concurrency is reserved unless it is set: a new account has none to reserve.
#[test]
fn the_catalog_runs_as_often_as_it_may() {
    for (settings, wanted) in [("", Value::Null), ("[defaults]\ncatalog_concurrency = 50", json!(50))] {
        let main: Value = serde_json::from_str(&crate::rendered::render("staging", settings).main).unwrap();
        for (label, function) in resources(&main, "aws_lambda_function") {
            let expected = if label == "catalog" { &wanted } else { &Value::Null };
            assert_eq!(&function["reserved_concurrent_executions"], expected, "{label}, {settings}");
        }
    }
}
