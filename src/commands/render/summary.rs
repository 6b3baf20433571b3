//! What `render` says at its end, as text or as JSON.

use std::fmt;

use serde::Serialize;

use super::Zip;
use super::folder::{Folder, MAIN, VERSIONS, Written};
use crate::cli::EnvironmentArgs;
use crate::config::{Config, Sizing};
use crate::cost::Estimate;
use crate::stack::cold_storage::ColdStorage;
use crate::stack::{Package, Rendered};

/// What `render` did.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    environment: String,
    preset: &'static str,
    architecture: &'static str,
    resources: usize,
    peak_updates_per_minute: u32,
    shards: u32,
    /// What becomes of the archive's objects, and why.
    cold_storage: ColdStorage,
    cost: Cost,
    folder: String,
    files: Vec<File>,
    /// Bytes of the zip.
    zip_bytes: usize,
    /// The zip's SHA-256 in base64.
    source_code_hash: String,
    /// Older zips that were removed.
    swept: Vec<String>,
    /// What somebody should know about the settings.
    notes: Vec<String>,
    /// The command to run next.
    next: String,
}

/// What the environment costs at most.
#[derive(Debug, Serialize)]
pub(super) struct Cost {
    dollars_a_month: f64,
    /// The command that says how that comes about.
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

impl Summary {
    pub(super) fn new(
        config: &Config,
        folder: &Folder,
        package: &Package,
        zip: &Zip,
        rendered: &Rendered,
        written: Written,
        cost: Cost,
    ) -> Self {
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
            source_code_hash: package.source_code_hash.clone(),
            swept: written.swept,
            notes: Vec::new(),
            next: format!("terraform -chdir={quoted} init && terraform -chdir={quoted} apply"),
            cost,
            folder: path,
        }
    }

    /// Adds what somebody should know about the settings.
    pub(super) fn with_notes(self, notes: Vec<String>) -> Self {
        Self { notes, ..self }
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
        for name in &self.swept {
            writeln!(formatter, "  removed   {}/{name}", self.folder)?;
        }
        let Cost { dollars_a_month, details } = &self.cost;
        let peak = self.peak_updates_per_minute;
        writeln!(
            formatter,
            "about ${dollars_a_month:.0} a month at {peak} updates in every minute; `{details}` says how"
        )?;
        write!(formatter, "next:\n  {}", self.next)
    }
}

/// A path as one word of a shell's command.
fn shell_word(path: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "/._-+".contains(character);
    if path.chars().all(plain) { path.to_owned() } else { format!("'{}'", path.replace('\'', r"'\''")) }
}
