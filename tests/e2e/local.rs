//! `pipegen local --applied` as a child process.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use nix::sys::signal::Signal;
use parking_lot::Mutex;
use pipegen::session::process::{LineHandler, OutputStream, Process, ProcessKind, StopPolicy, Supervisor};
use serde_json::Value;
use tokio::process::Command;
use tokio::sync::watch;

use crate::client::{Client, TESTS_KEY};

const START_LIMIT: Duration = Duration::from_mins(1);

/// The running process.
pub(crate) struct LocalProcess {
    process: Arc<Process>,
    /// `127.0.0.1:PORT` of the catalog.
    catalog: String,
    /// Its standard output so far.
    data: Arc<Mutex<String>>,
}

impl LocalProcess {
    /// Starts it on the applied stack. It logs to `local.log` in the folder `logs`.
    pub(crate) async fn start(
        stack: &Path,
        authority: &str,
        client: &Client,
        logs: &Path,
        supervisor: &Supervisor,
    ) -> Result<Self> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pipegen"));
        command.args(["local", "--json", "--authority", authority, "--applied"]).arg(stack);
        client.configure(&mut command, TESTS_KEY);
        let log = File::create(logs.join("local.log"))?;
        let data = Arc::new(Mutex::new(String::new()));
        let (answering, mut answers) = watch::channel(None);
        let lines: LineHandler = {
            let data = Arc::clone(&data);
            Arc::new(move |stream: OutputStream, line: &str| {
                (&log).write_all(format!("{line}\n").as_bytes()).ok();
                if stream == OutputStream::Stdout {
                    *data.lock() += line;
                } else if let Some((_, url)) = line.split_once(" answers at http://") {
                    answering.send_replace(Some(url.trim_end_matches('/').to_owned()));
                }
            })
        };
        // As Ctrl-C does: it finishes what it has read.
        let stop = StopPolicy { signal: Signal::SIGINT, grace: Duration::from_mins(1) };
        let process = supervisor.spawn("pipegen local", ProcessKind::Function, stop, command, lines)?;
        let answering = tokio::select! {
            Ok(catalog) = answers.wait_for(Option::is_some) => catalog.clone(),
            status = process.exited() => bail!("pipegen local ended with {status}:{}", process.last_lines()),
            () = tokio::time::sleep(START_LIMIT) => bail!("pipegen local does not start:{}", process.last_lines()),
        };
        Ok(Self { process, catalog: answering.context("the catalog's URL")?, data })
    }

    pub(crate) fn catalog_url(&self) -> String {
        format!("http://{}/", self.catalog)
    }

    /// Stops it as Ctrl-C does, and returns the summary of its run.
    pub(crate) async fn stop(self) -> Result<Value> {
        let status = self.process.stop().await;
        ensure!(status.success(), "pipegen local ended with {status}:{}", self.process.last_lines());
        let data = self.data.lock();
        serde_json::from_str(&data).with_context(|| format!("a summary: {data}"))
    }
}
