//! The command from start to end, and everything that must not be left when it is stopped.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::fixture::{bootstrap_in, eventually, http, open_folder, processes_of};

/// The command with a scratch folder of its own.
pub(super) struct CommandFixture {
    pub(super) folder: TempDir,
    scratch: PathBuf,
}

impl CommandFixture {
    pub(super) fn new() -> Self {
        let folder = open_folder();
        let scratch = folder.path().join("scratch");
        fs::create_dir(&scratch).expect("made");
        bootstrap_in(folder.path());
        Self { folder, scratch }
    }

    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pipegen"));
        command.arg("local").arg("--bootstrap").arg(self.folder.path().join("bootstrap")).args(arguments);
        command.env("TMPDIR", &self.scratch).stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let output = self.command(arguments).output().expect("runs");
        self.assert_nothing_left();
        output
    }

    /// Starts a run that goes on until it is stopped: its input never ends.
    fn start(&self) -> Child {
        let mut command = self.command(&["--records", "-"]);
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("runs");
        eventually("a running bootstrap", || {
            processes_of(self.folder.path()).iter().any(|line| line.contains("postgres"))
                && self.redis_port().is_some_and(|port| TcpStream::connect(("127.0.0.1", port)).is_ok())
        });
        child
    }

    fn redis_port(&self) -> Option<u16> {
        let run = fs::read_dir(&self.scratch).ok()?.flatten().next()?.path();
        let text = fs::read_to_string(run.join("redis/redis.conf")).ok()?;
        text.lines().find_map(|line| line.strip_prefix("port "))?.parse().ok()
    }

    fn is_clean(&self) -> bool {
        processes_of(self.folder.path()).is_empty()
            && fs::read_dir(&self.scratch).is_ok_and(|mut entries| entries.next().is_none())
    }

    pub(super) fn assert_nothing_left(&self) {
        assert_eq!(processes_of(self.folder.path()), Vec::<String>::new());
        assert_eq!(fs::read_dir(&self.scratch).expect("there").count(), 0, "the scratch folder is not empty");
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn json(output: &Output) -> serde_json::Value {
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("one object")
}

#[test]
fn the_sample_is_played_when_no_file_is_named() {
    let fixture = CommandFixture::new();
    let summary = json(&fixture.run(&["--json"]));
    assert_eq!(summary["records"], 2207);
    assert_eq!(summary["events"], 2207, "the pretended processor counts records");
    assert_eq!(summary["outcomes"]["applied"], 2207);
    assert_eq!(summary["function_errors"], 0);
    assert!(summary["records_per_second"].as_f64().is_some_and(|rate| rate > 0.0));
}

#[test]
fn the_table_is_for_people() {
    let output = CommandFixture::new().run(&[]);
    assert!(text(&output.stdout).starts_with("records                          2 207\n"), "{}", text(&output.stdout));
    let told: Vec<_> =
        text(&output.stderr).lines().map(|line| line.split(' ').take(3).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(told, ["Lambda and Secrets", "lambda-catalog-staging answers at"], "no bar without a terminal");
}

#[test]
fn every_function_has_its_part_in_the_summary() {
    let summary = json(&CommandFixture::new().run(&["--json"]));
    assert_eq!(summary["archive"], serde_json::json!({"records": 2207, "objects": 0, "discarded": 0}));
    assert_eq!(
        summary["maintain"],
        serde_json::json!({"runs": 1, "drained": 2, "pruned": 1, "crossings": 3}),
        "once at the end"
    );
    assert_eq!(summary["rotations"], serde_json::json!({"finished": 0, "failed": 0}));
    let functions: Vec<_> = summary["errors_by_function"].as_object().expect("an object").keys().collect();
    assert_eq!(functions, ["archiver", "catalog", "ingest", "maintain", "migrate", "processor", "rotate"]);
}

#[test]
fn what_is_served_is_there_after_the_records_and_ends_with_ctrl_c() {
    let fixture = CommandFixture::new();
    let mut child =
        fixture.command(&["--json", "--serve"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("runs");
    let mut summary = String::new();
    BufReader::new(child.stdout.as_mut().expect("piped")).read_line(&mut summary).expect("a summary");
    assert!(summary.contains(r#""records":2207"#), "{summary}");

    let mut told = BufReader::new(child.stderr.as_mut().expect("piped")).lines().map_while(Result::ok);
    let mut address_after = |words: &str| -> SocketAddr {
        let line = told.find(|line| line.contains(words)).expect("told");
        // Version 1 of the AWS CLI and Boto3 read only the second one.
        assert!(!line.contains("AWS_REGION=") || line.contains(" AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1 "));
        let (_, rest) = line.split_once(words).expect("it is there");
        let end = rest.find(['/', ' ']).unwrap_or(rest.len());
        rest.split_at(end).0.parse().expect("an address")
    };
    let lambda = address_after("AWS_ENDPOINT_URL_LAMBDA=http://");
    let catalog = address_after("lambda-catalog-staging answers at http://");
    assert_eq!(http(catalog, "GET /products/85123A", "", "").2, "a product");
    assert_eq!(http(lambda, "POST /2015-03-31/functions/lambda-migrate-staging/invocations", "", "{}").0, 403);

    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill").success());
    assert_eq!(child.wait().expect("ends").code(), Some(0), "the end that was asked for");
    fixture.assert_nothing_left();
    assert!(TcpStream::connect(catalog).is_err() && TcpStream::connect(lambda).is_err());
}

#[test]
fn a_bad_line_stops_after_what_stands_before_it() {
    let fixture = CommandFixture::new();
    let path = fixture.folder.path().join("bad.jsonl");
    let good =
        r#"{"shard":"s","sequence_number":"1","partition_key":"k","arrived_at":"2010-12-01T08:26:00Z","data":"{}"}"#;
    fs::write(&path, format!("{good}\n{good}\n{{\"shard\":7}}\n{good}\n")).expect("written");
    let output = fixture.run(&["--json", "--records", path.to_str().expect("text")]);
    assert_eq!(output.status.code(), Some(1));
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one object");
    assert_eq!(summary["records"], 2);
    let error = text(&output.stderr);
    assert!(error.contains("bad.jsonl, line 3: `shard`"), "{error}");
}

#[test]
fn what_is_wrong_is_said_before_anything_is_started() {
    let fixture = CommandFixture::new();
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let taken = listener.local_addr().expect("an address").port().to_string();
    for (arguments, code, words) in [
        (&["--records", "missing.jsonl"][..], 2, &["cannot read missing.jsonl"][..]),
        (&["--export", "missing/out.jsonl"], 2, &["cannot export to missing/out.jsonl"]),
        (&["--export", "-", "--json"], 2, &["--export -", "--json"]),
        (&["--parallelization", "11"], 2, &["--parallelization"]),
        (&["--database-url", "nonsense"], 2, &["--database-url", "postgres://"]),
        (&["--bootstrap", "missing"], 2, &["--bootstrap"]),
        (&["--env", "Staging"], 2, &["Staging"]),
        (&["--config", "missing.toml"], 2, &["missing.toml"]),
        (&["--catalog-port", &taken], 2, &["--catalog-port", &taken]),
        (&["--catalog-port", "0"], 2, &["--catalog-port"]),
        (&["--serve", "--ingest-port", &taken], 2, &["--ingest-port", &taken]),
        (&["--ingest-port", "8081"], 2, &["--ingest-port", "--serve"]),
        (&["--rotate-every", "0"], 2, &["--rotate-every"]),
        (&["--serve", "--port", &taken], 2, &["--port", &taken]),
        (&["--port", "8080"], 2, &["--serve"]),
        (&["--no-records"], 2, &["--serve"]),
        (&["--serve", "--no-records", "--records", "-"], 2, &["--no-records", "--records"]),
        (&["--rate", "0"], 2, &["--rate"]),
        (&["--archive-window", "301"], 2, &["--archive-window"]),
        (&["--maintain-every", "0"], 2, &["--maintain-every"]),
        (&["--fault", "redis@10s"], 2, &["--fault redis@10s", "redis@10s+5s"]),
        (&["--fault", "redis@1s+1s", "--cache-url", "redis://127.0.0.1:1"], 2, &["--fault redis", "given by its URL"]),
    ] {
        let output = fixture.run(arguments);
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
        assert!(words.iter().all(|word| error.contains(word)), "{arguments:?}: {error}");
    }
}

#[test]
fn a_bootstrap_that_is_none_is_refused() {
    let fixture = CommandFixture::new();
    let bootstrap = fixture.folder.path().join("bootstrap");
    fs::write(&bootstrap, "#!/bin/sh\n").expect("written");
    let output = fixture.run(&[]);
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("lacks the marker of pipegen's bootstrap\n  leave `--bootstrap` out"), "{error}");
    fs::remove_file(&bootstrap).expect("removed");
    let output = fixture.run(&[]);
    let error = text(&output.stderr);
    assert!(output.status.code() == Some(2) && error.contains("there is no bootstrap"), "{error}");
}

#[test]
fn missing_servers_are_named_with_what_to_do() {
    let fixture = CommandFixture::new();
    let mut command = fixture.command(&[]);
    let output = command.env("PIPEGEN_SERVER_PATH", fixture.folder.path()).output().expect("runs");
    assert_eq!(output.status.code(), Some(1));
    let error = text(&output.stderr);
    for word in
        ["PostgreSQL is not installed", "Redis is not installed", "apt-get install", "--database-url", "--cache-url"]
    {
        assert!(error.contains(word), "{error}");
    }
    fixture.assert_nothing_left();
}

fn signalled(signal: &str) -> (CommandFixture, std::process::ExitStatus) {
    let fixture = CommandFixture::new();
    let mut child = fixture.start();
    let status = Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill");
    assert!(status.success());
    let port = fixture.redis_port();
    let status = child.wait().expect("ends");
    eventually("an end of everything", || {
        fixture.is_clean() && port.is_none_or(|port| TcpStream::connect(("127.0.0.1", port)).is_err())
    });
    (fixture, status)
}

#[test]
fn signals_end_the_run_and_leave_nothing() {
    for (signal, code) in [("-INT", 130), ("-TERM", 143), ("-HUP", 129)] {
        let (fixture, status) = signalled(signal);
        assert_eq!(status.code(), Some(code), "{signal}");
        fixture.assert_nothing_left();
    }
}

#[test]
fn even_a_kill_leaves_nothing() {
    let begin = Instant::now();
    let (_desk, status) = signalled("-KILL");
    assert_eq!(status.signal(), Some(9));
    assert!(begin.elapsed() < Duration::from_secs(5), "the children ended when they were asked to");
}

#[test]
fn kept_data_is_kept_and_not_shared() {
    let fixture = CommandFixture::new();
    let data = fixture.folder.path().join("data");
    let data = data.to_str().expect("text");
    json(&fixture.run(&["--json", "--data", data]));
    json(&fixture.run(&["--json", "--data", data]));
    for kept in [
        "postgresql/data/PG_VERSION",
        "redis/dump.rdb",
        "objects/s3-quarantine-000000000000-staging",
        "logs/processor.log",
    ] {
        assert!(Path::new(data).join(kept).exists(), "{kept}");
    }
    let batches = fs::read_to_string(Path::new(data).join("logs/processor.log")).expect("a log");
    assert!(batches.lines().count() >= 10, "both runs' batches");
}
