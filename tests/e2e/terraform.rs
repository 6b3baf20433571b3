//! Terraform in the rendered folder of an environment.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use nix::sys::signal::Signal;
use parking_lot::Mutex;
use pipegen::session::process::{LineHandler, OutputStream, Process, ProcessKind, StopPolicy, Supervisor};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::client::Client;
use crate::state::State;

/// The access key of Terraform's calls.
pub(crate) const TERRAFORM_KEY: &str = "AKIATERRAFORM0000000";
/// The longest shutdown of Terraform.
const END_LIMIT: Duration = Duration::from_mins(5);
/// Terraform mostly waits, so many resources at the same time cost nothing.
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
    /// The command that runs now.
    running: Mutex<Option<Arc<Process>>>,
}

/// Programs and folders of a stack.
pub(crate) struct StackOptions<'a> {
    /// The folder in which `pipegen render` runs.
    pub(crate) root: PathBuf,
    pub(crate) environment: String,
    /// The built `pipegen`.
    pub(crate) program: PathBuf,
    pub(crate) bootstrap: PathBuf,
    pub(crate) client: Client,
    pub(crate) supervisor: Arc<Supervisor>,
    /// The folder of `terraform.log`.
    pub(crate) logs: &'a Path,
}

/// Exit code and output of a command.
struct CommandOutput {
    code: i32,
    /// Standard output.
    data: String,
    /// Standard output and standard error.
    all: String,
}

/// A planned change of a resource.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) actions: Vec<String>,
    /// The attributes whose value changes.
    pub(crate) attributes: BTreeSet<String>,
}

impl Stack {
    /// Creates the log; [`Self::render`] renders the stack.
    pub(crate) fn new(options: StackOptions<'_>) -> Result<Self> {
        let StackOptions { root, environment, program, bootstrap, client, supervisor, logs } = options;
        let log = logs.join("terraform.log");
        File::create(&log)?;
        let folder = root.join("tf-out").join(&environment);
        Ok(Self { root, folder, environment, program, bootstrap, client, supervisor, log, running: Mutex::default() })
    }

    /// Renders the `throwaway` preset with these settings in addition.
    pub(crate) async fn render(&self, settings: &str) -> Result<()> {
        let settings = format!("[environments.{}]\npreset = \"throwaway\"\n{settings}", self.environment);
        fs::write(self.root.join("pipegen.toml"), settings)?;
        let mut command = self.pipegen("render");
        command.arg("--bootstrap").arg(&self.bootstrap);
        self.run("pipegen render", command).await?.succeeded("pipegen render")?;
        Ok(())
    }

    /// Returns the estimate of the environment's cost, as `pipegen cost --json` prints it.
    pub(crate) async fn cost(&self) -> Result<Value> {
        let mut command = self.pipegen("cost");
        command.arg("--json");
        let cost = self.run("pipegen cost", command).await?.succeeded("pipegen cost")?;
        Ok(serde_json::from_str(&cost)?)
    }

    fn pipegen(&self, subcommand: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.args([subcommand, "--env", &self.environment]).current_dir(&self.root);
        command
    }

    /// Returns the rendered `main.tf.json`.
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

    /// Plans, and returns every resource that would change.
    pub(crate) async fn plan(&self) -> Result<BTreeMap<String, Change>> {
        let CommandOutput { code, all, .. } =
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

    /// Returns the state.
    pub(crate) async fn state(&self) -> Result<State> {
        State::parse(&self.succeeds(&["show", "-json"]).await?)
    }

    /// Runs Terraform, which must succeed, and returns its standard output.
    async fn succeeds(&self, arguments: &[&str]) -> Result<String> {
        self.terraform(arguments).await?.succeeded(&format!("terraform {}", arguments.join(" ")))
    }

    async fn terraform(&self, arguments: &[&str]) -> Result<CommandOutput> {
        let mut command = Command::new("terraform");
        self.client.configure(&mut command, TERRAFORM_KEY);
        command
            .args(arguments)
            .arg("-no-color")
            .env("TF_IN_AUTOMATION", "1")
            .env("CHECKPOINT_DISABLE", "1")
            .current_dir(&self.folder);
        self.run("terraform", command).await
    }

    /// Stops the command that still runs, if any, and waits for its end: it may hold the state's lock.
    pub(crate) async fn stop_running(&self) {
        let running = self.running.lock().take();
        if let Some(process) = running.filter(|process| process.status().is_none()) {
            process.stop().await;
        }
    }

    /// Runs a command to its end.
    async fn run(&self, name: &str, command: Command) -> Result<CommandOutput> {
        let output = Arc::new(Mutex::new((String::new(), String::new())));
        let lines: LineHandler = {
            let (output, log) = (Arc::clone(&output), File::options().append(true).open(&self.log)?);
            Arc::new(move |stream: OutputStream, line: &str| {
                let line = format!("{line}\n");
                (&log).write_all(line.as_bytes()).ok();
                let (data, all) = &mut *output.lock();
                all.push_str(&line);
                if stream == OutputStream::Stdout {
                    data.push_str(&line);
                }
            })
        };
        // On this signal Terraform shuts down gracefully, once the calls in flight have been answered.
        let stop = StopPolicy { signal: Signal::SIGINT, grace: END_LIMIT };
        let process = self.supervisor.spawn(name, ProcessKind::Function, stop, command, lines)?;
        *self.running.lock() = Some(Arc::clone(&process));
        let code = process.exited().await.code().with_context(|| format!("{name} was killed"))?;
        let (data, all) = std::mem::take(&mut *output.lock());
        Ok(CommandOutput { code, data, all })
    }
}

impl CommandOutput {
    /// Returns standard output if the command has succeeded.
    fn succeeded(self, name: &str) -> Result<String> {
        ensure!(self.code == 0, "{name} fails:\n{}", self.all);
        Ok(self.data)
    }
}

/// Returns the changes of a plan by address.
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
