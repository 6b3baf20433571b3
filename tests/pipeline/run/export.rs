//! The exported product views, compared with the model.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::model::catalog::Catalog;
use crate::model::time;

/// The number of differing products that a failure shows.
const MAX_SHOWN: usize = 5;

/// The views in the file, by SKU.
pub(crate) struct Export(BTreeMap<String, ExportedView>);

/// A line of the file.
pub(crate) struct ExportedView {
    pub(crate) line: String,
    pub(crate) version: u64,
    /// The view without `version` and `updated_at`.
    content: Value,
}

impl Export {
    /// Reads the file; fails on lines that are out of order, and on invalid versions and times.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).context("there is no export")?;
        ensure!(text.is_empty() || text.ends_with('\n'), "the export's last line has no newline");
        let mut views = BTreeMap::new();
        let mut previous = String::new();
        for line in text.lines() {
            let (sku, view) = view(line).with_context(|| format!("in the export: {line}"))?;
            ensure!(views.is_empty() || previous < sku, "{sku:?} comes after {previous:?} in the export");
            previous.clone_from(&sku);
            views.insert(sku, view);
        }
        Ok(Self(views))
    }

    pub(crate) fn get(&self, sku: &str) -> Option<&ExportedView> {
        self.0.get(sku)
    }

    pub(crate) fn skus(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Checks that the views are exactly those of the model.
    pub(crate) fn check(&self, catalog: &Catalog) -> Result<()> {
        ensure!(catalog.ambiguous.is_empty(), "these records have no single right catalog: {:?}", catalog.ambiguous);
        let skus = catalog.views.keys().chain(self.0.keys().filter(|sku| !catalog.views.contains_key(*sku)));
        let differing: Vec<String> = skus
            .filter(|sku| self.content(sku) != catalog.views.get(*sku))
            .map(|sku| format!("{sku:?}{}", difference(catalog.views.get(sku), self.content(sku))))
            .collect();
        let shown: Vec<&str> = differing.iter().take(MAX_SHOWN).map(String::as_str).collect();
        ensure!(differing.is_empty(), "{} products differ from the model:\n{}", differing.len(), shown.join("\n"));
        Ok(())
    }

    /// Returns the view of a SKU without `version` and `updated_at`.
    pub(crate) fn content(&self, sku: &str) -> Option<&Value> {
        self.get(sku).map(|view| &view.content)
    }
}

/// Lists the parts in which two views differ, one on each line.
fn difference(expected: Option<&Value>, exported: Option<&Value>) -> String {
    let (Some(expected), Some(exported)) = (expected, exported) else {
        return format!("\n  {}", if expected.is_some() { "is not exported" } else { "is unexpected" });
    };
    let parts = |view: &Value| -> Vec<String> {
        let fields = view.as_object().into_iter().flatten();
        fields
            .flat_map(|(name, value)| match value.as_array() {
                Some(items) => items.iter().map(|item| format!("{name}: {item}")).collect(),
                None => vec![format!("{name}: {value}")],
            })
            .map(|part| part.chars().take(500).collect())
            .collect()
    };
    let (expected, exported) = (parts(expected), parts(exported));
    let missing = expected.iter().filter(|part| !exported.contains(part)).map(|part| format!("\n  expected {part}"));
    let wrong = exported.iter().filter(|part| !expected.contains(part)).map(|part| format!("\n  exported {part}"));
    missing.chain(wrong).collect()
}

fn view(line: &str) -> Result<(String, ExportedView)> {
    let mut content: Value = serde_json::from_str(line)?;
    let fields = content.as_object_mut().context("no object")?;
    let version = fields.remove("version").and_then(|version| version.as_u64()).context("version is not an integer")?;
    ensure!((1..1 << 53).contains(&version), "version {version} is out of range");
    let updated_at = fields.remove("updated_at").context("no updated_at")?;
    let updated_at = updated_at.as_str().context("updated_at is not a string")?;
    ensure!(
        updated_at.len() == "2026-11-23T05:00:00.123456Z".len() && updated_at.ends_with('Z'),
        "updated_at {updated_at}"
    );
    let micros = time::parse(updated_at).context("updated_at is not RFC 3339")?;
    ensure!(u64::try_from(micros).is_ok_and(|micros| micros <= version), "version {version} before {updated_at}");
    let sku = fields.get("sku").and_then(Value::as_str).context("no sku")?.to_owned();
    Ok((sku, ExportedView { line: line.to_owned(), version, content }))
}
