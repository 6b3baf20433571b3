//! The emulated AWS account: moto's server with the patches in `emulator/`, and the calls that it got.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use nix::sys::signal::Signal;
use pipegen::session::process::{LineHandler, OutputStream, ProcessKind, StopPolicy, Supervisor};
use serde::Deserialize;
use tokio::sync::watch;

use crate::client::{Client, TESTS_KEY, module, python};

/// How long the emulator may take to start; Python compiles it the first time.
const START_LIMIT: Duration = Duration::from_mins(2);

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
    pub(crate) client: Client,
    /// Where all services are.
    pub(crate) endpoint: String,
    calls: PathBuf,
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
        let python = python()?;
        let calls = folder.join("calls.jsonl");
        File::create(&calls)?;
        let mut command = module(&python, "emulator");
        command
            .env("EMULATOR_MASTER_PASSWORD", parts.master_password)
            .env("EMULATOR_DATABASE_HOST", parts.database_host)
            .env("EMULATOR_CACHE_HOST", parts.cache_host)
            .env("EMULATOR_INVOKE_URL", parts.invoke_url)
            .env("EMULATOR_CALLS", &calls)
            // It speaks to loopback only.
            .env("NO_PROXY", "*")
            .env("no_proxy", "*");
        let log = File::create(folder.join("emulator.log"))?;
        let (serving, mut served) = watch::channel(None);
        let lines: LineHandler = Arc::new(move |_: OutputStream, line: &str| {
            (&log).write_all(format!("{line}\n").as_bytes()).ok();
            if let Some((_, url)) = line.split_once("Running on ") {
                serving.send_replace(Some(url.to_owned()));
            }
        });
        let stop = StopPolicy { signal: Signal::SIGTERM, grace: Duration::from_secs(5) };
        let process =
            supervisor.spawn("the emulator", ProcessKind::Server, stop, command, lines).context("cannot run Python")?;
        let endpoint = tokio::select! {
            Ok(url) = served.wait_for(Option::is_some) => url.clone(),
            status = process.exited() => bail!("the emulator ended with {status}:{}", process.last_lines()),
            () = tokio::time::sleep(START_LIMIT) => bail!("the emulator does not start:{}", process.last_lines()),
        };
        let endpoint = endpoint.context("where the emulator serves")?;
        Ok(Self { client: Client::new(Some(endpoint.clone()))?, endpoint, calls })
    }

    /// Holds all calls so far, the tests' own left out, against the models of AWS' services; says what was held against what.
    #[expect(clippy::print_stderr, reason = "how much was held against what is worth a line of a run")]
    pub(crate) async fn hold_to_models(&self) -> Result<()> {
        let mut command = module(&python()?, "aws_rules.calls");
        let output = command.arg(&self.calls).arg(TESTS_KEY).kill_on_drop(true).output().await?;
        let [said, broken] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
        ensure!(output.status.success(), "AWS would refuse calls:\n{said}{broken}");
        eprint!("{said}");
        Ok(())
    }

    /// Every signed call so far.
    pub(crate) fn recorded(&self) -> Result<Vec<Recorded>> {
        fs::read_to_string(&self.calls)?.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
    }
}
