use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use super::super::attributes::ATTRIBUTES;
use super::super::{Deployment, MappingConfiguration, SecretRotation, ServerAddresses};

const PRESETS: [(&str, &str); 4] = [
    ("staging", include_str!("../../../tests/golden/staging.main.tf.json")),
    ("throwaway", include_str!("../../../tests/golden/throwaway.main.tf.json")),
    ("production", include_str!("../../../tests/golden/production.main.tf.json")),
    ("large", include_str!("../../../tests/golden/large.main.tf.json")),
];

fn read(main: &str) -> Deployment {
    Deployment::from_rendered(main, &ServerAddresses::example()).expect("a stack that runs")
}

/// The values of the expressions in functions' environments, written down by hand.
fn values(environment: &str) -> BTreeMap<String, String> {
    let secret = |name: &str| format!("arn:aws:secretsmanager:us-east-1:000000000000:secret:{name}-000000");
    let mut values = BTreeMap::from([
        ("aws_db_instance.catalog.address".to_owned(), "db.test".to_owned()),
        ("aws_db_instance.catalog.port".to_owned(), "6001".to_owned()),
        ("aws_db_instance.catalog.db_name".to_owned(), "stock".to_owned()),
        ("aws_db_instance.catalog.master_user_secret[0].secret_arn".to_owned(), secret("rds!db-catalog")),
        ("aws_elasticache_replication_group.views.primary_endpoint_address".to_owned(), "cache.test".to_owned()),
        ("aws_elasticache_replication_group.views.port".to_owned(), "6002".to_owned()),
        (
            "aws_elasticache_replication_group.views.replication_group_id".to_owned(),
            format!("cache-views-{environment}"),
        ),
        ("aws_kinesis_stream.events.name".to_owned(), format!("kinesis-inventory-{environment}")),
    ]);
    for access in ["reader", "writer", "maintainer"] {
        let name = format!("aws_secretsmanager_secret.{access}.arn");
        values.insert(name, secret(&format!("secret-{access}-{environment}")));
    }
    for user in ["reader", "writer", "repair"] {
        values.insert(format!("aws_elasticache_user.{user}.user_name"), format!("user-{user}-{environment}"));
    }
    for bucket in ["archive", "crossings", "quarantine"] {
        let name = format!("s3-{bucket}-000000000000-{environment}");
        values.insert(format!("aws_s3_bucket.{bucket}.bucket"), name);
    }
    values
}

#[test]
fn every_value_of_a_function_is_the_rendered_one() {
    for (environment, main) in PRESETS {
        let (values, deployment) = (values(environment), read(main));
        let rendered: Value = serde_json::from_str(main).expect("JSON");
        let functions = rendered["resource"]["aws_lambda_function"].as_object().expect("functions");
        assert_eq!(deployment.functions.len(), functions.len());
        for (label, body) in functions {
            let arn = format!("arn:aws:lambda:us-east-1:000000000000:function:lambda-{label}-{environment}");
            let function = &deployment.functions[&arn];
            assert_eq!((&*function.name, &*function.arn), (body["function_name"].as_str().expect("text"), &*arn));
            assert_eq!(function.role_arn, format!("arn:aws:iam::000000000000:role/role-{label}-{environment}"));
            assert_eq!(function.handler, body["handler"]);
            assert_eq!(json!(function.timeout.as_secs()), body["timeout"]);
            assert_eq!(json!(function.memory), body["memory_size"]);
            assert_eq!(json!(function.reserved_concurrency), body["reserved_concurrent_executions"]);
            let package = body["filename"].as_str().expect("text").replace("${path.module}", ".");
            assert_eq!(function.package.to_str(), Some(&*package));
            let variables = body["environment"]["variables"].as_object().expect("variables");
            let expected: BTreeMap<_, _> = variables
                .iter()
                .map(|(name, value)| {
                    let value = value.as_str().expect("text");
                    let expression = value.strip_prefix("${").and_then(|value| value.strip_suffix('}'));
                    (name.clone(), expression.map_or(value.to_owned(), |expression| values[expression].clone()))
                })
                .collect();
            assert_eq!(function.environment, expected, "{arn}");
        }
    }
}

