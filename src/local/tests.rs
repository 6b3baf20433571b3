//! A changed value of the stack changes what runs: the processes of the functions, the rules of the pollers, and the
//! schedules.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::runner::{FunctionBackend, function};
use crate::deployment::{Deployment, FunctionConfiguration, ServerAddresses};
use crate::event_source::mapping::MappingSettings;
use crate::event_source::on_failure::Storage;
use crate::lambda_host::credentials::Credentials;

const STAGING: &str = include_str!("../../tests/golden/staging.main.tf.json");

/// A backend that adds nothing, so that all that a process gets is the stack's.
struct Nothing;

impl FunctionBackend for Nothing {
    fn bootstrap(&self, _: &FunctionConfiguration) -> anyhow::Result<PathBuf> {
        Ok("bootstrap".into())
    }

    fn variables(&self, _: &FunctionConfiguration) -> Vec<(String, String)> {
        Vec::new()
    }

    fn credentials(&self, function: &FunctionConfiguration) -> Credentials {
        Credentials::of_function(&function.handler)
    }

    fn storage(&self) -> Storage {
        unreachable!("nothing is started")
    }
}

/// Returns all that the runner would start of a rendered file, as text.
fn started(main: &Value) -> anyhow::Result<String> {
    let deployment = Deployment::from_rendered(&main.to_string(), &ServerAddresses::example())?;
    let functions = deployment.functions.values().map(|configuration| function(&deployment, configuration, &Nothing));
    let functions = functions.collect::<anyhow::Result<Vec<_>>>()?;
    let mappings = deployment.mappings.iter();
    let mappings: Vec<_> = mappings.map(|mapping| MappingSettings::new(mapping, "a role")).collect();
    Ok(format!("{functions:#?}\n{mappings:#?}\n{:#?}", deployment.schedules))
}

#[test]
fn a_changed_or_deleted_value_of_the_stack_changes_what_is_started() {
    let staging: Value = serde_json::from_str(STAGING).expect("JSON");
    let before = started(&staging).expect("complete");
    for (path, value, shown) in [
        ("aws_lambda_function/processor/memory_size", json!(3008), "memory: 3008"),
        ("aws_lambda_function/catalog/timeout", json!(29), "timeout: 29s"),
        ("aws_lambda_function/catalog/reserved_concurrent_executions", json!(7), "concurrency: 7"),
        ("aws_lambda_function/catalog/environment/variables/PIPEGEN_CACHE_VIEW_SECONDS", json!("77"), "\"77\""),
        ("aws_lambda_function/processor/environment/variables/PIPEGEN_HORIZON_SECONDS", json!("5"), "\"5\""),
        ("aws_lambda_event_source_mapping/processor/batch_size", json!(123), "batch_size: 123"),
        ("aws_lambda_event_source_mapping/archiver/maximum_batching_window_in_seconds", json!(9), "window: 9s"),
        ("aws_lambda_event_source_mapping/processor/parallelization_factor", json!(6), "parallelization: 6"),
        ("aws_lambda_event_source_mapping/processor/bisect_batch_on_function_error", json!(false), "bisect: false"),
        (
            "aws_lambda_event_source_mapping/processor/maximum_retry_attempts",
            json!(3),
            "maximum_retries: Some(\n            3",
        ),
        ("aws_lambda_event_source_mapping/processor/maximum_record_age_in_seconds", json!(61), "61s"),
        ("aws_scheduler_schedule/maintain/schedule_expression", json!("rate(3 minutes)"), "period: 180s"),
    ] {
        let mut main = staging.clone();
        put(&mut main["resource"], path, value);
        let after = started(&main).expect(path);
        assert_ne!(before, after, "{path} has no effect");
        assert!(after.contains(shown) && !before.contains(shown), "{path}: no `{shown}` in\n{after}");
        let mut main = staging.clone();
        put(&mut main["resource"], path, Value::Null);
        let optional = path.ends_with("reserved_concurrent_executions");
        assert!(optional || started(&main).map_or(true, |after| after != before), "{path}: deleted without effect");
    }
}

/// Puts a value at a path; null removes it.
fn put(value: &mut Value, path: &str, new: Value) {
    let (parents, name) = path.rsplit_once('/').expect("a path");
    let parent = value.pointer_mut(&format!("/{parents}")).and_then(Value::as_object_mut).expect(path);
    if new.is_null() {
        parent.remove(name);
    } else {
        parent.insert(name.to_owned(), new);
    }
}
