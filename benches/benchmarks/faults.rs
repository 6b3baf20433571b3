//! The speed of the write path during faults, beside its speed without them.
//!
//! Each round sends the records through `pipegen local` in each of the variants, with a Redis server of our own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use std::{fs, thread};

use anyhow::{Context as _, Result, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use pipegen::records::Record;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::inputs::Inputs;
use crate::records;
use crate::results::{Benchmark, Group, Target};
use crate::rounds::interleaved;

pub(super) const NAME: &str = "faults";
pub(super) const TITLE: &str = "the whole pipeline with a silent cache or with garbage";

const CLEAN: &str = "no fault";
const SOME_GARBAGE: &str = "100 of 500 records are garbage";

/// A records file and how it is played.
struct Variant {
    name: &'static str,
    file: PathBuf,
    /// Redis does not answer.
    frozen: bool,
    /// The least number of records that must be rejected.
    garbage: usize,
}

/// The Redis server of one run, which can be stopped so that it does not answer.
struct RedisServer {
    server: Child,
    port: u16,
    _folder: TempDir,
}

pub(super) fn measure(inputs: &Inputs) -> Result<Benchmark> {
    let folder = tempfile::tempdir()?;
    let variants = variants(inputs, folder.path())?;
    let measured = interleaved(inputs.rounds, &variants, NAME, |variant| run(inputs, variant))?;
    let mut speeds = Group::new("records of the stream", "records/s");
    for (variant, rounds) in variants.iter().zip(measured) {
        speeds = speeds.with(variant.name, rounds);
    }
    let speeds = speeds.beside(CLEAN);
    let target = Target::at_least(
        "batches with 100 garbage records among 500, beside clean ones",
        0.8,
        speeds.ratio(SOME_GARBAGE, CLEAN),
    );
    Ok(Benchmark {
        name: NAME,
        title: TITLE,
        meaning: "`pipegen local` as a whole. A fault must not make the stream fall behind.",
        plot: speeds.bars(),
        groups: vec![speeds],
        targets: vec![target],
    })
}

fn variants(inputs: &Inputs, folder: &Path) -> Result<Vec<Variant>> {
    let stream = &inputs.stream;
    let garbage = |file: &str, every: usize| -> Result<(PathBuf, usize)> {
        let is_garbage = |position: usize| position.is_multiple_of(every);
        let records: Vec<Record> = stream
            .records
            .iter()
            .enumerate()
            .map(|(position, record)| if is_garbage(position) { damaged(record) } else { record.clone() })
            .collect();
        let path = folder.join(file);
        records::write(&path, &records)?;
        Ok((path, (0..records.len()).filter(|position| is_garbage(*position)).count()))
    };
    let (fifth, fifth_count) = garbage("fifth.jsonl", 5)?;
    let (all, all_count) = garbage("garbage.jsonl", 1)?;
    let clean = &stream.file;
    Ok(vec![
        Variant { name: CLEAN, file: clean.clone(), frozen: false, garbage: 0 },
        Variant { name: "Redis does not answer", file: clean.clone(), frozen: true, garbage: 0 },
        Variant { name: SOME_GARBAGE, file: fifth, frozen: false, garbage: fifth_count },
        Variant { name: "every record is garbage", file: all, frozen: false, garbage: all_count },
    ])
}

/// Returns the record with data that is not JSON.
fn damaged(record: &Record) -> Record {
    Record { data: [b"{", &*record.data].concat(), ..record.clone() }
}

/// Runs the pipeline and returns the records per second.
fn run(inputs: &Inputs, variant: &Variant) -> Result<f64> {
    let redis = RedisServer::start()?;
    let mut command = Command::new(&inputs.pipegen);
    command.args(["local", "--json", "--cache-url", &redis.url(), "--records"]).arg(&variant.file);
    command.arg("--bootstrap").arg(&inputs.bootstrap);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    if variant.frozen {
        wait_for_functions(&mut child)?;
        kill(Pid::from_raw(redis.server.id().try_into()?), Signal::SIGSTOP)?;
    }
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "pipegen ended with {}", output.status);
    let summary: Value = serde_json::from_slice(&output.stdout)?;
    let count = inputs.stream.records.len();
    ensure!(summary["records"] == json!(count), "not every record was acknowledged: {summary}");
    let rejected: u64 = summary["rejected"].as_object().into_iter().flatten().filter_map(|(_, n)| n.as_u64()).sum();
    ensure!(rejected >= variant.garbage as u64, "not every damaged record was rejected: {summary}");
    ensure!((summary["pending"] != json!(0)) == variant.frozen, "the number of pending refreshes is wrong: {summary}");
    summary["records_per_second"].as_f64().context("the summary has no speed")
}

/// Waits until a processor runs: the run has checked its Redis by then.
fn wait_for_functions(child: &mut Child) -> Result<()> {
    let is_processor = |pid: &str| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|entry| entry == b"_HANDLER=processor")
    };
    while child.try_wait()?.is_none() {
        // A process is a child of the thread that started it.
        for thread in fs::read_dir(format!("/proc/{}/task", child.id()))?.flatten() {
            let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            if children.split_whitespace().any(is_processor) {
                return Ok(());
            }
        }
        thread::sleep(Duration::from_millis(1));
    }
    anyhow::bail!("pipegen has ended before its first batch")
}

impl RedisServer {
    fn start() -> Result<Self> {
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let folder = tempfile::tempdir()?;
        let server = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", "", "--dir"])
            .arg(folder.path())
            .stdout(Stdio::null())
            .spawn()
            .context("redis-server is not on the PATH")?;
        let redis = Self { server, port, _folder: folder };
        while redis::Client::open(redis.url())?.get_connection().is_err() {
            thread::sleep(Duration::from_millis(10));
        }
        Ok(redis)
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
    }
}