#[test]
fn every_setting_of_a_mapping_is_the_rendered_one() {
    for (environment, main) in PRESETS {
        let deployment = read(main);
        let rendered: Value = serde_json::from_str(main).expect("JSON");
        let bodies = rendered["resource"]["aws_lambda_event_source_mapping"].as_object().expect("mappings");
        assert_eq!(deployment.mappings.len(), bodies.len());
        for (mapping, (label, body)) in deployment.mappings.iter().zip(bodies) {
            let seconds = |name: &str| body[name].as_u64().map(Duration::from_secs);
            let expected = MappingConfiguration {
                id: mapping.id.clone(),
                function: format!("arn:aws:lambda:us-east-1:000000000000:function:lambda-{label}-{environment}"),
                stream: format!("arn:aws:kinesis:us-east-1:000000000000:stream/kinesis-inventory-{environment}"),
                shards: serde_json::from_value(
                    rendered["resource"]["aws_kinesis_stream"]["events"]["shard_count"].clone(),
                )
                .expect("a number"),
                batch_size: serde_json::from_value(body["batch_size"].clone()).expect("a number"),
                window: seconds("maximum_batching_window_in_seconds").expect("a number"),
                parallelization: serde_json::from_value(body["parallelization_factor"].clone()).expect("a number"),
                bisect: body["bisect_batch_on_function_error"] == json!(true),
                maximum_retries: None,
                maximum_age: seconds("maximum_record_age_in_seconds"),
                on_failure_bucket: format!("s3-quarantine-000000000000-{environment}"),
            };
            assert_eq!(body["maximum_retry_attempts"], -1, "without end");
            assert_eq!(*mapping, expected);
        }
        let ids: BTreeSet<_> = deployment.mappings.iter().map(|mapping| &mapping.id).collect();
        assert_eq!(ids.len(), deployment.mappings.len());
    }
}

#[test]
fn what_else_runs_is_the_rendered_stacks() {
    for (environment, main) in PRESETS {
        let deployment = read(main);
        let arn = |label: &str| format!("arn:aws:lambda:us-east-1:000000000000:function:lambda-{label}-{environment}");
        let [schedule] = &deployment.schedules[..] else { panic!("one schedule") };
        assert_eq!((&schedule.function, schedule.period), (&arn("maintain"), Duration::from_mins(1)));
        let rendered: Value = serde_json::from_str(main).expect("JSON");
        let input = rendered["resource"]["aws_lambda_invocation"]["migrate"]["input"].as_str().expect("text");
        let input = input.replace("$${", "${").replace("%%{", "%{");
        let [migration] = &deployment.invocations[..] else { panic!("one invocation") };
        assert_eq!((&migration.function, &*migration.input), (&arn("migrate"), &*input));
        assert_eq!(deployment.urls, [arn("catalog"), arn("ingest")]);
        let buckets = ["access-logs", "archive", "crossings", "quarantine", "query-results"];
        assert_eq!(deployment.buckets, buckets.map(|name| format!("s3-{name}-000000000000-{environment}")));
        let secret = |access: &str| values(environment)[&format!("aws_secretsmanager_secret.{access}.arn")].clone();
        let accesses = ["maintainer", "reader", "writer"];
        let rotations = accesses.map(|access| SecretRotation { secret: secret(access), function: arn("rotate") });
        assert_eq!(deployment.rotations, rotations);
        assert_eq!(
            deployment.secrets,
            accesses.map(|access| (secret(access), format!("secret-{access}-{environment}"))).into()
        );
        assert!(deployment.master_secret.expect("one").contains(":secret:rds!db-catalog-"));
    }
}

