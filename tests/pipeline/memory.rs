//! The memory that functions take for the largest batches that Lambda delivers.

use std::io::Write;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use pipegen_contract::payload::LARGEST_PAYLOAD;
use serde_json::json;

use crate::run::batches::batches;
use crate::run::local::{LocalCommand, LocalProcess};
use crate::run::objects::files;
use crate::run::processes::{Process, peak_memory, with_role};

/// The maximum memory of the archiver for any batch, in MiB.
const ARCHIVER_MEMORY: u64 = 96;
/// The memory size of a function in the default settings, in MiB.
const FUNCTION_MEMORY: u64 = 256;
/// The maximum number of records in a batch of the processor.
const RECORDS: usize = 500;
/// The time for the batches to be processed: a bootstrap may have to be built before.
const TIMEOUT: Duration = Duration::from_mins(20);
/// The largest batch in bytes of data: 3 bytes of data are 4 of base64 in the payload.
const LARGEST_BATCH: usize = LARGEST_PAYLOAD / 4 * 3;

fn line(number: usize, data: &str) -> String {
    let (seconds, millis) = (number / 1000, number % 1000);
    json!({
        "shard": "shardId-000000000000", "sequence_number": (7_000_000 + number).to_string(), "partition_key": "one",
        "arrived_at": format!("2026-01-06T12:00:{seconds:02}.{millis:03}000Z"), "data": data,
    })
    .to_string()
        + "\n"
}

/// Feeds the lines, waits until they are processed, and returns the peak memory of the functions of this role, in MiB.
fn peak(role: &str, lines: &[String], is_done: impl Fn(&Path) -> Result<bool>) -> Result<u64> {
    let local = LocalCommand::new()?.default_settings()?;
    let data = local.path("data");
    let mut running = local.option("--data", &data).records_from_stdin().start()?;
    // The pipe stays open, because the functions end with the stream.
    let mut pipe = running.pipe()?;
    pipe.write_all(lines.concat().as_bytes()).context("pipegen does not read")?;
    wait_until(&mut running, || is_done(&data))?;
    let functions: Vec<Process> = with_role(running.pid(), role)?;
    ensure!(!functions.is_empty(), "no {role} is running");
    let peak = functions.iter().map(peak_memory).collect::<Result<Vec<_>>>()?.into_iter().max().unwrap_or_default();
    drop(pipe);
    running.wait()?.succeeded()?;
    Ok(peak)
}

fn wait_until(running: &mut LocalProcess, is_so: impl Fn() -> Result<bool>) -> Result<()> {
    let deadline = Instant::now() + TIMEOUT;
    while !is_so()? {
        ensure!(running.is_alive()?, "pipegen has ended by itself");
        ensure!(Instant::now() < deadline, "not through after {TIMEOUT:?}");
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

#[test]
fn the_archiver_needs_little_for_the_largest_batch() -> Result<()> {
    // Text that compresses badly, so that the object is large too; enough of it that the first batch is full.
    let size = 8 * 1024;
    let text = |number: usize| -> String {
        let mut state = number as u64 + 1;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(b'0' + u8::try_from((state >> 33) % 75).expect("below 75"))
        };
        (0..size).map(|_| next()).collect()
    };
    let lines: Vec<String> = (0..LARGEST_BATCH / size * 3 / 2).map(|number| line(number, &text(number))).collect();
    // A batch is full, unless it is the stream's last one.
    let is_archived = |data: &Path| {
        let bucket = data.join("objects/s3-archive-000000000000-staging");
        Ok(bucket.is_dir() && !files(&bucket)?.is_empty())
    };
    let peak = peak("archiver", &lines, is_archived)?;
    ensure!(peak <= ARCHIVER_MEMORY, "the archiver took {peak} MiB");
    Ok(())
}

#[test]
fn half_a_million_bad_events_in_a_batch_stay_within_the_functions_memory() -> Result<()> {
    let events = vec!["\"abcdef\""; 1000].join(",");
    let data = format!("[{events}]");
    ensure!(RECORDS * data.len() <= LARGEST_BATCH, "more than one batch");
    // As many as it takes until the function is so far behind that a batch is full.
    let lines: Vec<String> = (0..RECORDS * 10).map(|number| line(number, &data)).collect();
    let is_processed = |data: &Path| {
        let batches = batches(&data.join("logs/processor.log"))?;
        let is_done = batches.iter().sum::<usize>() == lines.len();
        // The first batches take the records that have been read so far; the others are full.
        ensure!(!is_done || batches.contains(&RECORDS), "no batch was full: {batches:?}");
        Ok(is_done)
    };
    let peak = peak("processor", &lines, is_processed)?;
    ensure!(peak <= FUNCTION_MEMORY, "the processor took {peak} MiB");
    Ok(())
}
