//! The summary of a `render`, as text or as JSON.

use std::fmt;

use serde::Serialize;

use super::folder::{Folder, MAIN, VERSIONS, Written, Zip};
use crate::cli::EnvironmentArgs;
use crate::config::{Config, Sizing};
use crate::cost::Estimate;
use crate::stack::Rendered;
use crate::stack::cold_storage::ColdStorage;

/// The summary of a `render`.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    environment: String,
    preset: &'static str,
    architecture: &'static str,
    resources: usize,
    peak_updates_per_minute: u32,
    shards: u32,
    /// Storage class that the archive's objects move to, if they do, and the reason.
    cold_storage: ColdStorage,
    cost: Cost,
    folder: String,
    files: Vec<File>,
    /// Size of the zip.
    zip_bytes: usize,
    /// The zip's SHA-256 in base64.
    source_code_hash: String,
    /// Names of the older zips that were removed.
    removed: Vec<String>,
    notes: Vec<String>,
    /// The command to run next.
    next: String,
}

/// The estimated monthly cost.
#[derive(Debug, Serialize)]
pub(super) struct Cost {
    dollars_a_month: f64,
    /// The command that explains it.
    details: String,
}

impl Cost {
    pub(super) fn new(args: &EnvironmentArgs, estimate: &Estimate) -> Self {
        let config =
            args.config.as_deref().map(|path| format!(" --config {}", shell_word(&path.display().to_string())));
        let details = format!("pipegen cost --env {}{}", args.env, config.unwrap_or_default());
        Self { dollars_a_month: estimate.total, details }
    }
}

#[derive(Debug, Serialize)]
struct File {
    path: String,
    written: bool,
}

/// The results of a `render`, which its summary is made from.
pub(super) struct Results<'a> {
    pub(super) config: &'a Config,
    pub(super) folder: &'a Folder,
    pub(super) zip: &'a Zip,
    pub(super) rendered: &'a Rendered,
    pub(super) written: Written,
    pub(super) cost: Cost,
    pub(super) notes: Vec<String>,
}

impl From<Results<'_>> for Summary {
    fn from(results: Results<'_>) -> Self {
        let Results { config, folder, zip, rendered, written, cost, notes } = results;
        let file = |name: &str, written| File { path: folder.path().join(name).display().to_string(), written };
        let path = folder.path().display().to_string();
        let quoted = shell_word(&path);
        let peak = config.settings.peak_updates_per_minute;
        Self {
            environment: config.environment.to_string(),
            preset: config.settings.preset.name,
            architecture: config.settings.architecture.as_str(),
            resources: rendered.resources,
            peak_updates_per_minute: peak,
            shards: Sizing::for_peak(peak).shards,
            cold_storage: rendered.cold_storage,
            files: vec![file(&zip.name, zip.is_new), file(VERSIONS, written.versions), file(MAIN, written.main)],
            zip_bytes: zip.bytes.len(),
            source_code_hash: zip.source_code_hash.clone(),
            removed: written.removed,
            notes,
            next: format!("terraform -chdir={quoted} init && terraform -chdir={quoted} apply"),
            cost,
            folder: path,
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shards = if self.shards == 1 { "shard" } else { "shards" };
        writeln!(
            formatter,
            "{} ({} preset): {} resources for {} updates a minute ({} {shards}), {}",
            self.environment, self.preset, self.resources, self.peak_updates_per_minute, self.shards, self.architecture
        )?;
        writeln!(formatter, "archive: {}", self.cold_storage)?;
        for file in &self.files {
            writeln!(formatter, "  {} {}", if file.written { "written  " } else { "unchanged" }, file.path)?;
        }
        for name in &self.removed {
            writeln!(formatter, "  removed   {}/{name}", self.folder)?;
        }
        let Cost { dollars_a_month, details } = &self.cost;
        let peak = self.peak_updates_per_minute;
        writeln!(
            formatter,
            "about ${dollars_a_month:.0} a month at {peak} updates in every minute; `{details}` lists what for"
        )?;
        write!(formatter, "next:\n  {}", self.next)
    }
}

/// Quotes a path as one word of a shell command, if need be.
fn shell_word(path: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "/._-+".contains(character);
    if path.chars().all(plain) { path.to_owned() } else { format!("'{}'", path.replace('\'', r"'\''")) }
}
