//! What must hold at the end of a history, whatever has happened in it.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};

use crate::model::expected::Expected;
use crate::model::record::Record;
use crate::pipeline::EndedPipeline;
use crate::readers::Seen;
use crate::run::export::Export;
use crate::run::objects::{ObjectLine, lines};
use crate::run::quarantine::Quarantine;
use crate::suppliers::Place;

/// Judges a history by what was put, what was read and what is left.
pub(crate) fn judge(put: &BTreeMap<Place, String>, seen: &[Seen], ended: &EndedPipeline) -> Result<()> {
    let violations: Vec<&String> = seen.iter().flat_map(|seen| &seen.violations).collect();
    ensure!(violations.is_empty(), "{} reads were stale (P3), such as {:?}", violations.len(), violations.first());
    let archived = archived(&ended.bucket("archive"))?;
    archive_is(put, &archived)?;
    let expected = Expected::of_records(archived.into_values());
    let export = Export::read(&ended.output.path("export.jsonl"))?;
    export.check(&expected.catalog)?;
    Quarantine::read(&ended.bucket("quarantine"))?.check(&expected.rejections)?;
    let summary = &ended.summary;
    ensure!(summary["discarded"] == 0, "records were discarded: {summary}");
    ensure!(summary["archive"]["discarded"] == 0, "records were discarded by the archiver's mapping: {summary}");
    ensure!(ended.pending == 0, "{} products wait for their refresh", ended.pending);
    ended.cache.check(&export)
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
