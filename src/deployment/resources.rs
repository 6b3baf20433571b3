//! The resources that a run needs, in the one form that a rendered file and a state are brought to, and the checks of
//! them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::{
    ApplyInvocation, Deployment, FunctionConfiguration, MappingConfiguration, ScheduledInvocation, SecretRotation,
};
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

/// A resource with the values of its attributes.
#[derive(Debug, Deserialize)]
pub(super) struct ResourceValues {
    pub(super) address: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) values: Value,
}

impl ResourceValues {
    fn read<T: DeserializeOwned>(&self) -> anyhow::Result<T> {
        Ok(T::deserialize(&self.values)?)
    }
}

impl Deployment {
    /// Puts the resources together, and refuses what is not understood here.
    pub(super) fn from_resources(mut resources: Vec<ResourceValues>) -> anyhow::Result<Self> {
        resources.sort_by(|a, b| a.address.cmp(&b.address));
        let mut deployment = Self::default();
        let mut shards = BTreeMap::new();
        for resource in &resources {
            deployment.add(resource, &mut shards).with_context(|| resource.address.clone())?;
        }
        for mapping in &mut deployment.mappings {
            mapping.shards = shards.get(&mapping.stream).copied();
        }
        deployment.name_functions_by_arn()?;
        let rotations = &deployment.rotations;
        ensure!(
            rotations.windows(2).all(|pair| pair[0].function == pair[1].function),
            "it rotates its secrets with several functions, and only one is invoked"
        );
        ensure!(!deployment.functions.is_empty(), "it has no function");
        ensure!(!deployment.mappings.is_empty(), "it has no event source mapping: nothing would read the stream");
        Ok(deployment)
    }

    fn add(&mut self, resource: &ResourceValues, shards: &mut BTreeMap<String, usize>) -> anyhow::Result<()> {
        match resource.kind.as_str() {
            "aws_lambda_function" => {
                let function = resource.read::<FunctionAttributes>()?.checked()?;
                self.functions.insert(function.arn.clone(), function);
            }
            "aws_lambda_event_source_mapping" => self.mappings.push(resource.read::<MappingAttributes>()?.checked()?),
            "aws_lambda_function_url" => {
                let other = self.url.replace(resource.read::<UrlAttributes>()?.function_name);
                ensure!(other.is_none(), "it is the second function URL, and only one is served");
            }
            "aws_lambda_invocation" => {
                let InvocationAttributes { function_name, input } = resource.read()?;
                self.invocations.push(ApplyInvocation { function: function_name, input });
            }
            "aws_scheduler_schedule" => self.schedules.push(resource.read::<ScheduleAttributes>()?.checked()?),
            "aws_kinesis_stream" => {
                let StreamAttributes { arn, shard_count } = resource.read()?;
                // A stream without a number of its own has 0 in a state.
                shards.extend(shard_count.filter(|&count| count > 0).map(|count| (arn, count)));
            }
            "aws_s3_bucket" => self.buckets.push(resource.read::<BucketAttributes>()?.bucket),
            "aws_secretsmanager_secret" => {
                let SecretAttributes { arn, name } = resource.read()?;
                self.secrets.insert(arn, name);
            }
            "aws_secretsmanager_secret_rotation" => {
                let RotationAttributes { secret_id, rotation_lambda_arn } = resource.read()?;
                self.rotations.push(SecretRotation { secret: secret_id, function: rotation_lambda_arn });
            }
            "aws_db_instance" => {
                let secret = resource.read::<DatabaseAttributes>()?.master_user_secret.into_iter().next();
                self.master_secret = secret.map(|secret| secret.secret_arn);
            }
            _ => {}
        }
        Ok(())
    }

