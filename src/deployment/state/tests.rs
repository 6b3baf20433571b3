//! States in the form of Terraform 1.11 and the AWS provider 5.100, cut down to what is read.

use serde_json::{Value, json};

use super::*;

const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:lambda-processor-staging";

fn resource(kind: &str, name: &str, values: &Value) -> Value {
    json!({"address": format!("{kind}.{name}"), "mode": "managed", "type": kind, "name": name,
        "provider_name": "registry.terraform.io/hashicorp/aws", "schema_version": 0, "values": values})
}

fn function() -> Value {
    json!({"function_name": "lambda-processor-staging", "arn": FUNCTION, "role": "arn:role", "handler": "processor",
        "timeout": 60, "memory_size": 512, "filename": "./bootstrap-0123.zip", "runtime": "provided.al2023",
        "environment": [{"variables": {"PIPEGEN_HORIZON_SECONDS": "60"}}]})
}

fn mapping() -> Value {
    json!({"uuid": "an id", "function_arn": FUNCTION, "function_name": FUNCTION, "event_source_arn": "arn:stream",
        "starting_position": "TRIM_HORIZON", "batch_size": 500, "maximum_batching_window_in_seconds": 0,
        "parallelization_factor": 2, "bisect_batch_on_function_error": true, "maximum_retry_attempts": -1,
        "maximum_record_age_in_seconds": 85500, "function_response_types": ["ReportBatchItemFailures"],
        "destination_config": [{"on_failure": [{"destination_arn": "arn:aws:s3:::quarantine"}]}], "filter_criteria": []})
}

fn url() -> Value {
    json!({"function_arn": FUNCTION, "function_name": FUNCTION, "authorization_type": "AWS_IAM",
        "function_url": "https://abc.lambda-url.us-east-1.on.aws/"})
}

fn schedule() -> Value {
    json!({"name": "schedule-maintain-staging", "schedule_expression": "rate(1 minute)", "state": "ENABLED",
        "target": [{"arn": FUNCTION, "input": null, "role_arn": "arn:role", "retry_policy": []}]})
}

fn parse(resources: &[Value]) -> Result<Stack, String> {
    let shown = json!({"format_version": "1.0", "terraform_version": "1.11.4",
        "values": {"outputs": {}, "root_module": {"resources": resources}}});
    Stack::parse(shown.to_string().as_bytes()).map_err(|error| format!("{error:#}"))
}

/// A whole stack, in which one value of one resource is another.
fn changed(kind: &str, field: &str, value: &Value) -> Result<Stack, String> {
    let all = [
        ("aws_lambda_function", function()),
        ("aws_lambda_event_source_mapping", mapping()),
        ("aws_lambda_function_url", url()),
        ("aws_scheduler_schedule", schedule()),
        ("aws_s3_bucket", json!({"bucket": "quarantine"})),
    ];
    let resources = all.map(|(of, mut values)| {
        if of == kind {
            values[field] = value.clone();
        }
        resource(of, "x", &values)
    });
    parse(&resources)
}

#[test]
fn what_runs_is_taken_from_the_state() {
    let stack = changed("", "", &Value::Null).expect("whole");
    let function = Function {
        name: "lambda-processor-staging".to_owned(),
        arn: FUNCTION.to_owned(),
        role: "arn:role".to_owned(),
        handler: "processor".to_owned(),
        timeout: 60,
        memory_size: 512,
        filename: "./bootstrap-0123.zip".into(),
        environment: [("PIPEGEN_HORIZON_SECONDS".to_owned(), "60".to_owned())].into(),
    };
    let mapping = EventSourceMapping {
        id: "an id".to_owned(),
        function: FUNCTION.to_owned(),
        stream: "arn:stream".to_owned(),
        batch_size: 500,
        window: Duration::ZERO,
        parallelization: 2,
        bisect: true,
        maximum_retries: None,
        maximum_age: Some(Duration::from_mins(24 * 60 - 15)),
        on_failure_bucket: "quarantine".to_owned(),
    };
    let schedule = Schedule { function: FUNCTION.to_owned(), period: Duration::from_mins(1), input: "{}".to_owned() };
    let expected = Stack {
        functions: [(FUNCTION.to_owned(), function)].into(),
        mappings: vec![mapping],
        url: Some(FUNCTION.to_owned()),
        schedules: vec![schedule],
    };
    assert_eq!(stack, expected);
}

#[test]
fn settings_have_lambdas_meaning() {
    let mapping = |field: &str, value: Value| {
        let stack = changed("aws_lambda_event_source_mapping", field, &value).expect("whole");
        stack.mappings.into_iter().next().expect("one")
    };
    assert_eq!(mapping("maximum_retry_attempts", json!(3)).maximum_retries, Some(3));
    assert_eq!(mapping("maximum_record_age_in_seconds", json!(-1)).maximum_age, None);
    assert_eq!(mapping("maximum_batching_window_in_seconds", json!(300)).window, Duration::from_mins(5));
    assert_eq!(mapping("maximum_batching_window_in_seconds", Value::Null).window, Duration::ZERO);
    let without = changed("aws_lambda_function", "environment", &json!([])).expect("whole");
    assert!(without.functions[FUNCTION].environment.is_empty());
    for (expression, seconds) in [("rate(1 minute)", 60), ("rate(5 minutes)", 300), ("rate(1 hour)", 3600)] {
        let stack = changed("aws_scheduler_schedule", "schedule_expression", &json!(expression)).expect("whole");
        assert_eq!(stack.schedules[0].period, Duration::from_secs(seconds));
    }
}

#[test]
fn what_cannot_be_followed_is_refused_with_its_address() {
    for (kind, field, value, words) in [
        ("aws_lambda_event_source_mapping", "starting_position", json!("LATEST"), "LATEST"),
        ("aws_lambda_event_source_mapping", "function_response_types", json!([]), "ReportBatchItemFailures"),
        ("aws_lambda_event_source_mapping", "destination_config", json!([]), "on-failure destination"),
        ("aws_lambda_event_source_mapping", "batch_size", json!(0), "empty batches"),
        ("aws_lambda_event_source_mapping", "function_arn", json!("arn:other"), "arn:other"),
        ("aws_scheduler_schedule", "schedule_expression", json!("cron(0 * * * ? *)"), "cron"),
        ("aws_scheduler_schedule", "schedule_expression", json!("rate(0 minutes)"), "rate(0 minutes)"),
        ("aws_lambda_function_url", "function_arn", json!("arn:other"), "arn:other"),
        ("aws_lambda_function", "timeout", json!("soon"), "aws_lambda_function.x"),
    ] {
        let error = changed(kind, field, &value).expect_err(words);
        assert!(error.contains(words), "{error}");
    }
    let topic = json!([{"on_failure": [{"destination_arn": "arn:aws:sns:us-east-1:1:topic"}]}]);
    let error = changed("aws_lambda_event_source_mapping", "destination_config", &topic).expect_err("no bucket");
    assert!(error.contains("aws_lambda_event_source_mapping.x") && error.contains("no bucket"), "{error}");
}

#[test]
fn a_folder_that_was_not_applied_is_told_so() {
    let empty = Stack::parse(br#"{"format_version":"1.0"}"#).expect_err("empty").to_string();
    assert!(empty.contains("terraform apply"), "{empty}");
    let idle = parse(&[resource("aws_lambda_function", "x", &function())]).expect_err("idle");
    assert!(idle.contains("event source mapping"), "{idle}");
    assert!(Stack::parse(b"nonsense").is_err());
    assert!(Stack::of_folder(Path::new("/nowhere")).expect_err("no folder").to_string().contains("pipegen render"));
}
