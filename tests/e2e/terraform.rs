//! The rendered folder of an environment, and Terraform in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use nix::sys::signal::Signal;
use pipegen::session::process::{LineHandler, OutputStream, Process, ProcessKind, StopPolicy, Supervisor};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::client::Client;
use crate::state::State;

/// By this key Terraform's calls are known.
pub(crate) const TERRAFORM_KEY: &str = "AKIATERRAFORM0000000";
/// How long Terraform may take to end when it is asked to.
const END_LIMIT: Duration = Duration::from_mins(5);
/// Most of the time Terraform waits, so many resources at once cost nothing.
const PARALLELISM: &str = "-parallelism=30";

/// The rendered folder.
pub(crate) struct Stack {
    root: PathBuf,
    /// `tf-out/ENVIRONMENT` in it.
    pub(crate) folder: PathBuf,
    environment: String,
    program: PathBuf,
    bootstrap: PathBuf,
    client: Client,
    supervisor: Arc<Supervisor>,
    log: PathBuf,
    /// The command that runs now, if one does.
    running: Mutex<Option<Arc<Process>>>,
}

/// What a stack is made with.
pub(crate) struct Parts<'a> {
    /// The folder in which `pipegen render` runs.
    pub(crate) root: PathBuf,
    pub(crate) environment: String,
    /// `pipegen` itself.
    pub(crate) program: PathBuf,
    pub(crate) bootstrap: PathBuf,
    pub(crate) client: Client,
    pub(crate) supervisor: Arc<Supervisor>,
    /// The folder for what Terraform says: `terraform.log`.
    pub(crate) logs: &'a Path,
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
    /// Nothing is rendered yet.
    pub(crate) fn new(parts: Parts<'_>) -> Result<Self> {
        let Parts { root, environment, program, bootstrap, client, supervisor, logs } = parts;
        let log = logs.join("terraform.log");
        File::create(&log)?;
        let folder = root.join("tf-out").join(&environment);
        Ok(Self { root, folder, environment, program, bootstrap, client, supervisor, log, running: Mutex::default() })
    }

    /// Renders the `throwaway` preset with these settings besides.
    pub(crate) async fn render(&self, settings: &str) -> Result<()> {
        let settings = format!("[environments.{}]\npreset = \"throwaway\"\n{settings}", self.environment);
        fs::write(self.root.join("pipegen.toml"), settings)?;
        let mut command = self.pipegen("render");
        command.arg("--bootstrap").arg(&self.bootstrap);
        self.run("pipegen render", command).await?.succeeded("pipegen render")?;
        Ok(())
    }

    /// The estimate of what the environment costs, as `pipegen cost --json` prints it.
    pub(crate) async fn cost(&self) -> Result<Value> {
        let mut command = self.pipegen("cost");
        command.arg("--json");
        let said = self.run("pipegen cost", command).await?.succeeded("pipegen cost")?;
        Ok(serde_json::from_str(&said)?)
    }

    fn pipegen(&self, subcommand: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.args([subcommand, "--env", &self.environment]).current_dir(&self.root);
        command
    }

    /// The rendered resources.
    pub(crate) fn rendered(&self) -> Result<Value> {
        Ok(serde_json::from_slice(&fs::read(self.folder.join("main.tf.json"))?)?)
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
        self.client.lead(&mut command, TERRAFORM_KEY);
        command
            .args(arguments)
            .arg("-no-color")
            .env("TF_IN_AUTOMATION", "1")
            .env("CHECKPOINT_DISABLE", "1")
            .current_dir(&self.folder);
        self.run("terraform", command).await
    }

    /// Ends the command that still runs, if one does, and waits for its end: it may hold the state's lock.
    pub(crate) async fn stop_running(&self) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(process) = running.filter(|process| process.status().is_none()) {
            process.stop().await;
        }
    }

    /// Runs a command to its end.
    async fn run(&self, name: &str, command: Command) -> Result<Said> {
        let said = Arc::new(Mutex::new((String::new(), String::new())));
        let lines: LineHandler = {
            let (said, log) = (Arc::clone(&said), File::options().append(true).open(&self.log)?);
            Arc::new(move |stream: OutputStream, line: &str| {
                let line = format!("{line}\n");
                (&log).write_all(line.as_bytes()).ok();
                let (data, all) = &mut *said.lock().unwrap_or_else(PoisonError::into_inner);
                all.push_str(&line);
                if stream == OutputStream::Stdout {
                    data.push_str(&line);
                }
            })
        };
        // On this signal Terraform ends orderly, once the calls under way have been answered.
        let stop = StopPolicy { signal: Signal::SIGINT, grace: END_LIMIT };
        let process = self.supervisor.spawn(name, ProcessKind::Function, stop, command, lines)?;
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&process));
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
