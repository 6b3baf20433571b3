//! The emulated AWS account: moto's server with the patches in `emulator/`, and calls to it.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use nix::sys::signal::Signal;
use pipegen::local::process::{Kind, Lines, Stop, Stream, Supervisor};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::sync::watch;

/// Names a Python with the packages in `tests/e2e/requirements.txt`; `scripts/e2e` makes one.
const PYTHON: &str = "PIPEGEN_EMULATOR_PYTHON";
/// How long the emulator may take to start; Python compiles it the first time.
const START_LIMIT: Duration = Duration::from_mins(2);
/// By this key the tests' own calls are known.
pub(crate) const TESTS_KEY: &str = "AKIAPIPEGENTESTS0000";

/// What the emulator is told about this machine.
pub(crate) struct Parts<'a> {
    pub(crate) master_password: &'a str,
    pub(crate) database_host: &'a str,
    pub(crate) cache_host: &'a str,
    /// Where functions are run.
    pub(crate) invoke_url: &'a str,
}

/// The account.
#[derive(Clone)]
pub(crate) struct Account {
    python: PathBuf,
    /// Where all services are.
    pub(crate) endpoint: String,
    calls: PathBuf,
}

/// A call to a service, in boto3's words.
pub(crate) struct Call {
    pub(crate) service: &'static str,
    pub(crate) operation: &'static str,
    pub(crate) parameters: Value,
    /// What is taken of the answer, in `JMESPath`.
    pub(crate) query: &'static str,
}

/// A signed call that the account got.
#[derive(Debug, Deserialize)]
pub(crate) struct Recorded {
    /// The access key.
    pub(crate) key: String,
    pub(crate) service: String,
    pub(crate) action: String,
    pub(crate) resource: String,
    /// The HTTP status of the answer.
    pub(crate) status: u16,
}

impl Account {
    /// Starts it. What it says is kept in `emulator.log` in that folder.
    pub(crate) async fn start(parts: Parts<'_>, folder: &Path, supervisor: &Supervisor) -> Result<Self> {
        let python = std::env::var_os(PYTHON).map(PathBuf::from).with_context(|| {
            format!("{PYTHON} names no Python with the emulator's packages: run scripts/e2e, which makes one")
        })?;
        let calls = folder.join("calls.jsonl");
        File::create(&calls)?;
        let mut command = module(&python, "emulator");
        command
            .env("EMULATOR_MASTER_PASSWORD", parts.master_password)
            .env("EMULATOR_DATABASE_HOST", parts.database_host)
            .env("EMULATOR_CACHE_HOST", parts.cache_host)
            .env("EMULATOR_INVOKE_URL", parts.invoke_url)
            .env("EMULATOR_CALLS", &calls);
        let log = File::create(folder.join("emulator.log"))?;
        let (serving, mut served) = watch::channel(None);
        let lines: Lines = Arc::new(move |_: Stream, line: &str| {
            (&log).write_all(format!("{line}\n").as_bytes()).ok();
            if let Some((_, url)) = line.split_once("Running on ") {
                serving.send_replace(Some(url.to_owned()));
            }
        });
        let stop = Stop { signal: Signal::SIGTERM, grace: Duration::from_secs(5) };
        let process =
            supervisor.spawn("the emulator", Kind::Server, stop, command, lines).context("cannot run Python")?;
        let endpoint = tokio::select! {
            Ok(url) = served.wait_for(Option::is_some) => url.clone(),
            status = process.exited() => bail!("the emulator ended with {status}:{}", process.last_lines()),
            () = tokio::time::sleep(START_LIMIT) => bail!("the emulator does not start:{}", process.last_lines()),
        };
        Ok(Self { python, endpoint: endpoint.context("where the emulator serves")?, calls })
    }

    /// Leads a program's calls here, signed with this key. Nothing of anybody's own account is left in its environment.
    pub(crate) fn lead(&self, command: &mut Command, key: &str) {
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_")) {
            command.env_remove(name);
        }
        command
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .env("AWS_ENDPOINT_URL", &self.endpoint)
            .env("AWS_ACCESS_KEY_ID", key)
            .env("AWS_SECRET_ACCESS_KEY", "anything")
            .env("AWS_DEFAULT_REGION", "us-east-1");
    }

    /// Makes calls one after the other; what was asked for of each answer.
    pub(crate) async fn call(&self, calls: &[Call]) -> Result<Vec<Value>> {
        let calls: Vec<Value> = calls
            .iter()
            .map(|Call { service, operation, parameters, query }| {
                json!({"service": service, "operation": operation, "parameters": parameters, "query": query})
            })
            .collect();
        let mut command = module(&self.python, "emulator.client");
        self.lead(&mut command, TESTS_KEY);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn()?;
        let mut input = child.stdin.take().context("no pipe")?;
        input.write_all(&serde_json::to_vec(&calls)?).await?;
        drop(input);
        let output = child.wait_with_output().await?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// Makes one call.
    pub(crate) async fn call_one(
        &self,
        service: &'static str,
        operation: &'static str,
        parameters: Value,
        query: &'static str,
    ) -> Result<Value> {
        let mut answers = self.call(&[Call { service, operation, parameters, query }]).await?;
        answers.pop().context("an answer for each call")
    }

    /// Every signed call so far.
    pub(crate) fn recorded(&self) -> Result<Vec<Recorded>> {
        fs::read_to_string(&self.calls)?.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
    }
}

/// A module of the Python package as a program. It speaks to loopback only, so it needs no proxy.
fn module(python: &Path, name: &str) -> Command {
    let mut command = Command::new(python);
    command
        .args(["-m", name])
        .env("PYTHONPATH", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/e2e"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("NO_PROXY", "*")
        .env("no_proxy", "*");
    command
}
