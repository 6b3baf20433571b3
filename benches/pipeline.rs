//! The speed of the write path during faults, relative to its speed without them.
//!
//! ```sh
//! PIPEGEN_RECORDS=FILE PIPEGEN_BOOTSTRAP=PATH cargo bench --features servers --bench pipeline
//! ```
//!
//! `PIPEGEN_RECORDS` names a records file, the larger the better. Each round sends it through `pipegen local` in each
//! of the [`VARIANTS`]. Compare only the ratios of one round, because machines differ and are shared. Every run is
//! checked to have processed all records.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use std::{fs, thread};

use anyhow::{Context, Result, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tempfile::TempDir;

const ROUNDS: usize = 3;

/// The measured variants, with their names.
const VARIANTS: [(&str, Variant); 3] = [
    ("no fault", Variant { garbage: false, frozen: false }),
    ("Redis does not answer", Variant { garbage: false, frozen: true }),
    ("every record is garbage", Variant { garbage: true, frozen: false }),
];

#[derive(Clone, Copy)]
struct Variant {
    garbage: bool,
    frozen: bool,
}

/// The Redis server of one run, which can be stopped so that it does not answer.
struct RedisServer {
    server: Child,
    port: u16,
    _folder: TempDir,
}

fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let records =
        PathBuf::from(std::env::var_os("PIPEGEN_RECORDS").context("PIPEGEN_RECORDS must name a records file")?);
    let garbage = folder.path().join("garbage.jsonl");
    let count = write_garbage(&records, &garbage)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "round  records/s  ratio  what")?;
    for round in 1..=ROUNDS {
        let mut first = None;
        for (name, variant) in VARIANTS {
            let file = if variant.garbage { &garbage } else { &records };
            let speed = run(file, variant, count)?;
            let ratio = speed / *first.get_or_insert(speed);
            writeln!(out, "{round:>5}  {speed:>9.0}  {ratio:>5.2}  {name}")?;
        }
    }
    Ok(())
}

/// Writes the same records with data that is not JSON, and returns their number.
fn write_garbage(records: &Path, garbage: &Path) -> Result<u64> {
    let text = fs::read_to_string(records).with_context(|| format!("cannot read {}", records.display()))?;
    let mut file = std::io::BufWriter::new(fs::File::create(garbage)?);
    let mut count = 0;
    for line in text.lines() {
        let mut record: Value = serde_json::from_str(line)?;
        let fields = record.as_object_mut().context("a record is an object")?;
        fields.remove("data_base64");
        let data = fields.remove("data").and_then(|data| Some(format!("{{{}", data.as_str()?)));
        fields.insert("data".to_owned(), json!(data.unwrap_or_else(|| "{".to_owned())));
        writeln!(file, "{record}")?;
        count += 1;
    }
    file.flush()?;
    Ok(count)
}

/// Runs the pipeline on the file and returns the records per second.
fn run(file: &Path, variant: Variant, count: u64) -> Result<f64> {
    let redis = RedisServer::start()?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_pipegen"));
    command.args(["local", "--json", "--cache-url", &redis.url(), "--records"]).arg(file);
    if let Some(bootstrap) = std::env::var_os("PIPEGEN_BOOTSTRAP") {
        command.arg("--bootstrap").arg(bootstrap);
    }
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    if variant.frozen {
        wait_for_functions(&mut child)?;
        kill(Pid::from_raw(redis.server.id().try_into()?), Signal::SIGSTOP)?;
    }
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "pipegen ended with {}", output.status);
    let summary: Value = serde_json::from_slice(&output.stdout)?;
    ensure!(summary["records"] == json!(count), "not every record was acknowledged: {summary}");
    let rejected: u64 = summary["rejected"].as_object().into_iter().flatten().filter_map(|(_, n)| n.as_u64()).sum();
    ensure!(!variant.garbage || rejected == count, "not every record was rejected: {summary}");
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
