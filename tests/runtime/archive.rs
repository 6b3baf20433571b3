//! The archive holds every record, byte for byte, under the key that readers expect.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_sdk_s3::config::{Credentials, SharedCredentialsProvider};
use axum::Router;
use axum::http::StatusCode;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use lambda_runtime::LambdaEvent;
use pipegen::emulators::s3::{self, Buckets};
use pipegen::lambda_host::credentials::Credentials as Key;
use pipegen::session::listener::Listener;
use pipegen_lambda::archiver;
use pipegen_lambda::failure::FailureKind;
use pipegen_lambda::objects::S3;
use pipegen_lambda::resources::ArchiverResources;
use pipegen_lambda::settings::ArchiverSettings;
use serde_json::{Value, json};

use super::functions::{aws, context};

const BUCKET: &str = "s3-archive-test";

fn resources(endpoint: &str, key: &Key) -> ArchiverResources {
    let credentials = Credentials::new(&*key.key_id, &*key.secret_key, None, None, "test");
    let aws = aws(endpoint).into_builder().credentials_provider(SharedCredentialsProvider::new(credentials)).build();
    let settings = ArchiverSettings { archive_bucket: BUCKET.to_owned() };
    ArchiverResources { settings, s3: S3::new(&aws) }
}

/// Returns 30 records, a minute apart, across a full hour; some are not text.
fn records() -> Vec<(String, Vec<u8>)> {
    let data = |n: u8| {
        if n.is_multiple_of(7) { vec![0xff, n, b'"'] } else { format!("{{\"n\": {n},\t\"ü\"}}\u{0}").into_bytes() }
    };
    (0..30).map(|n| (format!("4{n:02}"), data(n))).collect()
}

fn batch(records: &[(String, Vec<u8>)]) -> Value {
    let record = |(sequence_number, data): &(String, Vec<u8>)| {
        let minute: f64 = sequence_number.parse::<f64>().expect("a number") - 400.0;
        json!({"eventID": format!("shardId-000000000003:{sequence_number}"), "kinesis": {
            "approximateArrivalTimestamp": 1_795_410_000.25 - 600.0 + minute * 60.0,
            "data": BASE64_STANDARD.encode(data), "partitionKey": "acme/1", "sequenceNumber": sequence_number}})
    };
    json!({"Records": records.iter().map(record).collect::<Vec<_>>()})
}

async fn archive(resources: &ArchiverResources, batch: Value) -> Vec<Option<String>> {
    let event = LambdaEvent::new(serde_json::from_value(batch).expect("a batch"), context(Duration::from_secs(30)));
    let response = archiver::handle(event, resources).await.expect("answered");
    response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect()
}

/// Returns the objects' keys and lines.
fn objects(root: &Path) -> BTreeMap<String, Vec<Value>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.join(BUCKET)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let key = path.strip_prefix(root.join(BUCKET)).expect("below").to_str().expect("text").to_owned();
            let mut text = String::new();
            let file = std::fs::File::open(&path).expect("a file");
            flate2::read::GzDecoder::new(file).read_to_string(&mut text).expect("gzip'd text");
            found.insert(key, text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect());
        }
    }
    found
}

fn bytes(line: &Value) -> Vec<u8> {
    match line["event"].as_str() {
        Some(text) => text.as_bytes().to_vec(),
        None => BASE64_STANDARD.decode(line["event_base64"].as_str().expect("base64")).expect("base64"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_record_lies_in_the_object_of_its_hour_once() {
    let root = tempfile::tempdir().expect("a folder");
    let folder = Buckets::open(root.path().to_owned(), &[BUCKET]).expect("a bucket");
    let (listener, key) = (Listener::open(0).expect("a port"), Key::generate());
    let resources = resources(&listener.url(), &key);
    let _server = s3::serve(listener, Arc::new(folder), &key, &Arc::default()).expect("served");
    let records = records();

    // The same batch twice, as after a response that was lost: the objects are there already, which is success.
    for _ in 0..2 {
        assert_eq!(archive(&resources, batch(&records)).await, []);
        let objects = objects(root.path());
        let keys: Vec<_> = objects.keys().map(|key| key.rsplit_once('-').expect("a hash").0).collect();
        assert_eq!(
            keys,
            [
                "archive/v1/2026/11/23/04/shardId-000000000003/400-409",
                "archive/v1/2026/11/23/05/shardId-000000000003/410-429"
            ]
        );
        let kept: Vec<_> = objects
            .values()
            .flatten()
            .map(|line| (line["sequence_number"].as_str().expect("text").to_owned(), bytes(line)))
            .collect();
        assert_eq!(kept, records);
    }
    let objects_so_far = objects(root.path());
    let line = &objects_so_far.values().next().expect("an object")[1];
    assert_eq!(
        (&line["arrived_at"], &line["partition_key"]),
        (&"2026-11-23T04:51:00.250000Z".into(), &"acme/1".into())
    );

    // A batch with other bounds gets a key of its own.
    assert_eq!(archive(&resources, batch(records.get(..5).expect("five"))).await, []);
    assert_eq!(objects(root.path()).len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_cannot_be_archived_is_retried() {
    let resources = resources("http://127.0.0.1:1", &Key::generate());
    assert_eq!(archive(&resources, batch(&records())).await, [Some("400".to_owned())]);
}

/// S3 responds 409 while another upload of the same key is on its way: nothing has been stored, and the other one may
/// yet fail.
#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_conflicts_is_not_taken_for_stored() {
    const CONFLICT: &str = "<Error><Code>ConditionalRequestConflict</Code><Message>again</Message></Error>";
    // The conflicts before an upload succeeds, true if the batch is done then, and the uploads.
    for (conflicts, is_done, uploads) in [(1, true, 2), (3, true, 4), (usize::MAX, false, 4)] {
        let (listener, key, uploaded) =
            (Listener::open(0).expect("a port"), Key::generate(), Arc::new(AtomicUsize::new(0)));
        let resources = resources(&listener.url(), &key);
        let counter = Arc::clone(&uploaded);
        let answer = move || async move {
            let conflicted = counter.fetch_add(1, Ordering::Relaxed) < conflicts;
            if conflicted { (StatusCode::CONFLICT, CONFLICT) } else { (StatusCode::OK, "") }
        };
        let _server = listener.serve(Router::new().fallback(answer)).expect("served");
        let one_hour = records().split_off(10);
        let reported = archive(&resources, batch(&one_hour)).await;
        assert_eq!(reported.is_empty(), is_done, "after {conflicts} conflicts: {reported:?}");
        assert_eq!(uploaded.load(Ordering::Relaxed), uploads, "after {conflicts} conflicts");
    }
}

/// The invocation fails, so that Lambda bisects the batch.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_takes_too_long_to_archive_is_bisected() {
    let (listener, key) = (Listener::open(0).expect("a port"), Key::generate());
    let resources = resources(&listener.url(), &key);
    let slow = || async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        StatusCode::OK
    };
    let _server = listener.serve(Router::new().fallback(slow)).expect("served");
    let event = serde_json::from_value(batch(&records())).expect("a batch");
    let answer = archiver::handle(LambdaEvent::new(event, context(Duration::from_secs(2))), &resources).await;
    assert_eq!(answer.expect_err("too slow").kind, FailureKind::BatchTooSlow);
}
