use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::{Deployment, MappingConfiguration, ServerAddresses};
use super::fixture::{FUNCTION, applied, rendered, state};

/// The applied stack in which one attribute of the one resource of a kind has another value.
fn changed(kind: &str, attribute: &str, value: &Value) -> Result<Deployment, String> {
    let mut state = state();
    for resource in state["values"]["root_module"]["resources"].as_array_mut().expect("a list") {
        if resource["type"] == kind {
            resource["values"][attribute] = value.clone();
        }
    }
    applied(&state)
}

#[test]
fn settings_have_lambdas_meaning() {
    let mapping = |attribute: &str, value: Value| -> MappingConfiguration {
        let deployment = changed("aws_lambda_event_source_mapping", attribute, &value).expect("whole");
        deployment.mappings.into_iter().next().expect("one")
    };
    assert_eq!(mapping("maximum_retry_attempts", json!(3)).maximum_retries, Some(3));
    assert_eq!(mapping("maximum_record_age_in_seconds", json!(-1)).maximum_age, None);
    assert_eq!(mapping("maximum_batching_window_in_seconds", json!(300)).window, Duration::from_mins(5));
    assert_eq!(mapping("maximum_batching_window_in_seconds", Value::Null).window, Duration::ZERO);
    let without = changed("aws_lambda_function", "environment", &json!([])).expect("whole");
    assert!(without.functions[FUNCTION].environment.is_empty());
    let reserved = changed("aws_lambda_function", "reserved_concurrent_executions", &json!(7)).expect("whole");
    assert_eq!(reserved.concurrency(&reserved.functions[FUNCTION]), 7);
    for (expression, seconds) in [("rate(1 minute)", 60), ("rate(5 minutes)", 300), ("rate(1 hour)", 3600)] {
        let deployment = changed("aws_scheduler_schedule", "schedule_expression", &json!(expression)).expect("whole");
        assert_eq!(deployment.schedules[0].period, Duration::from_secs(seconds));
    }
}

#[test]
fn what_cannot_be_run_is_refused_with_its_address() {
    for (kind, attribute, value, words) in [
        ("aws_lambda_event_source_mapping", "starting_position", json!("LATEST"), "LATEST"),
        ("aws_lambda_event_source_mapping", "function_response_types", json!([]), "ReportBatchItemFailures"),
        ("aws_lambda_event_source_mapping", "destination_config", json!([]), "on-failure destination"),
        ("aws_lambda_event_source_mapping", "batch_size", json!(0), "batches are empty"),
        ("aws_lambda_event_source_mapping", "function_name", json!("arn:other"), "arn:other"),
        ("aws_scheduler_schedule", "schedule_expression", json!("cron(0 * * * ? *)"), "cron"),
        ("aws_scheduler_schedule", "schedule_expression", json!("rate(0 minutes)"), "rate(0 minutes)"),
        ("aws_lambda_function_url", "function_name", json!("arn:other"), "arn:other"),
        ("aws_lambda_function", "timeout", json!("soon"), "aws_lambda_function.processor"),
        ("aws_lambda_function", "reserved_concurrent_executions", json!(0), "may not run"),
    ] {
        let error = changed(kind, attribute, &value).expect_err(words);
        assert!(error.contains(words), "{error}");
    }
    let topic = json!([{"on_failure": [{"destination_arn": "arn:aws:sns:us-east-1:1:topic"}]}]);
    let error = changed("aws_lambda_event_source_mapping", "destination_config", &topic).expect_err("not a bucket");
    assert!(error.contains("aws_lambda_event_source_mapping.processor") && error.contains("not a bucket"), "{error}");
}

#[test]
fn a_second_rotation_function_is_refused() {
    let mut state = state();
    let resources = state["values"]["root_module"]["resources"].as_array_mut().expect("a list");
    let mut second = |kind: &str, changes: &[(&str, &str)]| {
        let mut copy = resources.iter().find(|resource| resource["type"] == kind).expect(kind).clone();
        copy["address"] = json!(format!("{kind}.second"));
        for (attribute, value) in changes {
            copy["values"][attribute] = json!(value);
        }
        resources.push(copy);
    };
    second("aws_lambda_function", &[("arn", "arn:second"), ("function_name", "second")]);
    second("aws_secretsmanager_secret_rotation", &[("secret_id", "arn:other")]);
    assert_eq!(applied(&state).expect("one function for two secrets").rotations.len(), 2);
    let resources = state["values"]["root_module"]["resources"].as_array_mut().expect("a list");
    resources.last_mut().expect("the rotation")["values"]["rotation_lambda_arn"] = json!("arn:second");
    let error = applied(&state).expect_err("two functions");
    assert!(error.contains("several functions"), "{error}");
}

#[test]
fn an_expression_without_a_value_is_named() {
    for (value, words) in [
        ("${aws_s3_bucket.quarantine.hosted_zone_id}", "known only after `terraform apply`"),
        ("${aws_s3_bucket.archive.bucket}", "there is no `aws_s3_bucket.archive`"),
        ("${aws_lambda_function.processor.environment.variables.BUCKET}", "leads back to itself"),
        ("${aws_lambda_function.processor.vpc_config}", "aws_subnet.private_a.id"),
        ("${timestamp()}", "it is not an attribute"),
        ("${unclosed", "has no end"),
    ] {
        let mut main = rendered();
        main["resource"]["aws_lambda_function"]["processor"]["environment"]["variables"]["BUCKET"] = json!(value);
        let error = Deployment::from_rendered(&main.to_string(), &ServerAddresses::example()).expect_err(words);
        let error = format!("{error:#}");
        assert!(error.contains("aws_lambda_function.processor") && error.contains(words), "{error}");
        assert!(error.contains(value), "{error}");
    }
}

#[test]
fn a_folder_that_was_not_applied_is_named_so() {
    let empty = Deployment::from_state(br#"{"format_version":"1.0"}"#).expect_err("empty").to_string();
    assert!(empty.contains("terraform apply"), "{empty}");
    let mut idle = state();
    idle["values"]["root_module"]["resources"].as_array_mut().expect("a list").truncate(1);
    let idle = applied(&idle).expect_err("idle");
    assert!(idle.contains("event source mapping"), "{idle}");
    assert!(Deployment::from_state(b"nonsense").is_err());
    let missing = Deployment::from_folder(Path::new("/nowhere")).expect_err("no folder").to_string();
    assert!(missing.contains("is not a folder"), "{missing}");
}
