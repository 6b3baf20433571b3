//! The results of a whole run, compared with the model.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::archive::Archive;
use super::cache::RedisServer;
use super::export::Export;
use super::local::{LocalCommand, LocalOutput, LocalProcess};
use super::quarantine::Quarantine;
use crate::model::expected::Expected;

/// One SKU in this many is cached before the run.
const SEEDED: usize = 3;

/// A run that is ready to start, with some SKUs cached.
pub(crate) struct PreparedRun {
    cache: RedisServer,
    local: LocalCommand,
}

/// The results of a run.
pub(crate) struct RunResults {
    cache: RedisServer,
    finished: LocalOutput,
    summary: Value,
}

/// Runs the pipeline on a file of these lines and compares all results with the model.
pub(crate) fn run_and_check(lines: &[String]) -> Result<RunResults> {
    let expected = Expected::of(lines)?;
    let prepared = PreparedRun::new(&expected)?.edit(|local| local.records(lines))?;
    let (cache, running) = prepared.start()?;
    let results = RunResults::after(cache, running.wait()?.succeeded()?)?;
    results.check(&expected)?;
    Ok(results)
}

impl PreparedRun {
    /// Prepares a run without records.
    pub(crate) fn new(expected: &Expected) -> Result<Self> {
        let mut cache = RedisServer::start()?;
        cache.seed(expected.catalog.views.keys().step_by(SEEDED))?;
        let local = LocalCommand::new()?;
        let (export, data) = (local.path("export.jsonl"), local.path("data"));
        let local = local.option("--export", export).option("--data", data).option("--cache-url", cache.url());
        Ok(Self { cache, local })
    }

    /// Changes the command.
    pub(crate) fn edit(self, edit: impl FnOnce(LocalCommand) -> Result<LocalCommand>) -> Result<Self> {
        Ok(Self { local: edit(self.local)?, ..self })
    }

    pub(crate) fn start(self) -> Result<(RedisServer, LocalProcess)> {
        Ok((self.cache, self.local.start()?))
    }
}

impl RunResults {
    /// Collects the results of a run.
    pub(crate) fn after(cache: RedisServer, finished: LocalOutput) -> Result<Self> {
        let summary = serde_json::from_str(&finished.stdout)
            .with_context(|| format!("no summary on standard output: {}{}", finished.stdout, finished.stderr))?;
        Ok(Self { cache, finished, summary })
    }

    /// Returns a count from the summary.
    pub(crate) fn count(&self, name: &str) -> u64 {
        self.summary[name].as_u64().unwrap_or_else(|| panic!("no count of {name} in {}", self.summary))
    }

    /// Returns the number of rejected events.
    pub(crate) fn rejected(&self) -> u64 {
        self.summary["rejected"].as_object().into_iter().flatten().filter_map(|(_, count)| count.as_u64()).sum()
    }

    /// Compares all results with the model, and checks that every change refreshed the cache at once.
    pub(crate) fn check(&self, expected: &Expected) -> Result<()> {
        assert_eq!(self.summary["pending"], json!(0), "products whose cache entry was not refreshed: {}", self.summary);
        self.check_all_but_pending(expected)
    }

    /// Compares all results with the model; the cache may have been refreshed later.
    pub(crate) fn check_all_but_pending(&self, expected: &Expected) -> Result<()> {
        let export = self.export()?;
        export.check(&expected.catalog)?;
        Quarantine::read(&self.bucket("quarantine"))?.check(&expected.rejections)?;
        Archive::read(&self.bucket("archive"))?.check(&expected.archive);
        self.cache.check(&export)?;
        self.check_summary(expected, &export);
        Ok(())
    }

    fn check_summary(&self, expected: &Expected, export: &Export) {
        let summary = &self.summary;
        assert_eq!(summary["records"], json!(expected.records), "acknowledged records: {summary}");
        assert_eq!(summary["discarded"], json!(0), "discarded records: {summary}");
        assert_eq!(summary["archive"]["records"], json!(expected.records), "archived records: {summary}");
        assert_eq!(summary["archive"]["discarded"], json!(0), "records that the archiver discarded: {summary}");
        assert_eq!(summary["exported"], json!(export.len()), "exported views: {summary}");
        // A batch that was delivered twice is counted twice.
        if ["retries", "splits", "function_errors"].iter().all(|name| summary[name] == json!(0)) {
            self.check_events(expected);
        }
    }

    fn check_events(&self, expected: &Expected) {
        let summary = &self.summary;
        let mut rejected = json!({});
        for rejection in &expected.rejections {
            let count = rejected[rejection.reason].as_u64().unwrap_or_default() + 1;
            rejected[rejection.reason] = json!(count);
        }
        assert_eq!(summary["events"], json!(expected.events), "events: {summary}");
        assert_eq!(summary["rejected"], rejected, "rejections by reason: {summary}");
        let outcomes =
            ["applied", "stale", "duplicate"].map(|name| summary["outcomes"][name].as_u64().unwrap_or_default());
        let accepted = expected.events - expected.rejections.len();
        assert_eq!(json!(outcomes.iter().sum::<u64>()), json!(accepted), "outcomes of accepted events: {summary}");
    }

    /// Reads the exported product views.
    pub(crate) fn export(&self) -> Result<Export> {
        Export::read(&self.path("export.jsonl"))
    }

    pub(crate) fn summary(&self) -> &Value {
        &self.summary
    }

    pub(crate) fn finished(&self) -> &LocalOutput {
        &self.finished
    }

    /// Returns the folder with a bucket's objects.
    pub(crate) fn bucket(&self, purpose: &str) -> PathBuf {
        self.path("data/objects").join(format!("s3-{purpose}-000000000000-staging"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.finished.path(name)
    }
}
