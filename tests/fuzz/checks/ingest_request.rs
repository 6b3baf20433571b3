//! Requests with suppliers' events, as HTTP writes them: headers, an empty line, a body. Headers that begin with `:` are
//! for this check: `:gzip` compresses the body, `:caller` is the ARN of who has signed the request.

use std::collections::BTreeMap;
use std::io::Write as _;

use base64_simd::STANDARD;
use chrono::{DateTime, Utc};
use flate2::Compression;
use flate2::write::GzEncoder;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use pipegen_event::http_binding::{Content, Header, Refusal, RefusalKind, UNPACKED_LIMIT, read};
use pipegen_event::{Decoded, Event, Supplier, decode};
use pipegen_lambda::ingest::events::{RequestEvents, Verdict};
use pipegen_lambda::ingest::problem::Problem;
use pipegen_lambda::ingest::{body, identity};
use pipegen_lambda::url::UrlRequest;

use super::bounded::bounded;
use super::events::{self, HORIZON, arrival, decoding};

const ENVIRONMENT: &str = "staging";
const FUNCTION: &str = "arn:aws:lambda:us-east-1:111122223333:function:lambda-ingest-staging";

/// The most bytes of a partition key, in characters (the stream's limit).
const PARTITION_KEY_LIMIT: usize = 256;

pub(super) fn check(bytes: &[u8]) {
    let request = Request::of(bytes);
    let headers: Vec<Header<'_>> = request.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
    let caller = supplier(request.caller.as_deref());
    as_lambda_sends_it(&request, &headers);
    match content(&headers, &request.body) {
        Ok(content) => {
            assert_eq!(read(&headers, &request.body).as_ref(), Ok(&content), "the same again");
            taken(&content, &caller);
        }
        Err(refusal) => refused(&refusal),
    }
    compressed(&request, &headers);
}

/// A request, before Lambda has it.
struct Request {
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    caller: Option<String>,
}

impl Request {
    fn of(bytes: &[u8]) -> Self {
        let mut request = Self { headers: Vec::new(), body: Vec::new(), caller: None };
        let (mut rest, mut is_compressed) = (bytes, false);
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let (line, after) = (&rest[..end], &rest[end + 1..]);
            rest = after;
            if line.is_empty() {
                break;
            }
            let colon = line.iter().skip(1).position(|byte| *byte == b':').map_or(line.len(), |place| place + 1);
            let name = String::from_utf8_lossy(&line[..colon]).trim().to_owned();
            let value = line.get(colon + 1..).unwrap_or_default().to_vec();
            match &*name {
                ":gzip" => is_compressed = true,
                ":caller" => request.caller = Some(String::from_utf8_lossy(&value).into_owned()),
                _ => request.headers.push((name, value)),
            }
        }
        request.body = if is_compressed { gzip(rest) } else { rest.to_vec() };
        request
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("written to memory");
    encoder.finish().expect("written to memory")
}

fn content<'a>(headers: &[Header<'_>], body: &'a [u8]) -> Result<Content<'a>, Refusal> {
    let all: usize = body.len() + headers.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
    // A body that is unpacked grows by doubling, and is copied then.
    let unpacked = if body.starts_with(b"\x1f\x8b") { 4 * UNPACKED_LIMIT } else { 0 };
    bounded(32 * all + unpacked + 256 * 1024, || read(headers, body))
}

/// Returns the supplier of a caller; `acme` if it is nobody.
fn supplier(caller: Option<&str>) -> Supplier {
    let supplier = identity::supplier(caller, FUNCTION, ENVIRONMENT);
    if let (Some(supplier), Some(caller)) = (&supplier, caller) {
        let role = format!("arn:aws:sts::111122223333:assumed-role/role-supplier-{supplier}-{ENVIRONMENT}/");
        assert!(caller.starts_with(&role), "{caller} is not {supplier}");
    }
    supplier.unwrap_or_else(|| "acme".parse().expect("a supplier"))
}

