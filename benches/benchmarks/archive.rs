//! The archiver beside `gzip`.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use axum::body::Bytes;
use chrono::{DateTime, Utc};
use flate2::read::GzDecoder;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use pipegen::records::Record;
use pipegen_contract::payload::LARGEST_PAYLOAD;
use pipegen_contract::role::Role;

use crate::inputs::Inputs;
use crate::instance::Instance;
use crate::machine::{Machine, batch};
use crate::processes::{cpu, peak_memory};
use crate::results::{Benchmark, Group, Plot, Target};
use crate::rounds::interleaved;

pub(super) const NAME: &str = "archive";
pub(super) const TITLE: &str = "the archiver, beside `gzip` at the same level";
const MEANING: &str = "MB of lines for each second of CPU time, so of one core. `gzip -6` gets the lines of a batch \
    as a file. The archiver is the bootstrap's process with all that it does for the same batch: it receives, parses \
    and decodes the event, writes the lines, hashes and compresses them (level 6), hashes the object and stores it in \
    a local S3. A batch is as large as Lambda delivers (10 000 records or 6 MB). The first object is checked to hold \
    every record's bytes, and each batch to have an object.";

const OURS: &str = "archiver";
const GZIP: &str = "gzip -6";
/// The most records of a batch.
const RECORDS: usize = 10_000;
/// The bytes of an event beside the base64 of its records' data, for each record.
const ENVELOPE: usize = 400;
/// The batches of a round.
const BATCHES: usize = 10;

/// The batch of one round and time, and the lines that it becomes.
struct Sample<'a> {
    records: Vec<&'a Record>,
    lines: PathBuf,
    bytes: f64,
}

pub(super) fn measure(inputs: &Inputs) -> Result<Benchmark> {
    let machine = Machine::start(&inputs.bootstrap)?;
    let runtime = &machine.throwaway.runtime;
    let records = full_batch(&inputs.stream.records);
    let folder = tempfile::tempdir()?;
    let mut instance = runtime.block_on(Instance::start(&inputs.bootstrap, &machine.variables(Role::Archiver)?))?;
    let before = peak_memory(instance.pid())?;

    // The first batch shows the lines, and is not measured.
    let sample = runtime.block_on(async {
        instance.process(event(&records, hour(0)?)).await?;
        Sample::new(records, machine.objects.path(), folder.path())
    })?;
    let mut hours = 1;
    let batches = inputs.size(BATCHES, 2);
    let speeds = interleaved(inputs.rounds, &[GZIP, OURS], NAME, |name| {
        let mut seconds = 0.0;
        for _ in 0..batches {
            seconds += if *name == GZIP {
                gzip(&sample.lines)?
            } else {
                hours += 1;
                runtime.block_on(process(event(&sample.records, hour(hours)?), &mut instance))?
            };
        }
        Ok(sample.bytes * f64::from(u32::try_from(batches)?) / seconds / 1e6)
    })?;
    let objects = objects(machine.objects.path())?;
    ensure!(objects.len() == 1 + inputs.rounds * batches, "{} objects instead of one for each batch", objects.len());

    let [gzip, ours] = speeds.try_into().ok().context("two variants")?;
    let speed = Group::new("lines", "MB/CPU second").with(GZIP, gzip).with(OURS, ours).beside(GZIP);
    let last = objects.last().context("an object")?;
    let size = Group::new("the object", "MB")
        .with(GZIP, vec![megabytes(&sample.lines.with_extension("gz"))?])
        .with(OURS, vec![megabytes(last)?])
        .beside(GZIP);
    let memory = Group::new("peak memory of the archiver", "MiB")
        .with("before the first batch", vec![before])
        .with("after full batches", vec![peak_memory(instance.pid())?]);
    let batch = Group::new(format!("a full batch of {} records", sample.records.len()), "MB")
        .with("lines", vec![sample.bytes / 1e6]);
    let target = Target::at_least("MB for each CPU second, beside `gzip`", 0.9, speed.ratio(OURS, GZIP));
    let plot: Plot = speed.bars();
    Ok(Benchmark {
        name: NAME,
        title: TITLE,
        meaning: MEANING,
        groups: vec![speed, size, memory, batch],
        targets: vec![target],
        plot,
    })
}

impl<'a> Sample<'a> {
    /// Takes the lines of the only object, and checks that each has its record's bytes.
    fn new(records: Vec<&'a Record>, objects_folder: &Path, folder: &Path) -> Result<Self> {
        let objects = objects(objects_folder)?;
        let [object] = &*objects else { anyhow::bail!("{} objects instead of one", objects.len()) };
        let mut text = Vec::new();
        GzDecoder::new(File::open(object)?).read_to_end(&mut text)?;
        let mut lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        for record in &records {
            let line: serde_json::Value = serde_json::from_slice(lines.next().context("a record is missing")?)?;
            // Records that are not text are left out of the batch.
            ensure!(line["event"].as_str().map(str::as_bytes) == Some(&*record.data), "a record's bytes differ");
        }
        ensure!(lines.next().is_none(), "there are more lines than records");
        let path = folder.join("lines");
        fs::write(&path, &text)?;
        Ok(Self { records, lines: path, bytes: f64::from(u32::try_from(text.len())?) })
    }
}

/// Archives a batch in the bootstrap, and returns the CPU seconds of its process.
async fn process(event: Bytes, instance: &mut Instance) -> Result<f64> {
    let before = cpu(instance.pid())?;
    instance.process(event).await?;
    Ok(cpu(instance.pid())?.saturating_sub(before).as_secs_f64())
}

/// Takes as many records as Lambda delivers at once, from the beginning again if there are too few.
fn full_batch(all: &[Record]) -> Vec<&Record> {
    let mut room = LARGEST_PAYLOAD;
    let size = |record: &Record| record.data.len().div_ceil(3) * 4 + ENVELOPE;
    let fits = |record: &&Record| {
        room = room.saturating_sub(size(record));
        room > 0
    };
    let text = all.iter().filter(|record| str::from_utf8(&record.data).is_ok());
    text.cycle().take(RECORDS).take_while(fits).collect()
}

fn event(records: &[&Record], arrived_at: DateTime<Utc>) -> Bytes {
    batch(records.iter().map(|record| (&*record.partition_key, &*record.data)), arrived_at)
}

/// Each batch arrives in an hour of its own, so that its object is a new one.
fn hour(number: u32) -> Result<DateTime<Utc>> {
    let first: DateTime<Utc> = "2026-02-01T00:00:00Z".parse()?;
    Ok(first + chrono::TimeDelta::hours(number.into()))
}

/// Compresses the lines and returns the CPU seconds that it took.
fn gzip(lines: &Path) -> Result<f64> {
    let output = File::create(lines.with_extension("gz"))?;
    let before = children_seconds()?;
    let status = Command::new("gzip").args(["-6", "--stdout"]).arg(lines).stdout(output).stderr(Stdio::null()).status();
    ensure!(status.context("cannot start gzip")?.success(), "gzip failed");
    Ok(children_seconds()? - before)
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52 microseconds")]
fn children_seconds() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    Ok((usage.user_time() + usage.system_time()).num_microseconds() as f64 / 1e6)
}

/// Returns the archived objects, the latest hour last.
fn objects(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "gz") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn megabytes(file: &Path) -> Result<f64> {
    Ok(f64::from(u32::try_from(file.metadata()?.len())?) / 1e6)
}
