//! Limits of AWS that neither Terraform nor its provider knows: exceeding one would only fail in the middle of an
//! apply.

use pipegen::config::instance_types::{CACHE_NODE_TYPES, DATABASE_CLASSES};
use serde_json::{Value, json};

use super::{breach, holds, notices};
use crate::rendered::{all_resources, render, resources};

/// Updates a second that the processor is planned for, one batch at a time.
const UPDATES_A_SECOND: u64 = 500;

/// The most bytes of all of a function's variables.
const LONGEST_VARIABLES: usize = 4096;

/// The bytes that an ARN, a host name or another name may have that is only known after the apply.
const LONGEST_VALUE: usize = 120;

/// Days before which S3 moves nothing to a colder class that has a price for moving.
const DAYS_BEFORE_MOVE: u64 = 30;

/// Instance classes that exist.
fn machines(main: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for (label, database) in resources(main, "aws_db_instance") {
        if !DATABASE_CLASSES.iter().any(|class| database["instance_class"] == class.name) {
            wrong.push(format!("the database {label} is of no known class"));
        }
    }
    for (label, cache) in resources(main, "aws_elasticache_replication_group") {
        if !CACHE_NODE_TYPES.iter().any(|name| cache["node_type"] == *name) {
            wrong.push(format!("the cache {label} is of no known type"));
        }
        let needs_failover = cache["num_cache_clusters"].as_u64().is_some_and(|nodes| nodes > 1);
        if cache["automatic_failover_enabled"] != needs_failover || cache["multi_az_enabled"] != needs_failover {
            wrong.push(format!("the cache {label} has one node and a failover, or more and none"));
        }
    }
    wrong
}

/// Batch × window × time: a batch is processed in time, and retried long before it is too old.
fn batches(main: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for (label, mapping) in resources(main, "aws_lambda_event_source_mapping") {
        let number = |attribute: &str| mapping[attribute].as_u64().unwrap_or(u64::MAX);
        let [records, window, parallel, age] = [
            "batch_size",
            "maximum_batching_window_in_seconds",
            "parallelization_factor",
            "maximum_record_age_in_seconds",
        ]
        .map(number);
        let timeout = main["resource"]["aws_lambda_function"][label]["timeout"].as_u64().unwrap_or_default();
        if !(1..=10_000).contains(&records) || window > 300 || !(1..=10).contains(&parallel) {
            wrong.push(format!("Lambda takes no batches as {label} has them"));
        }
        if !(1..=900).contains(&timeout) || window + 10 * timeout > age {
            wrong.push(format!("a batch of {label} is too old before it is tried ten times"));
        }
        if label == "processor" && records * 4 > UPDATES_A_SECOND * timeout {
            wrong.push(format!("a batch of {label} takes more than a quarter of the time that it has"));
        }
    }
    wrong
}

/// The database takes every connection that its logins may hold.
fn connections(main: &Value) -> Vec<String> {
    let class = &main["resource"]["aws_db_instance"]["catalog"]["instance_class"];
    let class = DATABASE_CLASSES.iter().find(|known| class == known.name);
    let variables = main["resource"]["aws_lambda_function"]["migrate"]["environment"]["variables"].as_object();
    let limits = variables.into_iter().flatten().filter(|(name, _)| name.ends_with("_CONNECTIONS"));
    let limits: Vec<u32> = limits.filter_map(|(_, value)| value.as_str()?.parse().ok()).collect();
    let fits = class.is_some_and(|class| limits.iter().sum::<u32>() < class.connections());
    if limits.is_empty() || !fits { vec![format!("{limits:?} connections are too many")] } else { Vec::new() }
}

/// All variables of a function take no more than Lambda takes, measured as JSON, whatever the references turn out to
/// be: a port, or a name or address of at most [`LONGEST_VALUE`] bytes.
fn variables(main: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for (label, function) in resources(main, "aws_lambda_function") {
        let variables = function["environment"]["variables"].as_object().into_iter().flatten();
        let length: usize = variables
            .map(|(name, value)| {
                let value = value.as_str().unwrap_or_default();
                let longest = match value.strip_prefix("${") {
                    Some(reference) if reference.ends_with(".port}") => 5,
                    Some(_) => LONGEST_VALUE,
                    None => value.len(),
                };
                name.len() + longest + r#""":"","#.len()
            })
            .sum();
        if length + 1 > LONGEST_VARIABLES {
            wrong.push(format!("the variables of {label} may take {length} bytes"));
        }
    }
    wrong
}

/// `rate(1 minute)`, `rate(5 minutes)`, or a `cron` of six fields.
fn is_schedule(expression: &str) -> bool {
    let inside = |name: &str| expression.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
    if let Some(rate) = inside("rate") {
        let (count, unit) = rate.split_once(' ').unwrap_or_default();
        let plural = count.parse::<u32>().is_ok_and(|count| count > 1);
        return ["minute", "hour", "day"].iter().any(|name| match unit.strip_prefix(name) {
            Some("") => count == "1",
            Some("s") => plural,
            _ => false,
        });
    }
    inside("cron").is_some_and(|fields| fields.split(' ').filter(|field| !field.is_empty()).count() == 6)
}

