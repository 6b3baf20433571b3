//! `send` to a stream: limits, retries, checkpoints, signals.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_kinesis::config::retry::RetryConfig;
use aws_sdk_kinesis::config::timeout::TimeoutConfig;
use aws_sdk_kinesis::config::{BehaviorVersion, Credentials, Region};
use chrono::TimeDelta;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use parking_lot::Mutex;
use pipegen::send::Checker;
use pipegen::send::delivery::{Delivery, Destination, Format, Patience, Stream};
use pipegen::send::files::InputFile;
use pipegen::send::refusals::Refusals;
use pipegen::send::summary::Summary;
use pipegen::session::console::Console;
use pipegen::session::signals::Signals;
use serde_json::{Value, json};

use crate::events::{count, counts};
use crate::folder::{Folder, Run};
use crate::stream::{Answer, TestStream};

const THROTTLED: &str = "ProvisionedThroughputExceededException";

fn send(folder: &Folder, stream: &TestStream, arguments: &[&str]) -> Run {
    folder.pipegen(["send", "--endpoint", &stream.url].into_iter().chain(arguments.iter().copied()))
}

fn skus(stream: &TestStream) -> Vec<String> {
    let events = stream.taken().into_iter().flat_map(|taken| match serde_json::from_str(&taken.data).unwrap() {
        Value::Array(events) => events,
        event => vec![event],
    });
    let mut skus: Vec<_> = events.map(|event| event["subject"].as_str().unwrap().to_owned()).collect();
    skus.sort();
    skus
}

fn numbered(number: usize) -> Vec<String> {
    (0..number).map(|index| format!("S{index:06}")).collect()
}

#[test]
fn every_event_is_put_once_with_its_key() {
    let (folder, stream) = (Folder::new(), TestStream::start([]));
    folder.write("a.jsonl", counts(1234));
    folder.write("b.jsonl", format!("[{},{}]\n{{}}\n", count("A 1"), count("B")));
    let run = send(&folder, &stream, &["--json", "a.jsonl", "b.jsonl"]).ended(1).says(&["b.jsonl:2: invalid_event"]);
    let summary: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((&summary["sent"], &summary["refused"], &summary["records"]), (&json!(1236), &json!(1), &json!(1235)));
    assert_eq!(summary["stream"], "kinesis-inventory-staging");
    assert_eq!(skus(&stream), [vec!["A 1".into(), "B".into()], numbered(1234)].concat());
    let taken = stream.taken();
    assert!(taken.iter().any(|taken| taken.key == "acme/S000007") && taken.iter().any(|taken| taken.key == "acme"));
    // 1234 records in four lanes: few requests, each of at most 500 records (which the stream itself asserts).
    assert!(stream.requests().len() < 40, "{:?}", stream.requests());
}

#[test]
fn requests_keep_to_the_limits_of_size() {
    let (folder, stream) = (Folder::new(), TestStream::start([]));
    let padding = format!(",\"padding\":\"{}\"}}", "x".repeat(200_000));
    let lines: String = (0..60)
        .map(|index| count(&format!("S{index:06}")).trim_end_matches('}').to_owned() + "}" + &padding + "\n")
        .collect();
    folder.write("large.jsonl", lines);
    send(&folder, &stream, &["large.jsonl"]).ended(0);
    assert_eq!(skus(&stream), numbered(60));
}

#[test]
fn only_what_failed_is_put_again() {
    let (folder, stream) = (
        Folder::new(),
        TestStream::start([
            Answer::AllBut(vec![1, 3], THROTTLED),
            Answer::AllBut(vec![0], "InternalFailure"),
            Answer::Error(500, "InternalFailure"),
        ]),
    );
    // One partition key, so one lane: its requests come one after the other.
    let line = |index: usize| format!("[{},{}]\n", count(&format!("A{index}")), count(&format!("B{index}")));
    let lines = (0..5).map(line).collect::<Vec<_>>().concat();
    folder.write("events.jsonl", lines);
    let run = send(&folder, &stream, &["--json", "events.jsonl"]).ended(0);
    let summary: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((&summary["sent"], &summary["throttled"], &summary["failed"]), (&json!(10), &json!(2), &json!(1)));
    assert_eq!(skus(&stream).len(), 10, "each once");
    let first = stream.requests()[0];
    assert_eq!(stream.requests()[..4], [first, 2, 1, 1]);
}

