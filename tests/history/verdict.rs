//! The verdict on a history: it must hold whatever has happened.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::follower::Followed;
use crate::model::expected::Expected;
use crate::model::record::Record;
use crate::pipeline::EndedPipeline;
use crate::readers::Seen;
use crate::run::export::Export;
use crate::run::objects::{ObjectLine, files, lines};
use crate::run::quarantine::Quarantine;
use crate::suppliers::{LOW, Place, shared_products};

/// The violations that are told.
const SHOWN: usize = 5;

/// Judges a history by what was put, what was read and what is left. Returns the number of low-stock crossings.
pub(crate) fn judge(
    put: &BTreeMap<Place, String>,
    seen: &[Seen],
    followed: &Followed,
    ended: &EndedPipeline,
) -> Result<i64> {
    let violations: Vec<&String> = seen.iter().flat_map(|seen| &seen.violations).collect();
    let first = &violations[..violations.len().min(SHOWN)];
    ensure!(violations.is_empty(), "{} reads were stale (P3): {first:#?}", violations.len());
    let archived = archived(&ended.bucket("archive"))?;
    archive_is(put, &archived)?;
    let expected = Expected::of_records(archived.into_values());
    let export = Export::read(&ended.output.path("export.jsonl"))?;
    export.check(&expected.catalog)?;
    followed_is(followed, &export)?;
    let crossings = crossings_are(ended, &export)?;
    Quarantine::read(&ended.bucket("quarantine"))?.check(&expected.rejections)?;
    let summary = &ended.summary;
    ensure!(summary["records"] == put.len(), "{} records were put, and counted were others: {summary}", put.len());
    ensure!(
        summary["archive"]["records"] == put.len(),
        "{} records were put, and archived were others: {summary}",
        put.len()
    );
    ensure!(summary["discarded"] == 0, "records were discarded: {summary}");
    ensure!(summary["archive"]["discarded"] == 0, "records were discarded by the archiver's mapping: {summary}");
    ensure!(ended.pending == 0, "{} products wait for their refresh", ended.pending);
    ended.cache.check(&export)?;
    Ok(crossings)
}

/// Checks that who followed the feed of changes has every product in its last version.
fn followed_is(followed: &Followed, export: &Export) -> Result<()> {
    let exported: BTreeMap<String, u64> =
        export.skus().filter_map(|sku| Some((sku.to_owned(), export.get(sku)?.version))).collect();
    let missed = exported.iter().find(|(sku, version)| followed.versions.get(*sku) != Some(version));
    ensure!(missed.is_none(), "the feed did not tell of {missed:?}, after {} pages", followed.pages);
    ensure!(followed.versions.len() == exported.len(), "the feed told of products that are not there");
    Ok(())
}

/// Checks that each crossing was recorded once: the states that were told, or are about to be, follow from one another,
/// and the last one is the product's. Returns their number.
fn crossings_are(ended: &EndedPipeline, export: &Export) -> Result<i64> {
    let mut crossings = BTreeMap::<(String, i64), (i32, bool)>::new();
    for path in files(&ended.bucket("crossings"))? {
        let told: Value = serde_json::from_slice(&std::fs::read(&path)?)?;
        let (sku, version) = (told["sku"].as_str(), told["version"].as_i64());
        let (number, is_low) = (told["crossings"].as_i64(), told["is_low"].as_bool());
        let key = (sku.context("a SKU")?.to_owned(), version.context("a version")?);
        crossings.insert(key, (i32::try_from(number.context("a number")?)?, is_low.context("a state")?));
    }
    for (sku, version, number, is_low) in &ended.crossings {
        let first = crossings.entry((sku.clone(), *version)).or_insert((*number, *is_low));
        ensure!(*first == (*number, *is_low), "{sku:?}: its crossing of {version} was told as {first:?}");
    }
    for sku in shared_products() {
        let mut is_low = false;
        for ((_, version), (number, state)) in crossings.iter().filter(|((other, _), _)| *other == sku) {
            is_low ^= number % 2 == 1;
            ensure!(*state == is_low, "{sku:?}: a crossing is missing or there twice before that of {version}");
        }
        let available = export.content(&sku).and_then(|view| view["available"].as_i64()).context("a shared product")?;
        ensure!(is_low == (available <= LOW), "{sku:?}: {available} is available, and the last state told is {is_low}");
    }
    Ok(crossings.values().map(|(number, _)| i64::from(*number)).sum())
}

/// Returns the archived records, each once.
fn archived(bucket: &std::path::Path) -> Result<BTreeMap<Place, Record>> {
    let mut records = BTreeMap::new();
    for line in lines(bucket, "archive/v1/")? {
        let partition_key = line.text("partition_key")?.to_owned();
        let ObjectLine { shard, sequence_number, arrived_at, event: data, .. } = line;
        let place = (shard.clone(), sequence_number.clone());
        let record = Record { shard, sequence_number, partition_key, arrived_at, data };
        let first = records.entry(place.clone()).or_insert_with(|| record.clone());
        ensure!(*first == record, "{place:?} is in the archive twice, and differs");
    }
    Ok(records)
}

/// Checks that exactly what was put is in the archive, byte for byte (P1).
fn archive_is(put: &BTreeMap<Place, String>, archived: &BTreeMap<Place, Record>) -> Result<()> {
    let missing: Vec<_> = put.keys().filter(|place| !archived.contains_key(*place)).collect();
    ensure!(missing.is_empty(), "{} records are not in the archive (P1), such as {:?}", missing.len(), missing.first());
    for (place, record) in archived {
        let text = put.get(place);
        ensure!(text.is_some(), "{place:?} is in the archive, and was never put");
        ensure!(text.is_some_and(|text| text.as_bytes() == record.data), "{place:?} is archived with other bytes");
    }
    Ok(())
}
