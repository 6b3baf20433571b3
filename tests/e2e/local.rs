//! `pipegen local --applied` as a child process.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use nix::sys::signal::Signal;
use parking_lot::Mutex;
use pipegen::session::process::{LineHandler, OutputStream, Process, ProcessKind, StopPolicy, Supervisor};
use pipegen_contract::role::Role;
use serde_json::Value;
use tokio::process::Command;
use tokio::sync::watch;

use crate::client::{Client, TESTS_KEY};

/// The roles that have a URL.
const URLS: [Role; 2] = [Role::Catalog, Role::Ingest];

const START_LIMIT: Duration = Duration::from_mins(1);

/// The running process.
pub(crate) struct LocalProcess {
    process: Arc<Process>,
    /// The functions' URLs, by role.
    urls: BTreeMap<String, String>,
    /// Its standard output so far.
    data: Arc<Mutex<String>>,
}

/// Returns the role and the URL of which a line says that it answers.
fn url_of(line: &str) -> Option<(String, String)> {
    let (function, url) = line.split_once(" answers at ")?;
    let role = URLS.into_iter().find(|role| function.contains(&format!("lambda-{}-", role.handler())))?;
    let url = url.split([',', ' ']).next()?.trim_end_matches('/');
    Some((role.handler().to_owned(), format!("{url}/")))
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
        let (answering, mut answers) = watch::channel(BTreeMap::new());
        let lines: LineHandler = {
            let data = Arc::clone(&data);
            Arc::new(move |stream: OutputStream, line: &str| {
                (&log).write_all(format!("{line}\n").as_bytes()).ok();
                if stream == OutputStream::Stdout {
                    *data.lock() += line;
                } else if let Some((role, url)) = url_of(line) {
                    answering.send_modify(|urls| _ = urls.insert(role, url));
                }
            })
        };
        // As Ctrl-C does: it finishes what it has read.
        let stop = StopPolicy { signal: Signal::SIGINT, grace: Duration::from_mins(1) };
        let process = supervisor.spawn("pipegen local", ProcessKind::Function, stop, command, lines)?;
        let answering = tokio::select! {
            Ok(urls) = answers.wait_for(|urls| urls.len() == URLS.len()) => urls.clone(),
            status = process.exited() => bail!("pipegen local ended with {status}:{}", process.last_lines()),
            () = tokio::time::sleep(START_LIMIT) => bail!("pipegen local does not start:{}", process.last_lines()),
        };
        Ok(Self { process, urls: answering, data })
    }

    /// Returns the URL of a role.
    pub(crate) fn url(&self, role: Role) -> Result<String> {
        self.urls.get(role.handler()).cloned().with_context(|| format!("no URL of {}", role.handler()))
    }

    /// Stops it as Ctrl-C does, and returns the summary of its run.
    pub(crate) async fn stop(self) -> Result<Value> {
        let status = self.process.stop().await;
        ensure!(status.success(), "pipegen local ended with {status}:{}", self.process.last_lines());
        let data = self.data.lock();
        serde_json::from_str(&data).with_context(|| format!("a summary: {data}"))
    }
}