#[test]
fn a_throttled_stream_and_a_dropped_connection_are_waited_for() {
    let (folder, stream) = (
        Folder::new(),
        TestStream::start([
            Answer::Error(400, THROTTLED),
            Answer::Error(400, "KMSThrottlingException"),
            Answer::Dropped,
            Answer::Error(503, "ServiceUnavailable"),
        ]),
    );
    folder.write("events.jsonl", count("A"));
    send(&folder, &stream, &["events.jsonl"]).ended(0);
    // The record of the dropped connection was taken already: the stream has it twice, which counts once.
    assert_eq!(skus(&stream), ["A", "A"]);
}

#[test]
fn what_no_repetition_mends_ends_the_run() {
    for (status, code, says) in [
        (400, "ResourceNotFoundException", "not applied"),
        (400, "AccessDeniedException", "kinesis:PutRecords on kinesis-inventory-staging: permission was denied"),
        (400, "ExpiredTokenException", "log in again"),
    ] {
        let (folder, stream) = (Folder::new(), TestStream::start([Answer::Error(status, code)]));
        folder.write("events.jsonl", counts(1));
        let run = send(&folder, &stream, &["events.jsonl"]).ended(1).says(&[says]);
        assert!(!run.stderr.contains("the same command"), "advice that does not help: {run:#?}");
        assert_eq!(stream.requests().len(), 1);
    }
}

/// Sends with other limits of time than the command has.
fn send_with(file: &str, folder: &Folder, stream: &TestStream, patience: Patience) -> (Summary, anyhow::Result<()>) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let timeouts = TimeoutConfig::builder().read_timeout(Duration::from_millis(200)).build();
    let config = aws_sdk_kinesis::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "test"))
        .endpoint_url(&stream.url)
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts)
        .http_client(aws_smithy_http_client::Builder::new().build_http());
    let to = Stream {
        client: aws_sdk_kinesis::Client::from_conf(config.build()),
        name: "kinesis-inventory-staging".to_owned(),
        patience,
        checkpoint: None,
    };
    let outcome = runtime.block_on(async {
        let delivery = Delivery {
            files: vec![InputFile::find(&folder.path(file)).unwrap()],
            format: Format::Lines,
            checker: Checker { horizon: TimeDelta::days(7), suppliers: [].into() },
            refusals: Arc::new(Mutex::new(Refusals::new(None, false, |_| ()).unwrap())),
            destination: Destination::Stream(to),
            console: Arc::new(Console::new()),
        };
        delivery.run(&mut Signals::catch().unwrap()).await.unwrap()
    });
    (outcome.summary, outcome.ended.map(|_| ()))
}

fn patience() -> Patience {
    Patience {
        first_delay: Duration::from_millis(1),
        longest_delay: Duration::from_millis(5),
        first_answer: Duration::from_millis(50),
        progress: Duration::from_mins(1),
    }
}

#[test]
fn a_request_without_an_answer_is_put_again() {
    let (folder, stream) = (Folder::new(), TestStream::start([Answer::Silence]));
    folder.write("events.jsonl", counts(1));
    let (summary, ended) =
        send_with("events.jsonl", &folder, &stream, Patience { first_answer: Duration::from_mins(1), ..patience() });
    ended.unwrap();
    assert_eq!((summary.sent, skus(&stream)), (1, numbered(1)));
}

#[test]
fn patience_ends() {
    let (folder, stream) = (Folder::new(), TestStream::start(std::iter::repeat_with(|| Answer::Silence).take(1000)));
    folder.write("events.jsonl", counts(1));
    let (summary, ended) = send_with("events.jsonl", &folder, &stream, patience());
    let error = ended.unwrap_err().to_string();
    assert!(error.contains("could not be reached") && error.contains("nothing got on the stream"), "{error}");
    assert_eq!(summary.sent, 0);
    let throttling = (0..1000).map(|_| Answer::AllBut(vec![0], THROTTLED));
    let stream = TestStream::start(throttling);
    let brief = Patience { progress: Duration::from_millis(50), ..patience() };
    let (_, ended) = send_with("events.jsonl", &folder, &stream, brief);
    let error = ended.unwrap_err().to_string();
    assert!(error.contains(THROTTLED) && error.contains("1 of 1 records"), "{error}");
}

