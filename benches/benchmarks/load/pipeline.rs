//! `pipegen local` with an open stream: what a load is put on, and what is left of it.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use pipegen::servers::free_port;
use pipegen::stream::shards::Shards;
use serde_json::Value;
use tempfile::TempDir;
use ureq::Agent;

use super::supply::Totals;
use crate::expected::ExpectedCatalog;
use crate::inputs::Inputs;

/// The shards of the stack.
pub(super) const SHARDS: usize = 4;
/// A peak for which the stack has so many.
const SETTINGS: &str = "[environments.staging]\npeak_updates_per_minute = 120_000\n";
/// The most products of a request.
const SKUS: usize = 100;
/// The time for a start, and for an answer.
const TIMEOUT: Duration = Duration::from_mins(2);

/// A running pipeline.
pub(super) struct Pipeline {
    child: Child,
    pipegen: PathBuf,
    folder: TempDir,
    agent: Agent,
    pub(super) url: String,
}

/// The state of the stream.
pub(super) struct Status {
    /// Records that the processor has acknowledged.
    pub(super) done: u64,
    /// The age of the oldest record that was picked up and is not acknowledged.
    pub(super) lag: Duration,
}

impl Pipeline {
    pub(super) fn start(inputs: &Inputs) -> Result<Self> {
        // PostgreSQL may run as another user, who must be able to reach its data folder.
        let folder = tempfile::Builder::new().permissions(PermissionsExt::from_mode(0o755)).tempdir()?;
        let settings = folder.path().join("pipegen.toml");
        fs::write(&settings, SETTINGS)?;
        let port = free_port()?;
        let mut command = Command::new(&inputs.pipegen);
        command.args(["local", "--json", "--serve", "--no-records", "--port", &port.to_string(), "--config"]);
        command.arg(settings).arg("--bootstrap").arg(&inputs.bootstrap);
        command.arg("--data").arg(folder.path().join("data")).arg("--export").arg(folder.path().join("views.jsonl"));
        command.stdin(Stdio::null()).stdout(File::create(folder.path().join("summary.json"))?);
        command.stderr(File::create(folder.path().join("messages"))?);
        let child = command.spawn().context("pipegen could not be started")?;
        let url = format!("http://127.0.0.1:{port}");
        let mut pipeline = Self { child, pipegen: inputs.pipegen.clone(), folder, agent: agent(), url };
        let deadline = Instant::now() + TIMEOUT;
        while pipeline.status().is_err() {
            let runs = pipeline.child.try_wait()?.is_none() && Instant::now() < deadline;
            ensure!(runs, "the pipeline does not start: {}", pipeline.messages());
            thread::sleep(Duration::from_millis(50));
        }
        Ok(pipeline)
    }

    pub(super) fn pid(&self) -> Result<i32> {
        Ok(self.child.id().try_into()?)
    }

    pub(super) fn status(&self) -> Result<Status> {
        let text = self.agent.get(format!("{}/status", self.url)).call()?.body_mut().read_to_string()?;
        let status: Value = serde_json::from_str(&text)?;
        let stream = &status["stream"];
        ensure!(stream["discarded"] == 0, "records were discarded: {stream}");
        Ok(Status {
            done: stream["records"].as_u64().context("a number of records")?,
            lag: Duration::from_secs_f64(stream["lag_seconds"].as_f64().context("a lag")?),
        })
    }