fn schedules(main: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for (kind, label, body) in all_resources(main) {
        let own = [&body["schedule_expression"], &body["rotation_rules"]["schedule_expression"]];
        for expression in own.into_iter().filter_map(Value::as_str).filter(|expression| !is_schedule(expression)) {
            wrong.push(format!("{kind}.{label} is to run at `{expression}`"));
        }
    }
    wrong
}

/// Objects move to a colder class after a month at the earliest.
fn moves(main: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for (label, body) in resources(main, "aws_s3_bucket_lifecycle_configuration") {
        for rule in body["rule"].as_array().into_iter().flatten() {
            let moves = [&rule["transition"]].into_iter().flat_map(|moves| match moves {
                Value::Array(moves) => moves.iter().collect(),
                Value::Null => Vec::new(),
                one => vec![one],
            });
            if moves.into_iter().any(|one| one["days"].as_u64().is_none_or(|days| days < DAYS_BEFORE_MOVE)) {
                wrong.push(format!("objects in {label} move to a colder class too early"));
            }
        }
    }
    wrong
}

#[test]
fn machines_exist() {
    holds(machines);
    let cache = "resource/aws_elasticache_replication_group/views";
    notices(vec![
        breach(machines, "resource/aws_db_instance/catalog/instance_class", json!("db.t4g.nano")),
        breach(machines, &format!("{cache}/node_type"), json!("cache.t4g.large")),
        breach(machines, &format!("{cache}/num_cache_clusters"), json!(2)),
    ]);
}

#[test]
fn batches_are_done_in_time() {
    holds(batches);
    let mapping = "resource/aws_lambda_event_source_mapping/processor";
    notices(vec![
        breach(batches, &format!("{mapping}/batch_size"), json!(10_001)),
        breach(batches, &format!("{mapping}/batch_size"), json!(9000)),
        breach(batches, &format!("{mapping}/maximum_batching_window_in_seconds"), json!(301)),
        breach(batches, &format!("{mapping}/parallelization_factor"), json!(11)),
        breach(batches, &format!("{mapping}/maximum_record_age_in_seconds"), json!(500)),
        breach(batches, "resource/aws_lambda_function/processor/timeout", json!(901)),
    ]);
}

#[test]
fn the_database_takes_every_connection() {
    holds(connections);
    let variable = "resource/aws_lambda_function/migrate/environment/variables/PIPEGEN_DATABASE_WRITER_CONNECTIONS";
    notices(vec![
        breach(connections, variable, json!("78")),
        breach(connections, "resource/aws_db_instance/catalog/instance_class", json!("db.unknown")),
    ]);
}

#[test]
fn every_variable_has_room() {
    holds(variables);
    let processor = "resource/aws_lambda_function/processor/environment/variables";
    notices(vec![breach(variables, &format!("{processor}/PIPEGEN_SUPPLIERS"), json!("x".repeat(3100)))]);
}

/// Names as long as a role's name lets them be, and as many as the settings take.
#[test]
fn as_many_suppliers_as_the_settings_take_have_room() {
    let rows: Vec<_> = (0..55).map(|number| format!("s{number:047} = \"arn:aws:iam::111122223333:root\"\n")).collect();
    let rows = rows.concat();
    let rendered = render("a", &format!("[environments.a.suppliers]\n{rows}"));
    let main: Value = serde_json::from_str(&rendered.main).unwrap();
    let processor = &main["resource"]["aws_lambda_function"]["processor"];
    let told = processor["environment"]["variables"]["PIPEGEN_SUPPLIERS"].as_str().unwrap();
    assert_eq!((told.len(), told.split(',').count()), (2694, 55));
    assert_eq!(variables(&main), Vec::<String>::new());
}

#[test]
fn schedules_can_be_read() {
    for good in ["rate(1 minute)", "rate(5 minutes)", "rate(30 days)", "cron(0 3 * * ? *)"] {
        assert!(is_schedule(good), "{good}");
    }
    for bad in ["", "rate(5 minute)", "rate(1 minutes)", "rate(0 days)", "rate(5)", "cron(0 3 * * ?)", "5 minutes"] {
        assert!(!is_schedule(bad), "{bad}");
    }
    holds(schedules);
    notices(vec![
        breach(schedules, "resource/aws_scheduler_schedule/new/schedule_expression", json!("rate(5 minute)")),
        breach(
            schedules,
            "resource/aws_secretsmanager_secret_rotation/new/rotation_rules/schedule_expression",
            json!("rate(30)"),
        ),
    ]);
}

#[test]
fn objects_move_when_they_may() {
    holds(moves);
    let transition = "resource/aws_s3_bucket_lifecycle_configuration/quarantine/rule/0/transition";
    notices(vec![
        breach(moves, transition, json!({ "days": 7, "storage_class": "STANDARD_IA" })),
        breach(moves, transition, json!([{ "storage_class": "GLACIER_IR" }])),
    ]);
}