#[test]
fn the_next_run_continues_at_the_checkpoint() {
    let folder = Folder::new();
    folder.write("a.jsonl", counts(700));
    folder.write("b.jsonl", "{}\n");
    let arguments = ["--json", "--checkpoint", "position", "--rejects", "rejects", "a.jsonl", "b.jsonl"];
    let stream = TestStream::start([]);
    let url = stream.url.clone();
    send(&folder, &stream, &arguments).ended(1);
    assert_eq!(skus(&stream), numbered(700));
    // Nothing new.
    let run = send(&folder, &stream, &arguments).ended(0);
    let summary: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((&summary["skipped"], &summary["lines"], &summary["sent"]), (&json!(701), &json!(0), &json!(0)));
    assert_eq!(folder.read("rejects").lines().count(), 1, "those of the first run are kept");
    // New lines at the end.
    folder.write("a.jsonl", folder.read("a.jsonl") + &count("NEW"));
    send(&folder, &stream, &arguments).ended(0);
    assert_eq!(skus(&stream), [vec!["NEW".to_owned()], numbered(700)].concat());
    // Another file of that name.
    folder.write("a.jsonl", counts(800).replace("S000003", "S3"));
    send(&folder, &stream, &arguments).ended(1).says(&["a.jsonl has changed"]);
    // Another stream.
    let other = TestStream::start([]);
    send(&folder, &other, &arguments).ended(2).says(&["position is about kinesis-inventory-staging at", &url]);
}

#[test]
fn a_run_that_failed_is_continued_without_a_gap() {
    let folder = Folder::new();
    folder.write("events.jsonl", counts(5000));
    let arguments = ["--checkpoint", "position", "events.jsonl"];
    let denied = || Answer::Error(400, "AccessDeniedException");
    let first = TestStream::start([
        Answer::AllBut(vec![], ""),
        Answer::AllBut(vec![], ""),
        Answer::AllBut(vec![], ""),
        denied(),
    ]);
    let url = first.url.clone();
    send(&folder, &first, &arguments).ended(1).says(&["the same command sends the rest"]);
    let (before, port) = (first.taken().len(), url.rsplit(':').next().unwrap().to_owned());
    assert!(before > 0 && before < 5000, "{before}");
    let checkpoint = folder.read("position");
    // The next stream has another address.
    let next = TestStream::start([]);
    folder.write("position", checkpoint.replace(&port, next.url.rsplit(':').next().unwrap()));
    send(&folder, &next, &arguments).ended(0);
    let all: std::collections::BTreeSet<_> = skus(&first).into_iter().chain(skus(&next)).collect();
    assert_eq!(all.into_iter().collect::<Vec<_>>(), numbered(5000));
}

/// The signal comes while standard input is open and silent: what was read before is on the stream, and in the
/// checkpoint.
#[test]
fn a_signal_ends_a_run_in_good_order() {
    let (folder, stream) = (Folder::new(), TestStream::start([]));
    let arguments = ["send", "--endpoint", &stream.url, "--checkpoint", "position", "-"];
    let mut child =
        folder.command(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(format!("{}{{}}\n", counts(10)).as_bytes()).unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(said.next().unwrap().unwrap().contains("-:11: invalid_event"));
    while stream.taken().len() < 10 {
        std::thread::sleep(Duration::from_millis(10));
    }
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGINT).unwrap();
    let rest: Vec<_> = said.map(Result::unwrap).collect();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{rest:?}");
    assert!(rest.iter().any(|line| line.starts_with("stopping")), "{rest:?}");
    assert!(rest.iter().any(|line| line.contains("10 events are on the stream")), "{rest:?}");
    let position: Value = serde_json::from_str(&folder.read("position")).unwrap();
    assert_eq!(position["files"]["-"]["units"], json!(11));
    drop(input);
}
