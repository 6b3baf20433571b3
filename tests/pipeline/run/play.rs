//! A whole run and everything that it left, held against the model.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::archive::Archive;
use super::cache::Cache;
use super::export::Export;
use super::local::{Finished, Local, Running};
use super::quarantine::Quarantine;
use crate::model::expected::Expected;

/// One SKU in so many is in the cache before the run.
const SEEDED: usize = 3;

/// A run that is set up, its cache seeded.
pub(crate) struct Play {
    cache: Cache,
    local: Local,
}

/// What a run has left.
pub(crate) struct Played {
    cache: Cache,
    finished: Finished,
    summary: Value,
}

/// Plays the lines, as a file, and holds everything that is left against the model.
pub(crate) fn play_and_check(lines: &[String]) -> Result<Played> {
    let expected = Expected::of(lines)?;
    let play = Play::new(&expected)?.edit(|local| local.reads(lines))?;
    let (cache, running) = play.start()?;
    let played = Played::after(cache, running.wait()?.succeeded()?)?;
    played.check(&expected)?;
    Ok(played)
}

impl Play {
    /// Sets up a run into which nothing is played yet.
    pub(crate) fn new(expected: &Expected) -> Result<Self> {
        let mut cache = Cache::start()?;
        cache.seed(expected.catalog.views.keys().step_by(SEEDED))?;
        let local = Local::new()?;
        let (export, data) = (local.path("export.jsonl"), local.path("data"));
        let local = local.option("--export", export).option("--data", data).option("--cache-url", cache.url());
        Ok(Self { cache, local })
    }

    /// Changes how the run is started.
    pub(crate) fn edit(self, edit: impl FnOnce(Local) -> Result<Local>) -> Result<Self> {
        Ok(Self { local: edit(self.local)?, ..self })
    }

    /// Starts it.
    pub(crate) fn start(self) -> Result<(Cache, Running)> {
        Ok((self.cache, self.local.start()?))
    }
}

impl Played {
    /// What is left after a run.
    pub(crate) fn after(cache: Cache, finished: Finished) -> Result<Self> {
        let summary = serde_json::from_str(&finished.stdout)
            .with_context(|| format!("no summary on standard output: {}{}", finished.stdout, finished.stderr))?;
        Ok(Self { cache, finished, summary })
    }

    /// A count from the summary.
    pub(crate) fn count(&self, name: &str) -> u64 {
        self.summary[name].as_u64().unwrap_or_else(|| panic!("no count of {name} in {}", self.summary))
    }

    /// How many events were rejected, whatever the reason.
    pub(crate) fn rejected(&self) -> u64 {
        self.summary["rejected"].as_object().into_iter().flatten().filter_map(|(_, count)| count.as_u64()).sum()
    }

    /// Everything that is left must be what the model says, and the cache must have been told of each change at once.
    pub(crate) fn check(&self, expected: &Expected) -> Result<()> {
        assert_eq!(self.summary["pending"], json!(0), "products whose cache entry was not told: {}", self.summary);
        self.check_all_but_pending(expected)
    }

    /// Everything that is left must be what the model says; the cache may have been told later than at once.
    pub(crate) fn check_all_but_pending(&self, expected: &Expected) -> Result<()> {
        let export = self.export()?;
        export.check(&expected.catalog);
        Quarantine::read(&self.bucket("quarantine"))?.check(&expected.rejections);
        Archive::read(&self.bucket("archive"))?.check(&expected.archive);
        self.cache.check(&export)?;
        self.check_summary(expected, &export);
        Ok(())
    }

    fn check_summary(&self, expected: &Expected, export: &Export) {
        let summary = &self.summary;
        assert_eq!(summary["records"], json!(expected.records), "acknowledged records: {summary}");
        assert_eq!(summary["discarded"], json!(0), "records that were given up: {summary}");
        assert_eq!(summary["archive"]["records"], json!(expected.records), "archived records: {summary}");
        assert_eq!(summary["archive"]["discarded"], json!(0), "records that the archiver gave up: {summary}");
        assert_eq!(summary["exported"], json!(export.len()), "exported views: {summary}");
        // A batch that came twice is counted twice.
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
        assert_eq!(json!(outcomes.iter().sum::<u64>()), json!(accepted), "outcomes of what was accepted: {summary}");
    }

    /// The product views that it exported.
    pub(crate) fn export(&self) -> Result<Export> {
        Export::read(&self.path("export.jsonl"))
    }

    /// What the run says of itself.
    pub(crate) fn summary(&self) -> &Value {
        &self.summary
    }

    /// How the run ended.
    pub(crate) fn finished(&self) -> &Finished {
        &self.finished
    }

    /// The folder that holds a bucket's objects.
    pub(crate) fn bucket(&self, purpose: &str) -> PathBuf {
        self.path("data/objects").join(format!("s3-{purpose}-local"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.finished.path(name)
    }
}
