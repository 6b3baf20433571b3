//! The resources that a run needs, in the one form that a rendered file and a state are brought to, and the checks of
//! them.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::attributes::{
    BucketAttributes, DatabaseAttributes, FunctionAttributes, InvocationAttributes, MappingAttributes,
    RotationAttributes, ScheduleAttributes, SecretAttributes, StreamAttributes, UrlAttributes,
};
use super::{ApplyInvocation, Deployment, FunctionConfiguration, SecretRotation};

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
            "aws_lambda_function_url" => self.urls.push(resource.read::<UrlAttributes>()?.function_name),
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
        for name in mappings.chain(schedules).chain(invocations).chain(rotations).chain(&mut self.urls) {
            let is_named = |function: &&FunctionConfiguration| function.arn == *name || function.name == *name;
            let function = functions.values().find(is_named);
            let function = function.with_context(|| format!("it runs {name}, which is not a function of it"))?;
            function.arn.clone_into(name);
        }
        Ok(())
    }
}
