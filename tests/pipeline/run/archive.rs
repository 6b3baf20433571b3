//! The archive of a run, compared with the records.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Result, ensure};

use super::objects::{ObjectLine, files, lines};
use crate::model::record::Record;

/// The distinct records in the bucket.
pub(crate) struct Archive(BTreeSet<Record>);

impl Archive {
    /// Reads every object of the bucket; fails on objects with other keys and on lines with other fields.
    pub(crate) fn read(bucket: &Path) -> Result<Self> {
        let records: Result<_> = lines(bucket, "archive/v1/")?.into_iter().map(record).collect();
        Ok(Self(records?))
    }

    /// Checks that every record is in the archive, byte for byte, and nothing else.
    pub(crate) fn check(&self, expected: &BTreeSet<Record>) {
        let missing: Vec<_> = expected.difference(&self.0).collect();
        let others: Vec<_> = self.0.difference(expected).collect();
        assert!(
            missing.is_empty() && others.is_empty(),
            "{} of {} records are not in the archive, such as {}; {} others are, such as {}",
            missing.len(),
            expected.len(),
            shown(missing.first()),
            others.len(),
            shown(others.first()),
        );
    }
}

/// Decompresses the bucket's objects with `gzip` and counts the lines.
pub(crate) fn count_with_gzip(bucket: &Path) -> Result<usize> {
    let mut count = 0;
    for objects in files(bucket)?.chunks(100) {
        let output = Command::new("gzip").arg("-dc").args(objects).stderr(Stdio::inherit()).output()?;
        ensure!(output.status.success(), "gzip refuses an object: {}", output.status);
        count += output.stdout.split(|byte| *byte == b'\n').count() - 1;
    }
    Ok(count)
}

fn record(line: ObjectLine) -> Result<Record> {
    ensure!(line.fields.len() == 6, "not six fields: {:?}", line.fields);
    let partition_key = line.text("partition_key")?.to_owned();
    let ObjectLine { shard, sequence_number, arrived_at, event: data, .. } = line;
    Ok(Record { shard, sequence_number, partition_key, arrived_at, data })
}

fn shown(record: Option<&&Record>) -> String {
    record.map_or_else(
        || "none".to_owned(),
        |Record { shard, sequence_number, partition_key, arrived_at, data }| {
            let data: String = String::from_utf8_lossy(data).chars().take(300).collect();
            format!("{shard} {sequence_number} {partition_key} {arrived_at} {data}")
        },
    )
}
