//! `ingest` in the real bootstrap, on the emulated stream, also where that fails.

use std::collections::VecDeque;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use parking_lot::Mutex;
use pipegen::emulators::kinesis::Kinesis;
use pipegen::records::Record;
use pipegen::session::listener::{Listener, Server};
use pipegen::stream::{OpenStream, StreamReader};
use pipegen_contract::env;
use pipegen_contract::role::Role;
use serde_json::{Value, json};

use super::bootstrap::{Change, Functions, answer, failure, peak_memory};

/// The stream of the stack.
const STREAM: &str = "arn:aws:kinesis:us-east-1:000000000000:stream/kinesis-inventory-staging";

/// A fault of one request to the stream.
#[derive(Clone, Copy)]
enum Fault {
    /// Every second record is throttled.
    HalfThrottled,
    /// The request is refused with this status and exception.
    Refused(u16, &'static str),
    /// There is no answer.
    Hangs,
}

/// The stream, in front of which faults happen.
struct TestStream {
    kinesis: Kinesis,
    faults: Mutex<VecDeque<Fault>>,
    /// The number of records of each request.
    requests: Mutex<Vec<usize>>,
}

/// Functions, and a stream that `ingest` puts on.
struct Setup {
    functions: Functions,
    stream: Arc<TestStream>,
    reader: StreamReader,
    _server: Server,
}

async fn set_up(faults: impl IntoIterator<Item = Fault>) -> Setup {
    let mut functions = Functions::open().await;
    let listener = Listener::open(0).expect("a port");
    functions.backend.kinesis = Some(listener.url());
    let (stream, reader) = OpenStream::open(STREAM.to_owned(), 2);
    let stream = Arc::new(TestStream {
        kinesis: Kinesis { stream: Arc::new(stream), retention_hours: 24 },
        faults: Mutex::new(faults.into_iter().collect()),
        requests: Mutex::default(),
    });
    let server = listener.serve(Router::new().fallback(kinesis).with_state(Arc::clone(&stream))).expect("served");
    Setup { functions, stream, reader, _server: server }
}

async fn kinesis(State(stream): State<Arc<TestStream>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.expect("whole");
    let mut request: Value = serde_json::from_slice(&body).expect("JSON");
    let records = request["Records"].as_array_mut().expect("records");
    let count = records.len();
    stream.requests.lock().push(count);
    let fault = stream.faults.lock().pop_front();
    match fault {
        None => stream.kinesis.answer(&parts, Body::from(body)).await,
        Some(Fault::Refused(status, exception)) => {
            let body = json!({"__type": exception, "message": "no"}).to_string();
            (StatusCode::from_u16(status).expect("a status"), body).into_response()
        }
        Some(Fault::Hangs) => std::future::pending().await,
        Some(Fault::HalfThrottled) => {
            let mut index = 0;
            records.retain(|_| {
                index += 1;
                index % 2 == 0
            });
            let mut placed = json!([]);
            if !records.is_empty() {
                let answer = stream.kinesis.answer(&parts, Body::from(request.to_string())).await;
                let answer = to_bytes(answer.into_body(), usize::MAX).await.expect("whole");
                let mut answer: Value = serde_json::from_slice(&answer).expect("JSON");
                placed = answer["Records"].take();
            }
            let throttled = json!({"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "Rate …"});
            let mut placed = placed.as_array().expect("records").iter().cloned();
            let results: Vec<_> = (0..count)
                .map(|index| if index % 2 == 0 { throttled.clone() } else { placed.next().expect("placed") })
                .collect();
            json!({"FailedRecordCount": count.div_ceil(2), "Records": results}).to_string().into_response()
        }
    }
}

impl Setup {
    /// Sends a body as this supplier, and returns the status, the body of the response and the whole response.
    async fn send(
        &self,
        supplier: &str,
        changes: &[Change<'_>],
        media_type: &str,
        body: &[u8],
    ) -> (Value, Value, Value) {
        let host = self.functions.host(Role::Ingest, changes);
        let response = answer(&host, &request(supplier, &[("content-type", media_type)], body)).await;
        // Its log is whole then.
        host.close().await;
        read(response)
    }

    /// Returns what was put on the stream.
    fn records(&mut self) -> Vec<Record> {
        std::iter::from_fn(|| self.reader.next_now()).collect()
    }
}

fn read(response: Value) -> (Value, Value, Value) {
    let body = serde_json::from_str(response["body"].as_str().expect("a body")).expect("JSON");
    (response["statusCode"].clone(), body, response)
}

/// Returns the event of a request that the role of this supplier has signed.
fn request(supplier: &str, headers: &[(&str, &str)], body: &[u8]) -> Value {
    let caller = format!("arn:aws:sts::000000000000:assumed-role/role-supplier-{supplier}-staging/session");
    let headers: serde_json::Map<String, Value> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
    json!({"version": "2.0", "rawPath": "/events", "rawQueryString": "", "headers": headers,
        "requestContext": {"authorizer": {"iam": {"userArn": caller}}, "http": {"method": "POST", "path": "/events"}},
        "body": BASE64_STANDARD.encode(body), "isBase64Encoded": true})
}

const STRUCTURED: &str = "application/cloudevents+json";
const BATCH: &str = "application/cloudevents-batch+json";

/// Returns an event of a supplier about one of many SKUs.
fn event(supplier: &str, number: usize) -> String {
    json!({"specversion": "1.0", "id": number.to_string(), "source": format!("/suppliers/{supplier}"),
        "type": "com.retailtech.stock.counted.v1", "subject": format!("sku {number}"),
        "time": chrono::Utc::now().to_rfc3339(), "data": {"quantity": number}})
    .to_string()
}

fn batch(events: &[String]) -> String {
    format!("[{}]", events.join(",\n"))
}

/// Checks that each event is on the stream where its entry says.
fn assert_placed(records: &[Record], events: &[String], entries: &Value) {
    let entries = entries.as_array().expect("entries");
    assert_eq!((records.len(), entries.len()), (events.len(), events.len()));
    for (event, entry) in events.iter().zip(entries) {
        let record = records.iter().find(|record| record.data == event.as_bytes()).expect("on the stream");
        assert_eq!(*entry, json!({"shard": record.shard, "sequence_number": record.sequence_number}));
        let value: Value = serde_json::from_str(event).expect("JSON");
        assert_eq!(record.partition_key, format!("acme/{}", value["subject"].as_str().expect("a SKU")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_is_a_record_at_the_place_that_the_answer_names() {
    let mut setup = set_up([]).await;
    let one = event("acme", 1);
    let (status, body, response) = setup.send("acme", &[], STRUCTURED, one.as_bytes()).await;
    assert_eq!((status, &body["accepted"], &body["failed"]), (json!(202), &json!(1), &json!(0)), "{response}");
    assert_placed(&setup.records(), &[one], &body["events"]);

    let events: Vec<_> = (0..1000).map(|number| event("acme", number)).collect();
    let (status, body, _) = setup.send("acme", &[], BATCH, batch(&events).as_bytes()).await;
    assert_eq!((status, &body["accepted"]), (json!(202), &json!(1000)));
    assert_placed(&setup.records(), &events, &body["events"]);
    assert_eq!(*setup.stream.requests.lock(), [1, 500, 500]);

    let headers = [
        ("content-type", "application/json"),
        ("ce-specversion", "1.0"),
        ("ce-id", "7"),
        ("ce-source", "/suppliers/acme"),
        ("ce-type", "com.retailtech.stock.counted.v1"),
        ("ce-subject", "caf%C3%A9"),
        ("ce-time", &chrono::Utc::now().to_rfc3339()),
    ];
    let host = setup.functions.host(Role::Ingest, &[]);
    let (status, ..) = read(answer(&host, &request("acme", &headers, br#"{"quantity": 3}"#)).await);
    let records = setup.records();
    assert_eq!((status, &*records[0].partition_key), (json!(202), "acme/café"));
    setup.functions.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_event_is_told_and_not_put() {
    let mut setup = set_up([]).await;
    let good = event("acme", 1);
    let wrong = event("acme", 2).replace("quantity", "amount");
    let old = good.replace(&time_of(&good), "2000-01-01T00:00:00Z");
    let text = format!("[{wrong}, 7, {good}, {old}]");
    let (status, body, _) = setup.send("acme", &[], BATCH, text.as_bytes()).await;
    assert_eq!((status, &body["accepted"], &body["rejected"]), (json!(202), &json!(1), &json!(3)), "{body}");
    let reasons: Vec<_> = body["events"].as_array().expect("entries").iter().map(|entry| &entry["reason"]).collect();
    assert_eq!(reasons, [&json!("invalid_data"), &json!("invalid_event"), &Value::Null, &json!("too_old")]);
    assert!(body["events"][0]["detail"].as_str().is_some_and(|detail| detail.contains("amount")), "{body}");
    let records = setup.records();
    assert_eq!((records.len(), &*records[0].data), (1, good.as_bytes()));
    let line = setup.functions.lines(Role::Ingest).pop().expect("a line");
    assert_eq!((&line["supplier"], &line["accepted"], &line["status"]), (&json!("acme"), &json!(1), &json!(202)));
    assert_eq!(line["rejected"], json!({"invalid_data": 1, "invalid_event": 1, "too_old": 1}), "{line}");
    let only = [(env::SUPPLIERS, Some("globex"))];
    let (_, body, _) = setup.send("acme", &only, STRUCTURED, good.as_bytes()).await;
    assert_eq!(body["events"][0]["reason"], "unknown_supplier");
    assert_eq!(setup.records().len(), 0);
    setup.functions.close().await;
}

fn time_of(event: &str) -> String {
    let event: Value = serde_json::from_str(event).expect("JSON");
    event["time"].as_str().expect("a time").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_supplier_speaks_only_for_itself() {
    let mut setup = set_up([]).await;
    let events = [event("acme", 1), event("globex", 2)];
    for (caller, sent) in [("acme", batch(&events)), ("globex", events[0].clone()), ("a", event("acme", 1))] {
        let (status, body, response) = setup.send(caller, &[], "application/json", sent.as_bytes()).await;
        assert_eq!(status, json!(403), "{response}");
        assert_eq!(response["headers"]["content-type"], "application/problem+json");
        assert_eq!(body["type"], "tag:retailtech.com,2026:problem/another-supplier");
    }
    let host = setup.functions.host(Role::Ingest, &[(env::METRIC_NAMESPACE, Some("metrics-inventory-test"))]);
    for caller in [
        json!(null),
        json!({"iam": null}),
        json!({"iam": {"userArn": "arn:aws:sts::000000000000:assumed-role/role-catalog-staging/s"}}),
        json!({"iam": {"userArn": "arn:aws:sts::111122223333:assumed-role/role-supplier-acme-staging/s"}}),
        json!({"iam": {"userArn": "arn:aws:iam::000000000000:user/acme"}}),
    ] {
        let mut sent = request("acme", &[("content-type", STRUCTURED)], events[0].as_bytes());
        sent["requestContext"]["authorizer"] = caller;
        let (status, body, _) = read(answer(&host, &sent).await);
        assert_eq!((status, &body["type"]), (json!(403), &json!("tag:retailtech.com,2026:problem/not-a-supplier")));
    }
    host.close().await;
    assert!(setup.records().is_empty(), "nothing of any of them");
    assert_eq!(*setup.stream.requests.lock(), [0; 0]);
    let lines = setup.functions.lines(Role::Ingest);
    let forbidden: Vec<_> = lines.iter().filter(|line| line["Forbidden"] == 1).collect();
    assert_eq!(forbidden.len(), 8);
    let [.., last] = &forbidden[..] else { unreachable!() };
    assert_eq!((&last["level"], &last["caller"]), (&json!("WARN"), &json!("arn:aws:iam::000000000000:user/acme")));
    assert_eq!(last["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"], "Forbidden");
    setup.functions.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_are_not_events_are_refused() {
    let mut setup = set_up([]).await;
    let host = setup.functions.host(Role::Ingest, &[]);
    let good = request("acme", &[("content-type", STRUCTURED)], event("acme", 1).as_bytes());
    let changed = |pointer: &str, value: Value| {
        let mut request = good.clone();
        *request.pointer_mut(pointer).expect("there") = value;
        request
    };
    let many = BASE64_STANDARD.encode(format!("[{}]", vec!["7"; 1001].join(",")));
    let mut large = changed("/body", json!(many));
    large["headers"]["content-type"] = BATCH.into();
    let mut text = changed("/isBase64Encoded", json!(false));
    text["headers"]["content-encoding"] = "gzip".into();
    for (request, status) in [
        (changed("/rawPath", json!("/")), 404),
        (changed("/requestContext/http/method", json!("PUT")), 405),
        (changed("/headers/content-type", json!("text/plain")), 415),
        (text, 415),
        (changed("/body", json!(BASE64_STANDARD.encode("{"))), 400),
        (changed("/body", json!("*")), 400),
        (changed("/body", json!(null)), 400),
        (large, 413),
    ] {
        let (answered, body, response) = read(answer(&host, &request).await);
        assert_eq!((answered, &body["status"]), (json!(status), &json!(status)), "{response}");
        assert_eq!(response["headers"].get("allow").is_some(), status == 405);
    }
    assert!(setup.records().is_empty());
    setup.functions.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_stream_does_not_take_at_once_is_put_again() {
    let refusals = [
        Fault::Refused(400, "ProvisionedThroughputExceededException"),
        Fault::Refused(500, "InternalFailure"),
        Fault::Refused(503, "Nothing"),
    ];
    let mut setup = set_up(refusals.into_iter().chain([Fault::HalfThrottled; 3])).await;
    let events: Vec<_> = (0..100).map(|number| event("acme", number)).collect();
    let (status, body, _) = setup.send("acme", &[], BATCH, batch(&events).as_bytes()).await;
    assert_eq!((status, &body["accepted"]), (json!(202), &json!(100)), "{body}");
    assert_placed(&setup.records(), &events, &body["events"]);
    assert_eq!(*setup.stream.requests.lock(), [100, 100, 100, 100, 50, 25, 13]);
    setup.functions.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_time_does_not_suffice_for_is_told_as_retryable() {
    let mut setup = set_up([Fault::HalfThrottled].into_iter().chain([Fault::Hangs; 10])).await;
    let mut function = setup.functions.backend.function(Role::Ingest).expect("there");
    function.timeout = Duration::from_secs(4);
    let host = setup.functions.run(function, &[]);
    let events: Vec<_> = (0..5).map(|number| event("acme", number)).collect();
    let sent = request("acme", &[("content-type", BATCH)], batch(&events).as_bytes());
    let (status, body, response) = read(answer(&host, &sent).await);
    assert_eq!((status, &response["headers"]["retry-after"]), (json!(503), &json!("2")), "{response}");
    assert_eq!((&body["accepted"], &body["failed"]), (&json!(2), &json!(3)), "{body}");
    let throttled = json!({"error": "ProvisionedThroughputExceededException", "retryable": true});
    for (index, entry) in body["events"].as_array().expect("entries").iter().enumerate() {
        assert_eq!(*entry == throttled, index % 2 == 0, "{entry}");
    }
    assert_eq!(setup.records().len(), 2);

    // The supplier sends all of it again, as it was told to.
    setup.stream.faults.lock().clear();
    let (status, body, _) = read(answer(&host, &sent).await);
    assert_eq!((status, &body["accepted"]), (json!(202), &json!(5)));
    assert_placed(&setup.records(), &events, &body["events"]);
    setup.functions.close().await;
}

/// As many and as large events as a request can hold.
#[tokio::test(flavor = "multi_thread")]
async fn the_largest_request_takes_little_memory() {
    let mut setup = set_up([]).await;
    let described = |number: usize| {
        let data = json!({"title": "x".repeat(500), "description": "é".repeat(7500)});
        let event: Value = serde_json::from_str(&event("acme", number)).expect("JSON");
        let mut event = event;
        event["type"] = "com.retailtech.product.described.v1".into();
        event["data"] = data;
        event.to_string()
    };
    let events: Vec<_> = (0..1000).map(described).collect();
    let body = batch(&events);
    assert!((15_500_000..16 * 1024 * 1024).contains(&body.len()), "{}", body.len());
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(body.as_bytes()).expect("in memory");
    let headers = [("content-type", BATCH), ("content-encoding", "gzip")];
    let mut function = setup.functions.backend.function(Role::Ingest).expect("there");
    // Its process is found by this name, which those of other tests must not have.
    function.name = "lambda-ingest-largest-request".to_owned();
    let host = setup.functions.run(function, &[]);
    let sent = request("acme", &headers, &packed.finish().expect("in memory"));
    let (status, body, _) = read(answer(&host, &sent).await);
    assert_eq!((status, &body["accepted"]), (json!(202), &json!(1000)));
    // At 5 MiB a request.
    assert_eq!(*setup.stream.requests.lock(), [333, 333, 333, 1]);
    // The least that a function can be given.
    let peak = peak_memory(&host) / 1024;
    assert!(peak < 128, "{peak} MiB");
    assert_eq!(setup.records().len(), 1000);
    setup.functions.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_must_see_to_fails_the_invocation() {
    let setup = set_up([
        Fault::Refused(400, "AccessDeniedException"),
        Fault::Refused(400, "KMSAccessDeniedException"),
        Fault::Refused(400, "KMSInvalidStateException"),
        Fault::Refused(400, "ValidationException"),
    ])
    .await;
    let sent = request("acme", &[("content-type", STRUCTURED)], event("acme", 1).as_bytes());
    let no_such_stream = (env::STREAM_NAME, Some("another"));
    for (change, expected) in [
        (None, "Ingest.StreamDenied"),
        (None, "Ingest.StreamDenied"),
        (None, "Ingest.StreamDenied"),
        (None, "Ingest.StreamFailed"),
        (Some(no_such_stream), "Ingest.StreamNotFound"),
    ] {
        let host = setup.functions.host(Role::Ingest, change.as_slice());
        let failed = failure(&host, &sent).await;
        assert_eq!(failed.error_type, expected, "{failed:?}");
        assert!(failed.message.starts_with("Kinesis: "), "{failed:?}");
    }
    assert_eq!(*setup.stream.requests.lock(), [1; 5], "no retry");
    setup.functions.close().await;
}
