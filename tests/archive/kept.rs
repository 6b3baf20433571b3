//! A folder with an archive and a quarantine, written by the runtime's own writer.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use chrono::{DateTime, Utc};
use pipegen_contract::object_key::{ARCHIVE, REJECTED};
use pipegen_lambda::kinesis::KinesisRecord;
use pipegen_lambda::objects::{ObjectLines, arrival_time, text_or_base64};
use serde::Serialize;
use tempfile::TempDir;

pub(crate) const SHARD: &str = "shardId-000000000000";

/// A record of the stream.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) shard: &'static str,
    pub(crate) sequence_number: String,
    pub(crate) arrived_at: DateTime<Utc>,
    pub(crate) data: Vec<u8>,
}

/// Returns the record with this number, which arrived so many seconds after 2020-11-23T05:00Z. Like on Kinesis, numbers
/// are too long for any integer.
pub(crate) fn record(number: u64, data: impl Into<Vec<u8>>) -> Record {
    let begin: DateTime<Utc> = "2020-11-23T05:00:00Z".parse().unwrap();
    Record {
        shard: SHARD,
        sequence_number: format!("49600000000000000000000000000000000000000000{number:012}"),
        arrived_at: begin + chrono::TimeDelta::seconds(number.try_into().unwrap()),
        data: data.into(),
    }
}

/// Returns a valid event about this SKU.
pub(crate) fn event(supplier: &str, sku: &str) -> String {
    format!(
        r#"{{"specversion":"1.0","id":"{sku}","source":"/suppliers/{supplier}","type":"com.retailtech.stock.counted.v1","subject":"{sku}","time":"2020-11-23T05:00:00Z","data":{{"quantity":7}}}}"#
    )
}

#[derive(Serialize)]
struct ArchiveLine<'a> {
    shard: &'a str,
    sequence_number: &'a str,
    arrived_at: String,
    partition_key: &'a str,
    event: Option<&'a str>,
    event_base64: Option<String>,
}

#[derive(Serialize)]
struct RejectedLine<'a> {
    reason: &'a str,
    detail: &'a str,
    shard: &'a str,
    sequence_number: &'a str,
    index: usize,
    arrived_at: String,
    event: Option<&'a str>,
    event_base64: Option<String>,
}

impl Record {
    fn kinesis(&self) -> KinesisRecord<'_> {
        KinesisRecord {
            shard: self.shard,
            sequence_number: &self.sequence_number,
            partition_key: "acme/1",
            arrived_at: self.arrived_at,
            data: &self.data,
        }
    }

    /// Returns the line of the archive.
    pub(crate) fn line(&self) -> String {
        serde_json::to_string(&self.archive_line()).unwrap()
    }

    fn archive_line(&self) -> ArchiveLine<'_> {
        let (event, event_base64) = text_or_base64(&self.data);
        let arrived_at = arrival_time(self.kinesis());
        let (shard, sequence_number) = (self.shard, &*self.sequence_number);
        ArchiveLine { shard, sequence_number, arrived_at, partition_key: "acme/1", event, event_base64 }
    }
}

/// A rejected event: the record, the event's index in it and its bytes, reason and detail.
pub(crate) type Rejected<'a> = (&'a Record, usize, &'a [u8], &'a str, &'a str);

/// The folder of both buckets, as `pipegen local --data` keeps them.
pub(crate) struct Kept {
    folder: TempDir,
}

impl Kept {
    pub(crate) fn new() -> Self {
        let kept = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir_all(kept.archive_root().join(ARCHIVE)).unwrap();
        kept
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn archive_root(&self) -> PathBuf {
        self.folder.path().join("objects/s3-archive")
    }

    pub(crate) fn quarantine_root(&self) -> PathBuf {
        self.folder.path().join("objects/s3-quarantine")
    }

    /// Archives a batch, and returns the keys of its objects.
    pub(crate) fn archive<'a>(&self, batch: impl IntoIterator<Item = &'a Record>) -> Vec<String> {
        let mut lines = ObjectLines::new(ARCHIVE);
        for record in batch {
            lines.push(record.kinesis(), &record.archive_line());
        }
        store(&self.archive_root(), lines)
    }

    /// Rejects events of a batch.
    pub(crate) fn reject(&self, events: &[Rejected<'_>]) -> Vec<String> {
        let mut lines = ObjectLines::new(REJECTED);
        for (record, index, text, reason, detail) in events {
            let (event, event_base64) = text_or_base64(text);
            let arrived_at = arrival_time(record.kinesis());
            let (shard, sequence_number) = (record.shard, &*record.sequence_number);
            let line =
                RejectedLine { reason, detail, shard, sequence_number, index: *index, arrived_at, event, event_base64 };
            lines.push(record.kinesis(), &line);
        }
        store(&self.quarantine_root(), lines)
    }

    /// Runs `pipegen` with these arguments and the folder's path.
    pub(crate) fn pipegen(&self, arguments: &[&str]) -> Run {
        Run::new(&self.command(arguments).output().unwrap())
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pipegen"));
        command.args(arguments).arg("--folder").arg(self.path()).env_clear();
        command
    }
}

fn store(root: &Path, lines: ObjectLines) -> Vec<String> {
    let objects = lines.finish().into_iter().map(|object| {
        write(root, &object.key, &object.body);
        object.key
    });
    objects.collect()
}

/// Writes an object.
pub(crate) fn write(root: &Path, key: &str, bytes: &[u8]) {
    let path = root.join(key);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// The result of a command.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    pub(crate) fn new(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self { code: output.status.code().unwrap(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    #[track_caller]
    pub(crate) fn succeeded(self) -> Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }
}