/// Checks that Lambda's event has the body as it was sent.
fn as_lambda_sends_it(request: &Request, headers: &[Header<'_>]) {
    let event = |body: &str, is_base64: bool| {
        let headers: BTreeMap<_, _> =
            headers.iter().map(|(name, value)| (*name, String::from_utf8_lossy(value))).collect();
        let context = serde_json::json!({ "authorizer": { "iam": { "userArn": request.caller } } });
        let event = serde_json::json!({ "rawPath": "/events", "headers": headers, "body": body,
            "isBase64Encoded": is_base64, "requestContext": context });
        serde_json::from_str::<UrlRequest>(&event.to_string()).expect("an event")
    };
    let encoded = event(&STANDARD.encode_to_string(&request.body), true);
    assert_eq!(encoded.caller(), request.caller.as_deref());
    assert_eq!(body::decoded(encoded.body, encoded.is_base64_encoded, headers).as_deref(), Ok(&*request.body));
    if let Ok(text) = str::from_utf8(&request.body) {
        let plain = event(text, false);
        if let Ok(body) = body::decoded(plain.body, plain.is_base64_encoded, headers) {
            assert_eq!(body, request.body);
        }
        // Any text may be said to be base64.
        body::decoded(Some(text.to_owned()), true, headers).ok();
    }
}

/// Checks the events of a request.
fn taken(content: &Content<'_>, caller: &Supplier) {
    let (Content::Event(text) | Content::Batch(text)) = content;
    let decoded = bounded(decoding(text), || content.decode(arrival(), HORIZON));
    assert_eq!(decoded, content.decode(arrival(), HORIZON), "the same again");
    let decoded = match decoded {
        Ok(decoded) => decoded,
        Err(refusal) => return refused(&refusal),
    };
    events::check(text, &decoded);
    assert_eq!(decoded, decode(text, arrival(), HORIZON), "as the processor reads the same text");
    for event in &decoded {
        if let Ok(event) = &event.outcome {
            in_every_mode(event);
        }
    }
    records(decoded, caller);
}

/// Checks that an event is the same in binary mode, in structured mode and in a batch.
fn in_every_mode(event: &Event) {
    let structured = events::canonical(event);
    let batch = format!(" [{structured}]");
    let encoded: Vec<_> = events::attributes(event)
        .into_iter()
        .map(|(name, text)| (format!("ce-{name}"), utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string()))
        .collect();
    let mut attributes: Vec<Header<'_>> = encoded.iter().map(|(name, text)| (&**name, text.as_bytes())).collect();
    attributes.push(("Content-Type", b"application/json"));
    let data = events::data(event).to_string();
    for (headers, body) in [
        (&[("content-type", &b"application/cloudevents+json; charset=UTF-8"[..])][..], &structured),
        (&[("content-type", b"application/json")], &structured),
        (&[("content-type", b"application/cloudevents-batch+json")], &batch),
        (&[("content-type", b"application/json")], &batch),
        (&attributes, &data),
    ] {
        let content = read(headers, body.as_bytes()).expect("a request");
        let again = content.decode(arrival(), HORIZON).expect("events");
        assert_eq!((again.len(), again[0].outcome.as_ref()), (1, Ok(event)), "{headers:?} {body}");
    }
}

/// Checks the records that are put on the stream: each is one of the caller's events, as it was sent.
fn records(decoded: Vec<Decoded<'_>>, caller: &Supplier) {
    let events = decoded.clone();
    let request = match RequestEvents::of(decoded, caller, None) {
        Ok(request) => request,
        Err(Problem::AnotherSupplier { index }) => {
            assert!(
                events.get(index).is_some_and(|event| event
                    .outcome
                    .as_ref()
                    .is_ok_and(|event| event.supplier != *caller)
                    || event.outcome.is_err())
            );
            return;
        }
        Err(problem) => panic!("{problem:?}"),
    };
    assert_eq!(request.verdicts.len(), events.len());
    let mut records = request.records.iter();
    for (place, (verdict, event)) in request.verdicts.iter().zip(&events).enumerate() {
        match verdict {
            Verdict::Accepted(_) => {
                let record = records.next().expect("a record for each accepted event");
                assert_eq!(record.data, event.text);
                assert!((1..=PARTITION_KEY_LIMIT).contains(&record.partition_key.chars().count()));
                let on_the_stream = one(record.data, arrival());
                assert_eq!(Some(&on_the_stream), event.outcome.as_ref().ok(), "event {place}");
                assert_eq!(on_the_stream.supplier, *caller);
            }
            Verdict::Rejected(rejection) => assert!(!rejection.detail.is_empty()),
        }
    }
    assert_eq!(records.next(), None);
}

fn one(record: &[u8], arrived_at: DateTime<Utc>) -> Event {
    let mut decoded = decode(record, arrived_at, HORIZON);
    assert_eq!(decoded.len(), 1);
    decoded.remove(0).outcome.expect("an event")
}

/// Checks that a compressed body means what it is when it is not compressed.
fn compressed(request: &Request, headers: &[Header<'_>]) {
    if headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-encoding"))
        || request.body.starts_with(b"\x1f\x8b")
    {
        return;
    }
    let body = gzip(&request.body);
    let with: Vec<Header<'_>> = headers.iter().copied().chain([("Content-Encoding", &b"gzip"[..])]).collect();
    assert_eq!(content(&with, &body), content(headers, &request.body));
}

fn refused(refusal: &Refusal) {
    let Refusal { kind, detail } = refusal;
    assert!(matches!(kind, RefusalKind::Malformed | RefusalKind::TooLarge | RefusalKind::UnsupportedMediaType));
    assert!(!detail.is_empty() && detail.len() < 500 && !detail.contains(char::is_control), "{detail}");
}
