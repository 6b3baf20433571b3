//! What Terraform has applied in a folder, from its state.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::terraform::rate;

/// The part of a stack that runs.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Stack {
    /// Functions by ARN.
    pub functions: BTreeMap<String, Function>,
    /// What reads the stream.
    pub mappings: Vec<EventSourceMapping>,
    /// ARN of the function that has a URL.
    pub url: Option<String>,
    /// What runs by the clock.
    pub schedules: Vec<Schedule>,
}

/// `aws_lambda_function`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Function {
    /// Its name.
    #[serde(rename = "function_name")]
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Its role's ARN.
    pub role: String,
    /// The bootstrap's role.
    pub handler: String,
    /// In seconds.
    pub timeout: u64,
    /// In MB.
    pub memory_size: u32,
    /// The zip, below the folder.
    pub filename: PathBuf,
    /// Its settings.
    #[serde(default, deserialize_with = "variables")]
    pub environment: BTreeMap<String, String>,
}

/// `aws_lambda_event_source_mapping`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventSourceMapping {
    /// Its id.
    pub id: String,
    /// ARN of the function.
    pub function: String,
    /// ARN of the stream.
    pub stream: String,
    /// Records in a batch at most.
    pub batch_size: usize,
    /// How long a batch waits for more records.
    pub window: Duration,
    /// Lanes of a shard.
    pub parallelization: usize,
    /// Whether batches are halved after a function error.
    pub bisect: bool,
    /// How often a batch is tried again; none is without end.
    pub maximum_retries: Option<u32>,
    /// How long a record is tried; none is without end.
    pub maximum_age: Option<Duration>,
    /// The bucket for batches that are given up.
    pub on_failure_bucket: String,
}

/// `aws_scheduler_schedule`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// ARN of the function.
    pub function: String,
    /// How often.
    pub period: Duration,
    /// What the function gets.
    pub input: String,
}

impl Stack {
    /// Asks Terraform (`terraform` on the path) for the state of a folder.
    pub fn of_folder(folder: &Path) -> anyhow::Result<Self> {
        let name = folder.display();
        ensure!(folder.is_dir(), "--applied {name} is no folder: name one that `pipegen render` has written");
        let mut chdir = std::ffi::OsString::from("-chdir=");
        chdir.push(folder);
        let output = Command::new("terraform")
            .arg(chdir)
            .args(["show", "-json", "-no-color"])
            .output()
            .context("cannot run `terraform`: install it, or put it on the PATH")?;
        ensure!(
            output.status.success(),
            "`terraform -chdir={name} show -json` failed ({}): {}",
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        );
        Self::parse(&output.stdout).with_context(|| format!("the state of {name}"))
    }

    /// Reads what `terraform show -json` says about a state.
    pub fn parse(shown: &[u8]) -> anyhow::Result<Self> {
        let shown: Shown = serde_json::from_slice(shown).context("is not what `terraform show -json` prints")?;
        let resources = shown.values.map(|values| values.root_module.resources).unwrap_or_default();
        let mut stack = Self::default();
        for resource in resources {
            stack.add(&resource).with_context(|| resource.address.clone())?;
        }
        stack.check()?;
        Ok(stack)
    }

    fn add(&mut self, resource: &Resource) -> anyhow::Result<()> {
        match resource.kind.as_str() {
            "aws_lambda_function" => {
                let function: Function = resource.read()?;
                self.functions.insert(function.arn.clone(), function);
            }
            "aws_lambda_event_source_mapping" => self.mappings.push(resource.read::<RawMapping>()?.checked()?),
            "aws_lambda_function_url" => {
                let other = self.url.replace(resource.read::<Url>()?.function_arn);
                ensure!(other.is_none(), "is the second function URL; one is served");
            }
            "aws_scheduler_schedule" => self.schedules.push(resource.read::<RawSchedule>()?.checked()?),
            _ => {}
        }
        Ok(())
    }