/// Changes each number, text and truth value of what is read, one at a time: none may be without effect.
#[test]
fn no_value_can_change_without_a_change_of_what_runs() {
    let (_, main) = PRESETS[3];
    let original = read(main);
    let rendered: Value = serde_json::from_str(main).expect("JSON");
    let mut changed = 0;
    for (kind, attributes) in ATTRIBUTES {
        for (label, body) in rendered["resource"][kind].as_object().into_iter().flatten() {
            for attribute in attributes.iter().filter(|attribute| !body[**attribute].is_null()) {
                let mut paths = Vec::new();
                leaves(&body[*attribute], &format!("/resource/{kind}/{label}/{attribute}"), &mut paths);
                for path in
                    paths.into_iter().filter(|path| !path.contains("/retry_policy/") && !path.ends_with("/role_arn"))
                {
                    let mut main = rendered.clone();
                    change(main.pointer_mut(&path).expect("it is there"));
                    let read = Deployment::from_rendered(&main.to_string(), &ServerAddresses::example());
                    assert!(read.is_err() || read.is_ok_and(|read| read != original), "{path} has no effect");
                    changed += 1;
                }
            }
        }
    }
    assert!(changed > 100, "{changed} values are too few");
}

fn leaves(value: &Value, path: &str, paths: &mut Vec<String>) {
    match value {
        Value::Object(entries) => {
            entries.iter().for_each(|(name, value)| leaves(value, &format!("{path}/{name}"), paths));
        }
        Value::Array(values) => {
            values.iter().enumerate().for_each(|(index, value)| leaves(value, &format!("{path}/{index}"), paths));
        }
        _ => paths.push(path.to_owned()),
    }
}

fn change(value: &mut Value) {
    *value = match &*value {
        Value::Bool(truth) => json!(!truth),
        Value::Number(number) => json!(number.as_i64().expect("whole") + 2),
        other => json!(format!("{}x", other.as_str().expect("text"))),
    };
}

#[test]
fn as_many_run_at_once_as_the_stacks_connections_suffice_for() {
    let concurrency = |main: &str, handler: &str| {
        let deployment = read(main);
        let function = deployment.functions.values().find(|function| function.handler == handler).expect("there");
        deployment.concurrency(function)
    };
    let [(_, staging), _, _, (_, large)] = PRESETS;
    // One shard with one lane; the reader's logins hold 20, the maintainer's 2.
    for (handler, number) in [("processor", 1), ("archiver", 1), ("catalog", 10), ("maintain", 1), ("migrate", 32)] {
        assert_eq!(concurrency(staging, handler), number, "{handler}");
    }
    // Four shards with two lanes; the catalog has a reserve of 80.
    for (handler, number) in [("processor", 8), ("archiver", 4), ("catalog", 80)] {
        assert_eq!(concurrency(large, handler), number, "{handler}");
    }
}

#[test]
fn more_parallelization_has_the_connections_for_it() {
    let (_, staging) = PRESETS[0];
    let original = read(staging);
    let mut deployment = original.clone();
    let overrides = deployment.override_parallelization(4);
    let expected = [("PIPEGEN_DATABASE_WRITER_CONNECTIONS".to_owned(), 8), ("parallelization".to_owned(), 4)];
    assert_eq!(overrides, expected.into());
    let factors: Vec<_> = deployment.mappings.iter().map(|mapping| mapping.parallelization).collect();
    assert_eq!(factors, [1, 4], "the archiver's stays");
    let processor = deployment.functions.values().find(|function| function.handler == "processor").expect("there");
    assert_eq!(deployment.concurrency(processor), 4);
    for handler in ["migrate", "rotate"] {
        let function = deployment.functions.values().find(|function| function.handler == handler).expect("there");
        assert_eq!(function.environment["PIPEGEN_DATABASE_WRITER_CONNECTIONS"], "8");
    }
    let mut same = original.clone();
    assert_eq!(same.override_parallelization(1), [("parallelization".to_owned(), 1)].into());
    assert_eq!(same, original);
}