    /// Waits until the catalog answers with every product as the events mean it, whatever the cache had to catch up.
    pub(super) fn wait_until_visible(&self, expected: &ExpectedCatalog) -> Result<()> {
        let deadline = Instant::now() + TIMEOUT;
        while let Err(error) = self.shows(expected) {
            ensure!(Instant::now() < deadline, "after {TIMEOUT:?} the catalog still shows {error:#}");
            thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    /// Checks the catalog's answers about every product.
    fn shows(&self, expected: &ExpectedCatalog) -> Result<()> {
        for skus in expected.skus().chunks(SKUS) {
            let views = products(&self.agent, &self.url, skus)?;
            ensure!(views.len() == skus.len(), "{} of {} products", views.len(), skus.len());
            views.into_iter().try_for_each(|view| expected.check_view(view))?;
        }
        Ok(())
    }

    /// Ends the run, and checks that all the work was done: every record was acknowledged and archived, nothing was
    /// rejected or discarded, and the catalog is what the events mean. Returns the summary.
    pub(super) fn end(mut self, put: Totals, expected: &ExpectedCatalog) -> Result<Value> {
        kill(Pid::from_raw(self.pid()?), Signal::SIGINT)?;
        let status = self.child.wait()?;
        ensure!(status.success(), "pipegen ended with {status}: {}", self.messages());
        let summary: Value = serde_json::from_str(&fs::read_to_string(self.folder.path().join("summary.json"))?)?;
        let archive = &summary["archive"];
        for (what, count, should_be) in [
            ("acknowledged records", &summary["records"], put.records),
            ("events", &summary["events"], put.events),
            ("archived records", &archive["records"], put.records),
            ("discarded records", &summary["discarded"], 0),
            ("records that the archiver's mapping discarded", &archive["discarded"], 0),
            ("errors of functions", &summary["function_errors"], 0),
        ] {
            ensure!(*count == should_be, "{what}: {count} instead of {should_be}: {summary}");
        }
        ensure!(summary["rejected"].as_object().is_some_and(serde_json::Map::is_empty), "rejected events: {summary}");
        self.verify_archive(put.records)?;
        expected.check_export(&self.folder.path().join("views.jsonl"))?;
        Ok(summary)
    }

    /// Has the objects verified, and counts the records in them.
    fn verify_archive(&self, records: u64) -> Result<()> {
        let mut command = Command::new(&self.pipegen);
        command.args(["archive", "verify", "--json", "--folder"]).arg(self.folder.path().join("data"));
        let output = command.output()?;
        let text = String::from_utf8(output.stdout)?;
        ensure!(output.status.success(), "the archive is not right: {text}");
        let counts: Value = serde_json::from_str(text.lines().last().unwrap_or_default())?;
        let count = |name: &str| counts["archive"][name].as_u64().with_context(|| format!("no {name}: {counts}"));
        let archived = count("lines")? - count("repeated")?;
        ensure!(archived == records, "{archived} records are in the archive, {records} were put on the stream");
        Ok(())
    }

    fn messages(&self) -> String {
        fs::read_to_string(self.folder.path().join("messages")).unwrap_or_default()
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        if let (Ok(None), Ok(pid)) = (self.child.try_wait(), self.pid()) {
            // A second one ends at once.
            for _ in 0..2 {
                kill(Pid::from_raw(pid), Signal::SIGINT).ok();
                thread::sleep(Duration::from_millis(100));
            }
            self.child.wait().ok();
        }
    }
}

/// Returns the shards of the stack.
pub(super) fn shards() -> Shards {
    Shards::new(SHARDS)
}

/// Asks the catalog for products, and returns the views of those that it knows.
pub(super) fn products(agent: &Agent, url: &str, skus: &[&str]) -> Result<Vec<Value>> {
    let names: Vec<String> = skus.iter().map(|sku| format!("sku={sku}")).collect();
    let mut response = agent.get(format!("{url}/products?{}", names.join("&"))).call()?;
    let text = response.body_mut().read_to_string()?;
    ensure!(response.status() == 200, "products cannot be read: {text}");
    let mut answer: Value = serde_json::from_str(&text)?;
    answer["products"].as_array_mut().map(std::mem::take).context("no products")
}

/// Returns a client with connections of its own.
pub(super) fn agent() -> Agent {
    Agent::config_builder().http_status_as_error(false).timeout_global(Some(TIMEOUT)).build().into()
}
