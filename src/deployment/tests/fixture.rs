//! One small stack in both forms: as it would be rendered, and as Terraform 1.11 and the AWS provider 5.100 show it
//! applied, cut down to what is read.

use serde_json::{Value, json};

use super::super::{Deployment, ServerAddresses};

pub(super) const FUNCTION: &str = "arn:aws:lambda:us-east-1:000000000000:function:lambda-processor-test";
const SECRET: &str = "arn:aws:secretsmanager:us-east-1:000000000000:secret:secret-writer-test-000000";

/// A stack as it is rendered.
pub(super) fn rendered() -> Value {
    json!({
        "provider": {"aws": {"region": "us-east-1"}},
        "data": {"aws_caller_identity": {"current": {}}},
        "resource": {
            "aws_iam_role": {"processor": {"name": "role-processor-test"}},
            "aws_lambda_function": {"processor": {
                "function_name": "lambda-processor-test",
                "role": "${aws_iam_role.processor.arn}",
                "handler": "processor",
                "timeout": 60,
                "memory_size": 512,
                "filename": "${path.module}/bootstrap-0123.zip",
                "vpc_config": {"subnet_ids": ["${aws_subnet.private_a.id}"]},
                "environment": {"variables": {
                    "HORIZON": "60",
                    "PRICE": "$${a} %%{b} 5 $ 7 %",
                    "BUCKET": "${aws_s3_bucket.quarantine.bucket}",
                    "PORT": "${aws_db_instance.catalog.port}",
                    "SECRET": "${aws_secretsmanager_secret.writer.arn}",
                    "MASTER": "${aws_db_instance.catalog.master_user_secret[0].secret_arn}",
                }},
            }},
            "aws_kinesis_stream": {"events": {"name": "kinesis-inventory-test", "shard_count": 4}},
            "aws_s3_bucket": {"quarantine": {
                "bucket": "s3-quarantine-${data.aws_caller_identity.current.account_id}-test",
            }},
            "aws_lambda_event_source_mapping": {"processor": {
                "function_name": "${aws_lambda_function.processor.arn}",
                "event_source_arn": "${aws_kinesis_stream.events.arn}",
                "starting_position": "TRIM_HORIZON",
                "batch_size": 500,
                "maximum_batching_window_in_seconds": 0,
                "parallelization_factor": 2,
                "bisect_batch_on_function_error": true,
                "maximum_retry_attempts": -1,
                "maximum_record_age_in_seconds": 85500,
                "function_response_types": ["ReportBatchItemFailures"],
                "destination_config": {"on_failure": {"destination_arn": "${aws_s3_bucket.quarantine.arn}"}},
            }},
            "aws_lambda_function_url": {"processor": {"function_name": "${aws_lambda_function.processor.function_name}"}},
            "aws_lambda_invocation": {"processor": {
                "function_name": "${aws_lambda_function.processor.function_name}",
                "input": "{}",
                "triggers": {"code": "hash"},
            }},
            "aws_scheduler_schedule": {"processor": {
                "schedule_expression": "rate(1 minute)",
                "target": {"arn": "${aws_lambda_function.processor.arn}", "input": "{}"},
            }},
            "aws_secretsmanager_secret": {"writer": {"name": "secret-writer-test"}},
            "aws_secretsmanager_secret_rotation": {"writer": {
                "secret_id": "${aws_secretsmanager_secret.writer.arn}",
                "rotation_lambda_arn": "${aws_lambda_function.processor.arn}",
            }},
            "aws_db_instance": {"catalog": {"db_name": "inventory", "port": 5432}},
        },
    })
}

fn resource(kind: &str, name: &str, values: &Value) -> Value {
    json!({"address": format!("{kind}.{name}"), "mode": "managed", "type": kind, "name": name,
        "provider_name": "registry.terraform.io/hashicorp/aws", "schema_version": 0, "values": values})
}

