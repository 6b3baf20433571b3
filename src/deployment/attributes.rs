//! The attributes that are read of each resource, and the checks of them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::{FunctionConfiguration, MappingConfiguration, ScheduledInvocation};
use crate::terraform::rate;

/// The types of the resources that a run needs, with the attributes that are read. Others have expressions that nothing
/// needs.
pub(super) const ATTRIBUTES: [(&str, &[&str]); 10] = [
    (
        "aws_lambda_function",
        &[
            "function_name",
            "arn",
            "role",
            "handler",
            "timeout",
            "memory_size",
            "reserved_concurrent_executions",
            "filename",
            "environment",
        ],
    ),
    (
        "aws_lambda_event_source_mapping",
        &[
            "uuid",
            "function_name",
            "event_source_arn",
            "starting_position",
            "batch_size",
            "maximum_batching_window_in_seconds",
            "parallelization_factor",
            "bisect_batch_on_function_error",
            "maximum_retry_attempts",
            "maximum_record_age_in_seconds",
            "function_response_types",
            "destination_config",
        ],
    ),
    ("aws_lambda_function_url", &["function_name"]),
    ("aws_lambda_invocation", &["function_name", "input"]),
    ("aws_scheduler_schedule", &["schedule_expression", "target"]),
    ("aws_kinesis_stream", &["arn", "shard_count"]),
    ("aws_s3_bucket", &["bucket"]),
    ("aws_secretsmanager_secret", &["arn", "name"]),
    ("aws_secretsmanager_secret_rotation", &["secret_id", "rotation_lambda_arn"]),
    ("aws_db_instance", &["master_user_secret"]),
];

/// A block is an object in a rendered file, and a list of objects in a state.
fn blocks<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let read = |value| T::deserialize(value).map_err(D::Error::custom);
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(Vec::new()),
        Value::Array(blocks) => blocks.into_iter().map(read).collect(),
        block => Ok(vec![read(block)?]),
    }
}

#[derive(Deserialize)]
pub(super) struct FunctionAttributes {
    pub(super) function_name: String,
    pub(super) arn: String,
    pub(super) role: String,
    pub(super) handler: String,
    pub(super) timeout: u64,
    pub(super) memory_size: u32,
    pub(super) reserved_concurrent_executions: Option<i64>,
    pub(super) filename: PathBuf,
    #[serde(default, deserialize_with = "blocks")]
    pub(super) environment: Vec<EnvironmentBlock>,
}

#[derive(Deserialize)]
pub(super) struct EnvironmentBlock {
    #[serde(default)]
    pub(super) variables: Option<BTreeMap<String, String>>,
}

impl FunctionAttributes {
    pub(super) fn checked(self) -> anyhow::Result<FunctionConfiguration> {
        // -1 is without a reserve, and 0 switches the function off.
        let reserved = self.reserved_concurrent_executions.and_then(|reserved| usize::try_from(reserved).ok());
        ensure!(reserved != Some(0), "it may not run: its reserved concurrency is 0");
        Ok(FunctionConfiguration {
            name: self.function_name,
            arn: self.arn,
            role_arn: self.role,
            handler: self.handler,
            timeout: Duration::from_secs(self.timeout),
            memory: self.memory_size,
            reserved_concurrency: reserved,
            package: self.filename,
            environment: self.environment.into_iter().filter_map(|block| block.variables).flatten().collect(),
        })
    }
}

#[derive(Deserialize)]
pub(super) struct MappingAttributes {
    pub(super) uuid: String,
    pub(super) function_name: String,
    pub(super) event_source_arn: String,
    pub(super) starting_position: String,
    pub(super) batch_size: usize,
    pub(super) maximum_batching_window_in_seconds: Option<u64>,
    pub(super) parallelization_factor: usize,
    pub(super) bisect_batch_on_function_error: bool,
    pub(super) maximum_retry_attempts: i64,
    pub(super) maximum_record_age_in_seconds: i64,
    pub(super) function_response_types: Vec<String>,
    #[serde(deserialize_with = "blocks")]
    pub(super) destination_config: Vec<DestinationBlock>,
}