    /// Whoever is named must be there.
    fn check(&self) -> anyhow::Result<()> {
        ensure!(!self.functions.is_empty(), "holds no function: run `terraform apply` first");
        let named = self.mappings.iter().map(|mapping| &mapping.function);
        let named = named.chain(&self.url).chain(self.schedules.iter().map(|schedule| &schedule.function));
        for arn in named {
            ensure!(self.functions.contains_key(arn), "something runs {arn}, which is no function of it");
        }
        ensure!(!self.mappings.is_empty(), "holds no event source mapping: nothing would read the stream");
        Ok(())
    }
}

#[derive(Deserialize)]
struct Shown {
    values: Option<Values>,
}

#[derive(Deserialize)]
struct Values {
    root_module: Module,
}

#[derive(Deserialize)]
struct Module {
    #[serde(default)]
    resources: Vec<Resource>,
}

#[derive(Deserialize)]
struct Resource {
    address: String,
    #[serde(rename = "type")]
    kind: String,
    values: Value,
}

impl Resource {
    fn read<T: DeserializeOwned>(&self) -> anyhow::Result<T> {
        Ok(T::deserialize(&self.values)?)
    }
}

/// A block is a list of objects.
#[derive(Deserialize)]
struct Environment {
    #[serde(default)]
    variables: Option<BTreeMap<String, String>>,
}

fn variables<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    let blocks = Vec::<Environment>::deserialize(deserializer)?;
    Ok(blocks.into_iter().filter_map(|block| block.variables).flatten().collect())
}

#[derive(Deserialize)]
struct RawMapping {
    uuid: String,
    function_arn: String,
    event_source_arn: String,
    starting_position: String,
    batch_size: usize,
    maximum_batching_window_in_seconds: Option<u64>,
    parallelization_factor: usize,
    bisect_batch_on_function_error: bool,
    maximum_retry_attempts: i64,
    maximum_record_age_in_seconds: i64,
    function_response_types: Vec<String>,
    destination_config: Vec<DestinationConfig>,
}

#[derive(Deserialize)]
struct DestinationConfig {
    on_failure: Vec<OnFailure>,
}

#[derive(Deserialize)]
struct OnFailure {
    destination_arn: String,
}

impl RawMapping {
    fn checked(self) -> anyhow::Result<EventSourceMapping> {
        ensure!(self.starting_position == "TRIM_HORIZON", "begins at {}, not at TRIM_HORIZON", self.starting_position);
        ensure!(
            self.function_response_types == ["ReportBatchItemFailures"],
            "does not take partial responses (ReportBatchItemFailures)"
        );
        ensure!(self.batch_size > 0 && self.parallelization_factor > 0, "has empty batches or no lanes");
        let destinations: Vec<_> = self.destination_config.iter().flat_map(|config| &config.on_failure).collect();
        let [OnFailure { destination_arn }] = destinations[..] else { bail!("has not one on-failure destination") };
        let bucket = destination_arn.strip_prefix("arn:aws:s3:::");
        let bucket = bucket.with_context(|| format!("gives up to {destination_arn}, which is no bucket"))?;
        Ok(EventSourceMapping {
            id: self.uuid,
            function: self.function_arn,
            stream: self.event_source_arn,
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
struct Url {
    function_arn: String,
}

#[derive(Deserialize)]
struct RawSchedule {
    schedule_expression: String,
    target: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    arn: String,
    input: Option<String>,
}

impl RawSchedule {
    fn checked(self) -> anyhow::Result<Schedule> {
        let period = rate::period(&self.schedule_expression);
        let period = period.with_context(|| format!("runs by `{}`, not by a rate", self.schedule_expression))?;
        let mut targets = self.target.into_iter();
        let (Some(target), None) = (targets.next(), targets.next()) else { bail!("has not one target") };
        let input = target.input.filter(|input| !input.is_empty()).unwrap_or_else(|| "{}".to_owned());
        Ok(Schedule { function: target.arn, period, input })
    }
}

#[cfg(test)]
mod tests;
