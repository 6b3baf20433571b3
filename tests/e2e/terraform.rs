//! The rendered folder of an environment, and Terraform in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use nix::sys::signal::Signal;
use pipegen::local::process::{Kind, Lines, Stop, Stream, Supervisor};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::account::Account;
use crate::servers::Reach;
use crate::state::State;

const ENVIRONMENT: &str = "staging";
/// By this key Terraform's calls are known.
pub(crate) const TERRAFORM_KEY: &str = "AKIATERRAFORM0000000";
/// Most of the time Terraform waits, so many resources at once cost nothing.
const PARALLELISM: &str = "-parallelism=30";

/// The rendered folder.
pub(crate) struct Stack {
    root: PathBuf,
    /// `tf-out/staging` in it.
    pub(crate) folder: PathBuf,
    bootstrap: PathBuf,
    account: Account,
    supervisor: Arc<Supervisor>,
    log: PathBuf,
}

/// How a command ended, and what it said.
struct Said {
    code: i32,
    /// On standard output.
    data: String,
    /// On standard output and standard error.
    all: String,
}

/// What a plan does to one resource.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) actions: Vec<String>,
    /// The attributes that get another value.
    pub(crate) attributes: BTreeSet<String>,
}

impl Stack {
    /// Nothing is rendered yet. What Terraform says is kept in `terraform.log` in the folder for logs.
    pub(crate) fn new(
        root: PathBuf,
        bootstrap: PathBuf,
        account: Account,
        supervisor: Arc<Supervisor>,
        logs: &Path,
    ) -> Result<Self> {
        let log = logs.join("terraform.log");
        File::create(&log)?;
        Ok(Self { folder: root.join("tf-out").join(ENVIRONMENT), root, bootstrap, account, supervisor, log })
    }

    /// Renders with these settings.
    pub(crate) async fn render(&self, settings: &str) -> Result<()> {
        fs::write(self.root.join("pipegen.toml"), settings)?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_pipegen"));
        command.args(["render", "--env", ENVIRONMENT, "--bootstrap"]).arg(&self.bootstrap).current_dir(&self.root);
        self.run("pipegen render", command).await?.succeeded("pipegen render")?;
        Ok(())
    }

    /// The rendered resources.
    pub(crate) fn rendered(&self) -> Result<Value> {
        Ok(serde_json::from_slice(&fs::read(self.folder.join("main.tf.json"))?)?)
    }

    /// Fits the stack to the emulated account, in a file of its own: what is rendered is applied as it is. Only the ports differ
    /// from AWS, since the servers of a test take what is free.
    pub(crate) fn fit_to(&self, reach: &Reach) -> Result<()> {
        let overrides = json!({
            "provider": { "aws": {
                "skip_credentials_validation": true,
                "skip_metadata_api_check": true,
                "s3_use_path_style": true,
                // An error of the emulator's is no reason to wait.
                "max_retries": 2,
            }},
            "resource": {
                "aws_db_instance": { "catalog": { "port": reach.database_port } },
                "aws_elasticache_replication_group": { "views": { "port": reach.cache_port } },
            },
        });
        fs::write(self.folder.join("emulator_override.tf.json"), overrides.to_string())?;
        Ok(())
    }

    pub(crate) async fn init(&self) -> Result<()> {
        self.succeeds(&["init", "-input=false"]).await?;
        Ok(())
    }

    pub(crate) async fn apply(&self) -> Result<()> {
        self.succeeds(&["apply", "-auto-approve", "-input=false", PARALLELISM]).await?;
        Ok(())
    }

    pub(crate) async fn destroy(&self) -> Result<()> {
        self.succeeds(&["destroy", "-auto-approve", "-input=false", PARALLELISM]).await?;
        Ok(())
    }

