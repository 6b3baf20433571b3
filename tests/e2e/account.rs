//! The emulated AWS account: moto's server with the patches in `emulator/`, and the calls that it received.

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

/// The longest start of the emulator: Python compiles it the first time.
const START_LIMIT: Duration = Duration::from_mins(2);

/// Settings of the emulator, as its environment variables.
pub(crate) struct EmulatorSettings<'a> {
    pub(crate) master_password: &'a str,
    pub(crate) database_host: &'a str,
    pub(crate) cache_host: &'a str,
    /// The URL of [`crate::functions`].
    pub(crate) invoke_url: &'a str,
}

/// The emulated account.
#[derive(Clone)]
pub(crate) struct EmulatedAccount {
    pub(crate) client: Client,
    /// The URL of all services.
    pub(crate) endpoint: String,
    calls: PathBuf,
}

/// A signed call that the account received.
#[derive(Debug, Deserialize)]
pub(crate) struct RecordedCall {
    /// The access key.
    pub(crate) key: String,
    pub(crate) service: String,
    pub(crate) action: String,
    pub(crate) resource: String,
    /// The HTTP status of the answer.
    pub(crate) status: u16,
}

impl EmulatedAccount {
    /// Starts the emulator, which logs to `emulator.log` in this folder.
    pub(crate) async fn start(settings: EmulatorSettings<'_>, folder: &Path, supervisor: &Supervisor) -> Result<Self> {
        let python = python()?;
        let calls = folder.join("calls.jsonl");
        File::create(&calls)?;
        let mut command = module(&python, "emulator");
        command
            .env("EMULATOR_MASTER_PASSWORD", settings.master_password)
            .env("EMULATOR_DATABASE_HOST", settings.database_host)
            .env("EMULATOR_CACHE_HOST", settings.cache_host)
            .env("EMULATOR_INVOKE_URL", settings.invoke_url)
            .env("EMULATOR_CALLS", &calls)
            // It connects to loopback only.
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
        let endpoint = endpoint.context("the emulator's URL")?;
        Ok(Self { client: Client::new(Some(endpoint.clone()))?, endpoint, calls })
    }

    /// Checks all calls so far, without the tests' own, against the models of AWS' services.
    #[expect(clippy::print_stderr, reason = "the number of checked calls is worth a line of a run")]
    pub(crate) async fn check_against_models(&self) -> Result<()> {
        let mut command = module(&python()?, "aws_rules.calls");
        let output = command.arg(&self.calls).arg(TESTS_KEY).kill_on_drop(true).output().await?;
        let [checked, broken] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
        ensure!(output.status.success(), "AWS would refuse calls:\n{checked}{broken}");
        eprint!("{checked}");
        Ok(())
    }

    /// Returns every signed call so far.
    pub(crate) fn recorded(&self) -> Result<Vec<RecordedCall>> {
        fs::read_to_string(&self.calls)?.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
    }
}
