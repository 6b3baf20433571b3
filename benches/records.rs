//! The stream that is played: a file of records, or the sample that ships, repeated.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Duration, SecondsFormat, Utc};
use pipegen::records::{Record, RecordSource};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The number of repetitions of the sample, which has about 2200 records.
const REPETITIONS: u16 = 10;
/// Records that a quick run takes of any file.
const QUICK: usize = 2500;
/// The time by which each repetition is later than the one before; the sample is of less than a day.
const SHIFT: Duration = Duration::days(1);

/// The records, in memory and as a file.
pub(crate) struct Stream {
    /// The name in the report.
    pub(crate) name: String,
    pub(crate) records: Vec<Record>,
    /// A file with these records, for `pipegen local`.
    pub(crate) file: PathBuf,
    _folder: TempDir,
}

impl Stream {
    /// Reads the file. Without one this is the sample; each of its repetitions has ids of its own and is a day later,
    /// so that no event is a duplicate or too old.
    pub(crate) fn read(file: Option<&Path>, quick: bool) -> Result<Self> {
        let most = if quick { QUICK } else { usize::MAX };
        let records = RecordSource::open(file)?.records().take(most).collect::<Result<Vec<_>, _>>()?;
        let (name, records) = match file {
            Some(file) => (file.file_name().unwrap_or_default().to_string_lossy().into_owned(), records),
            None if quick => ("the sample".to_owned(), records),
            None => (format!("the sample, {REPETITIONS} times"), repeated(&records)),
        };
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("records.jsonl");
        write(&file, &records)?;
        Ok(Self { name, records, file, _folder: folder })
    }
}

fn repeated(records: &[Record]) -> Vec<Record> {
    let repetitions = (0..REPETITIONS).flat_map(|number| records.iter().map(move |record| repetition(record, number)));
    repetitions.collect()
}

/// Returns the record of a repetition. Data that is not one event (damaged, aggregated) stays as it is.
fn repetition(record: &Record, number: u16) -> Record {
    let shift = SHIFT * i32::from(number);
    let mut record = Record { arrived_at: record.arrived_at + shift, ..record.clone() };
    // Each shard's sequence numbers go on where the repetition before ended: they gain two leading digits.
    record.sequence_number = format!("{}{}", u32::from(number) + 10, record.sequence_number);
    if let Some(event) = later_event(&record.data, number, shift) {
        record.data = event;
    }
    record
}

fn later_event(data: &[u8], number: u16, shift: Duration) -> Option<Vec<u8>> {
    let mut event: Value = serde_json::from_slice(data).ok()?;
    let id = format!("{}-{number}", event.get("id")?.as_str()?);
    let time = DateTime::parse_from_rfc3339(event.get("time")?.as_str()?).ok()?.with_timezone(&Utc) + shift;
    event["id"] = json!(id);
    event["time"] = json!(time.to_rfc3339_opts(SecondsFormat::Micros, true));
    serde_json::to_vec(&event).ok()
}

/// Writes a file of records.
pub(crate) fn write<'a>(path: &Path, records: impl IntoIterator<Item = &'a Record>) -> Result<()> {
    let mut file = BufWriter::new(File::create(path).with_context(|| format!("cannot write {}", path.display()))?);
    for record in records {
        let mut line = json!({
            "shard": record.shard,
            "sequence_number": record.sequence_number,
            "partition_key": record.partition_key,
            "arrived_at": record.arrived_at.to_rfc3339_opts(SecondsFormat::Micros, true),
        });
        match str::from_utf8(&record.data) {
            Ok(text) => line["data"] = json!(text),
            Err(_) => line["data_base64"] = json!(STANDARD.encode(&record.data)),
        }
        writeln!(file, "{line}")?;
    }
    Ok(file.flush()?)
}