#[derive(Deserialize)]
pub(super) struct DestinationBlock {
    #[serde(deserialize_with = "blocks")]
    pub(super) on_failure: Vec<OnFailureBlock>,
}

#[derive(Deserialize)]
pub(super) struct OnFailureBlock {
    pub(super) destination_arn: String,
}

impl MappingAttributes {
    pub(super) fn checked(self) -> anyhow::Result<MappingConfiguration> {
        ensure!(self.starting_position == "TRIM_HORIZON", "it begins at {}, not TRIM_HORIZON", self.starting_position);
        ensure!(
            self.function_response_types == ["ReportBatchItemFailures"],
            "it does not take partial responses (ReportBatchItemFailures)"
        );
        ensure!(self.batch_size > 0 && self.parallelization_factor > 0, "its batches are empty, or never processed");
        let destinations: Vec<_> = self.destination_config.iter().flat_map(|config| &config.on_failure).collect();
        let [OnFailureBlock { destination_arn }] = destinations[..] else {
            bail!("it has not one on-failure destination")
        };
        let bucket = destination_arn.strip_prefix("arn:aws:s3:::");
        let bucket = bucket.with_context(|| format!("its on-failure destination {destination_arn} is not a bucket"))?;
        Ok(MappingConfiguration {
            id: self.uuid,
            function: self.function_name,
            stream: self.event_source_arn,
            shards: None,
            batch_size: self.batch_size,
            window: Duration::from_secs(self.maximum_batching_window_in_seconds.unwrap_or_default()),
            parallelization: self.parallelization_factor,
            bisect: self.bisect_batch_on_function_error,
            // -1 is without end.
            maximum_retries: u32::try_from(self.maximum_retry_attempts).ok(),
            maximum_age: u64::try_from(self.maximum_record_age_in_seconds).ok().map(Duration::from_secs),
            on_failure_bucket: bucket.to_owned(),
        })
    }
}

#[derive(Deserialize)]
pub(super) struct UrlAttributes {
    pub(super) function_name: String,
}

#[derive(Deserialize)]
pub(super) struct InvocationAttributes {
    pub(super) function_name: String,
    pub(super) input: String,
}

#[derive(Deserialize)]
pub(super) struct ScheduleAttributes {
    pub(super) schedule_expression: String,
    #[serde(deserialize_with = "blocks")]
    pub(super) target: Vec<TargetBlock>,
}

#[derive(Deserialize)]
pub(super) struct TargetBlock {
    pub(super) arn: String,
    pub(super) input: Option<String>,
}

impl ScheduleAttributes {
    pub(super) fn checked(self) -> anyhow::Result<ScheduledInvocation> {
        let period = rate::period(&self.schedule_expression);
        let period = period.with_context(|| format!("it runs by `{}`, not by a rate", self.schedule_expression))?;
        let mut targets = self.target.into_iter();
        let (Some(target), None) = (targets.next(), targets.next()) else { bail!("it has not one target") };
        let input = target.input.filter(|input| !input.is_empty()).unwrap_or_else(|| "{}".to_owned());
        Ok(ScheduledInvocation { function: target.arn, period, input })
    }
}

#[derive(Deserialize)]
pub(super) struct StreamAttributes {
    pub(super) arn: String,
    pub(super) shard_count: Option<usize>,
}

#[derive(Deserialize)]
pub(super) struct BucketAttributes {
    pub(super) bucket: String,
}

#[derive(Deserialize)]
pub(super) struct SecretAttributes {
    pub(super) arn: String,
    pub(super) name: String,
}

#[derive(Deserialize)]
pub(super) struct RotationAttributes {
    pub(super) secret_id: String,
    pub(super) rotation_lambda_arn: String,
}

#[derive(Deserialize)]
pub(super) struct DatabaseAttributes {
    #[serde(default, deserialize_with = "blocks")]
    pub(super) master_user_secret: Vec<MasterSecretBlock>,
}

#[derive(Deserialize)]
pub(super) struct MasterSecretBlock {
    pub(super) secret_arn: String,
}