    /// Plans; every resource that the plan changes.
    pub(crate) async fn plan(&self) -> Result<BTreeMap<String, Change>> {
        let Said { code, all, .. } =
            self.terraform(&["plan", "-detailed-exitcode", "-input=false", "-out=plan", PARALLELISM]).await?;
        ensure!(code == 0 || code == 2, "terraform plan fails:\n{all}");
        let plan: Value = serde_json::from_str(&self.succeeds(&["show", "-json", "plan"]).await?)?;
        fs::remove_file(self.folder.join("plan"))?;
        let changes = changes(&plan)?;
        // The exit code also counts outputs.
        let outputs = plan["output_changes"].as_object().context("a plan lists its outputs")?;
        let same = outputs.values().all(|output| output["actions"] == json!(["no-op"]));
        ensure!((code == 0) == (changes.is_empty() && same), "the plan's exit code is {code}:\n{all}");
        Ok(changes)
    }

    /// What has been applied.
    pub(crate) async fn state(&self) -> Result<State> {
        State::parse(&self.succeeds(&["show", "-json"]).await?)
    }

    /// Runs Terraform, which must succeed: what it said on standard output.
    async fn succeeds(&self, arguments: &[&str]) -> Result<String> {
        self.terraform(arguments).await?.succeeded(&format!("terraform {}", arguments.join(" ")))
    }

    async fn terraform(&self, arguments: &[&str]) -> Result<Said> {
        let mut command = Command::new("terraform");
        self.account.lead(&mut command, TERRAFORM_KEY);
        command
            .args(arguments)
            .arg("-no-color")
            .env("TF_IN_AUTOMATION", "1")
            .env("CHECKPOINT_DISABLE", "1")
            .current_dir(&self.folder);
        self.run("terraform", command).await
    }

    /// Runs a command to its end.
    async fn run(&self, name: &str, command: Command) -> Result<Said> {
        let said = Arc::new(Mutex::new((String::new(), String::new())));
        let lines: Lines = {
            let (said, log) = (Arc::clone(&said), File::options().append(true).open(&self.log)?);
            Arc::new(move |stream: Stream, line: &str| {
                let line = format!("{line}\n");
                (&log).write_all(line.as_bytes()).ok();
                let (data, all) = &mut *said.lock().unwrap_or_else(PoisonError::into_inner);
                all.push_str(&line);
                if stream == Stream::Out {
                    data.push_str(&line);
                }
            })
        };
        // On this signal Terraform ends orderly.
        let stop = Stop { signal: Signal::SIGINT, grace: Duration::from_secs(30) };
        let process = self.supervisor.spawn(name, Kind::Function, stop, command, lines)?;
        let code = process.exited().await.code().with_context(|| format!("{name} was killed"))?;
        let (data, all) = std::mem::take(&mut *said.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(Said { code, data, all })
    }
}

impl Said {
    /// What was said on standard output, if all went well.
    fn succeeded(self, name: &str) -> Result<String> {
        ensure!(self.code == 0, "{name} fails:\n{}", self.all);
        Ok(self.data)
    }
}

/// What a plan changes, by address.
fn changes(plan: &Value) -> Result<BTreeMap<String, Change>> {
    let mut changes = BTreeMap::new();
    for resource in plan["resource_changes"].as_array().context("a plan lists its resources")? {
        let (address, change) = (resource["address"].as_str().context("an address")?, &resource["change"]);
        let actions: Vec<String> = serde_json::from_value(change["actions"].clone())?;
        if actions == ["no-op"] || resource["mode"] == "data" {
            continue;
        }
        let of = |side: &str| change[side].as_object().cloned().unwrap_or_default();
        let (before, after, unknown) = (of("before"), of("after"), of("after_unknown"));
        let names = before.keys().chain(after.keys()).chain(unknown.keys());
        let attributes = names
            .filter(|&name| before.get(name) != after.get(name) || unknown.get(name) == Some(&Value::Bool(true)))
            .cloned()
            .collect();
        changes.insert(address.to_owned(), Change { actions, attributes });
    }
    Ok(changes)
}