/// The same stack as `terraform show -json` prints it.
pub(super) fn state() -> Value {
    let master = "arn:aws:secretsmanager:us-east-1:000000000000:secret:rds!db-catalog-000000";
    let bucket = "s3-quarantine-000000000000-test";
    let stream = "arn:aws:kinesis:us-east-1:000000000000:stream/kinesis-inventory-test";
    let function = json!({"function_name": "lambda-processor-test", "arn": FUNCTION,
        "role": "arn:aws:iam::000000000000:role/role-processor-test", "handler": "processor", "timeout": 60,
        "memory_size": 512, "filename": "./bootstrap-0123.zip", "runtime": "provided.al2023",
        "reserved_concurrent_executions": -1,
        "environment": [{"variables": {"HORIZON": "60", "PRICE": "${a} %{b} 5 $ 7 %", "BUCKET": bucket, "PORT": "6001",
            "SECRET": SECRET, "MASTER": master}}]});
    let mapping = json!({"uuid": "an id", "function_arn": FUNCTION, "function_name": FUNCTION, "event_source_arn": stream,
        "starting_position": "TRIM_HORIZON", "batch_size": 500, "maximum_batching_window_in_seconds": 0,
        "parallelization_factor": 2, "bisect_batch_on_function_error": true, "maximum_retry_attempts": -1,
        "maximum_record_age_in_seconds": 85500, "function_response_types": ["ReportBatchItemFailures"],
        "destination_config": [{"on_failure": [{"destination_arn": format!("arn:aws:s3:::{bucket}")}]}],
        "filter_criteria": []});
    let url = json!({"function_arn": FUNCTION, "function_name": "lambda-processor-test", "authorization_type": "AWS_IAM",
        "function_url": "https://abc.lambda-url.us-east-1.on.aws/"});
    let schedule = json!({"name": "schedule-maintain-test", "schedule_expression": "rate(1 minute)", "state": "ENABLED",
        "target": [{"arn": FUNCTION, "input": null, "role_arn": "arn:role", "retry_policy": []}]});
    let resources = [
        resource("aws_lambda_function", "processor", &function),
        resource("aws_lambda_event_source_mapping", "processor", &mapping),
        resource("aws_lambda_function_url", "processor", &url),
        resource("aws_scheduler_schedule", "processor", &schedule),
        resource(
            "aws_lambda_invocation",
            "processor",
            &json!({"function_name": "lambda-processor-test", "input": "{}", "result": "null"}),
        ),
        resource("aws_kinesis_stream", "events", &json!({"arn": stream, "name": "x", "shard_count": 4})),
        resource("aws_s3_bucket", "quarantine", &json!({"bucket": bucket})),
        resource("aws_secretsmanager_secret", "writer", &json!({"arn": SECRET, "name": "secret-writer-test"})),
        resource(
            "aws_secretsmanager_secret_rotation",
            "writer",
            &json!({"secret_id": SECRET, "rotation_lambda_arn": FUNCTION}),
        ),
        resource("aws_db_instance", "catalog", &json!({"master_user_secret": [{"secret_arn": master}]})),
        resource("aws_vpc", "main", &json!({"cidr_block": "10.0.0.0/16"})),
    ];
    json!({"format_version": "1.0", "terraform_version": "1.11.4",
        "values": {"outputs": {}, "root_module": {"resources": resources}}})
}

/// Reads a state.
pub(super) fn applied(state: &Value) -> Result<Deployment, String> {
    Deployment::from_state(state.to_string().as_bytes()).map_err(|error| format!("{error:#}"))
}

#[test]
fn a_stack_is_the_same_rendered_and_applied_but_for_ids() {
    let mut rendered = Deployment::from_rendered(&rendered().to_string(), &ServerAddresses::example()).expect("whole");
    assert_ne!(rendered.mappings[0].id, "an id");
    "an id".clone_into(&mut rendered.mappings[0].id);
    assert_eq!(applied(&state()).expect("whole"), rendered);
    assert_eq!(rendered.functions[FUNCTION].environment["PRICE"], "${a} %{b} 5 $ 7 %");
    assert_eq!(rendered.mappings[0].shards, Some(4));
}