    /// Replaces names of functions by their ARNs. Each must be a function of the stack.
    fn name_functions_by_arn(&mut self) -> anyhow::Result<()> {
        let functions = &self.functions;
        let mappings = self.mappings.iter_mut().map(|mapping| &mut mapping.function);
        let schedules = self.schedules.iter_mut().map(|schedule| &mut schedule.function);
        let invocations = self.invocations.iter_mut().map(|invocation| &mut invocation.function);
        let rotations = self.rotations.iter_mut().map(|rotation| &mut rotation.function);
        for name in mappings.chain(schedules).chain(invocations).chain(rotations).chain(&mut self.url) {
            let is_named = |function: &&FunctionConfiguration| function.arn == *name || function.name == *name;
            let function = functions.values().find(is_named);
            let function = function.with_context(|| format!("it runs {name}, which is not a function of it"))?;
            function.arn.clone_into(name);
        }
        Ok(())
    }
}

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
struct FunctionAttributes {
    function_name: String,
    arn: String,
    role: String,
    handler: String,
    timeout: u64,
    memory_size: u32,
    reserved_concurrent_executions: Option<i64>,
    filename: PathBuf,
    #[serde(default, deserialize_with = "blocks")]
    environment: Vec<EnvironmentBlock>,
}

#[derive(Deserialize)]
struct EnvironmentBlock {
    #[serde(default)]
    variables: Option<BTreeMap<String, String>>,
}

impl FunctionAttributes {
    fn checked(self) -> anyhow::Result<FunctionConfiguration> {
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
struct MappingAttributes {
    uuid: String,
    function_name: String,
    event_source_arn: String,
    starting_position: String,
    batch_size: usize,
    maximum_batching_window_in_seconds: Option<u64>,
    parallelization_factor: usize,
    bisect_batch_on_function_error: bool,
    maximum_retry_attempts: i64,
    maximum_record_age_in_seconds: i64,
    function_response_types: Vec<String>,
    #[serde(deserialize_with = "blocks")]
    destination_config: Vec<DestinationBlock>,
}

#[derive(Deserialize)]
struct DestinationBlock {
    #[serde(deserialize_with = "blocks")]
    on_failure: Vec<OnFailureBlock>,
}

#[derive(Deserialize)]
struct OnFailureBlock {
    destination_arn: String,
}

impl MappingAttributes {
    fn checked(self) -> anyhow::Result<MappingConfiguration> {
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
struct UrlAttributes {
    function_name: String,
}

#[derive(Deserialize)]
struct InvocationAttributes {
    function_name: String,
    input: String,
}

#[derive(Deserialize)]
struct ScheduleAttributes {
    schedule_expression: String,
    #[serde(deserialize_with = "blocks")]
    target: Vec<TargetBlock>,
}

#[derive(Deserialize)]
struct TargetBlock {
    arn: String,
    input: Option<String>,
}

impl ScheduleAttributes {
    fn checked(self) -> anyhow::Result<ScheduledInvocation> {
        let period = rate::period(&self.schedule_expression);
        let period = period.with_context(|| format!("it runs by `{}`, not by a rate", self.schedule_expression))?;
        let mut targets = self.target.into_iter();
        let (Some(target), None) = (targets.next(), targets.next()) else { bail!("it has not one target") };
        let input = target.input.filter(|input| !input.is_empty()).unwrap_or_else(|| "{}".to_owned());
        Ok(ScheduledInvocation { function: target.arn, period, input })
    }
}

#[derive(Deserialize)]
struct StreamAttributes {
    arn: String,
    shard_count: Option<usize>,
}

#[derive(Deserialize)]
struct BucketAttributes {
    bucket: String,
}

#[derive(Deserialize)]
struct SecretAttributes {
    arn: String,
    name: String,
}

#[derive(Deserialize)]
struct RotationAttributes {
    secret_id: String,
    rotation_lambda_arn: String,
}

#[derive(Deserialize)]
struct DatabaseAttributes {
    #[serde(default, deserialize_with = "blocks")]
    master_user_secret: Vec<MasterSecretBlock>,
}

#[derive(Deserialize)]
struct MasterSecretBlock {
    secret_arn: String,
}
