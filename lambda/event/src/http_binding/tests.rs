//! Requests as a whole.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use super::*;

const STRUCTURED: Header<'_> = ("Content-Type", b"application/cloudevents+json");
const BATCH: Header<'_> = ("content-type", b"application/cloudevents-batch+json; charset=UTF-8");
const JSON: Header<'_> = ("content-type", b"application/json");

fn now() -> DateTime<Utc> {
    "2026-11-27T12:00:00Z".parse().expect("a time")
}

fn event(sku: &str, quantity: i64) -> String {
    json!({"specversion": "1.0", "id": "1", "source": "/suppliers/acme", "type": "com.retailtech.stock.counted.v1",
        "subject": sku, "time": "2026-11-27T11:59:00Z", "data": {"quantity": quantity}})
    .to_string()
}

/// An event's SKU, or the reason of its rejection.
type Outcome = Result<String, Reason>;

/// Returns the outcomes of the events, or the refusal's status and detail.
fn outcomes(headers: &[Header<'_>], body: &[u8]) -> Result<Vec<Outcome>, (u16, String)> {
    let refused = |refusal: Refusal| (refusal.kind.status(), refusal.to_string());
    let content = read(headers, body).map_err(refused)?;
    let decoded = content.decode(now(), TimeDelta::days(7)).map_err(refused)?;
    let outcome = |Decoded { outcome, .. }: Decoded<'_>| match outcome {
        Ok(event) => Ok(event.sku.as_str().to_owned()),
        Err(rejection) => Err(rejection.reason),
    };
    Ok(decoded.into_iter().map(outcome).collect())
}

/// Returns the outcomes of one event that is accepted.
fn one(sku: &str) -> Vec<Outcome> {
    vec![Ok(sku.to_owned())]
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).expect("in memory");
    encoder.finish().expect("in memory")
}

#[test]
fn one_event_is_sent_structured() {
    for header in [STRUCTURED, ("content-type", b"application/CloudEvents+JSON; charset=\"utf-8\""), JSON] {
        assert_eq!(outcomes(&[header], event("a", 1).as_bytes()), Ok(one("a")));
        assert_eq!(outcomes(&[header], b" {} "), Ok(vec![Err(Reason::InvalidEvent)]));
        assert_eq!(outcomes(&[header], b"7"), Ok(vec![Err(Reason::InvalidEvent)]));
        for broken in [&b""[..], b"  ", b"{", b"nonsense", b"{}{}", b"\xff", b"\xf3\x89\x9a\xc2\n"] {
            assert_eq!(outcomes(&[header], broken).expect_err("broken").0, 400, "{broken:?}");
        }
    }
    let (status, detail) = outcomes(&[STRUCTURED], b"[]").expect_err("an array");
    assert!(status == 400 && detail.contains("cloudevents-batch"), "{detail}");
}

#[test]
fn several_events_are_sent_as_a_batch() {
    for header in [BATCH, JSON] {
        let array = format!(" [ {} , {},7]", event("a", 1), event("b", 10_000_000_000));
        let expected = vec![Ok("a".to_owned()), Err(Reason::InvalidData), Err(Reason::InvalidEvent)];
        assert_eq!(outcomes(&[header], array.as_bytes()), Ok(expected));
        assert_eq!(outcomes(&[header], b"[]"), Ok(vec![]));
        assert_eq!(outcomes(&[header], b"[1,").expect_err("broken").0, 400);
        let events = |count: usize| format!("[{}]", vec!["1"; count].join(","));
        assert_eq!(outcomes(&[header], events(1000).as_bytes()).expect("as many as may be").len(), 1000);
        assert_eq!(outcomes(&[header], events(1001).as_bytes()).expect_err("too many").0, 413);
    }
    assert_eq!(outcomes(&[BATCH], event("a", 1).as_bytes()).expect_err("no array").0, 400);
    let content = read(&[BATCH], b"[1]").expect("a batch");
    assert_eq!(content.decode(now(), TimeDelta::days(7)).expect("one")[0].text, b"1", "the event's own text");
}

/// The headers of an event in binary mode, in which a blank and a letter are percent-encoded.
fn attributes<'a>(more: &[Header<'a>]) -> Vec<Header<'a>> {
    let mut headers: Vec<Header<'_>> = vec![
        ("ce-specversion", b"1.0"),
        ("CE-ID", b"1"),
        ("Ce-Source", b"/suppliers/acme"),
        ("ce-type", b"com.retailtech.stock.counted.v1"),
        ("ce-subject", b"caf%C3%A9%20cr\xc3\xa8me"),
        ("ce-time", b"2026-11-27T11:59:00Z"),
        ("ce-traceparent", b"\"00-1 \\\"x\\\"\""),
        ("user-agent", b"curl"),
    ];
    headers.extend(more);
    headers
}

#[test]
fn an_event_in_binary_mode_is_its_headers_and_its_data() {
    let headers = attributes(&[("Content-Type", b"application/json; charset=utf-8")]);
    assert_eq!(outcomes(&headers, br#"{"quantity": 1}"#), Ok(one("café crème")));
    let Content::Event(text) = read(&headers, b" {\"quantity\": 1.0}\n").expect("an event") else {
        panic!("one event")
    };
    assert_eq!(
        str::from_utf8(&text).expect("text"),
        concat!(
            r#"{"specversion":"1.0","id":"1","source":"/suppliers/acme","type":"com.retailtech.stock.counted.v1","#,
            r#""subject":"café crème","time":"2026-11-27T11:59:00Z","traceparent":"00-1 \"x\"","#,
            r#""datacontenttype":"application/json; charset=utf-8","data":{"quantity": 1.0}}"#
        )
    );
    // Without a media type, and with one that is not JSON's: what the body is, its text tells.
    for more in [&[][..], &[("content-type", &b"text/plain"[..])]] {
        assert_eq!(outcomes(&attributes(more), br#"{"quantity":1}"#), Ok(one("café crème")));
        assert_eq!(outcomes(&attributes(more), b"quantity=1"), Ok(vec![Err(Reason::InvalidData)]));
        assert_eq!(outcomes(&attributes(more), b""), Ok(vec![Err(Reason::InvalidData)]));
        assert_eq!(outcomes(&attributes(more), b"[1]"), Ok(vec![Err(Reason::InvalidData)]));
    }
    let Content::Event(text) = read(&attributes(&[]), b"\xff\xfe").expect("an event") else { panic!("one event") };
    assert!(text.ends_with(br#","data_base64":"//4="}"#), "{text:?}");
}

#[test]
fn attributes_of_binary_mode_that_are_wrong_are_told() {
    let data = br#"{"quantity":1}"#;
    // By the event's own rules.
    let without = |name: &str| attributes(&[]).into_iter().filter(|(found, _)| *found != name).collect::<Vec<_>>();
    assert_eq!(outcomes(&without("ce-specversion"), data), Ok(vec![Err(Reason::InvalidEvent)]));
    assert_eq!(outcomes(&without("ce-subject"), data), Ok(vec![Err(Reason::InvalidEvent)]));
    assert_eq!(outcomes(&attributes(&[("ce-id", b"2")]), data), Ok(vec![Err(Reason::InvalidEvent)]), "twice");
    // By the binding's.
    for header in [
        ("ce-subject", &b"%C0%A0"[..]),
        ("ce-note", b"19\" rack"),
        ("ce-", b"1"),
        ("ce-a_b", b"1"),
        ("ce-a-b", b"1"),
        ("ce-data", b"{}"),
        ("ce-data_base64", b"e30="),
    ] {
        let (status, detail) = outcomes(&attributes(&[header]), data).expect_err("refused");
        assert!(status == 400 && detail.contains(header.0), "{detail}");
    }
    // What looks like binary mode is not, where the media type is that of an event.
    assert_eq!(outcomes(&attributes(&[STRUCTURED]), event("a", 1).as_bytes()), Ok(one("a")));
}

#[test]
fn other_media_types_and_charsets_are_not_taken() {
    for (headers, words) in [
        (&[][..], "application/cloudevents+json"),
        (&[("content-type", &b"text/plain"[..])], "application/json"),
        (&[("content-type", b"application/json; charset=utf-16")], "utf-16"),
        (&[("content-type", b"application/cloudevents+avro")], "application/cloudevents+json"),
        (&[("content-type", b"application/cloudevents+xml"), ("ce-id", b"1")], "application/cloudevents+json"),
        (&[STRUCTURED, ("content-encoding", b"br")], "gzip"),
        (&[STRUCTURED, ("content-encoding", b"gzip, gzip")], "gzip"),
    ] {
        let (status, detail) = outcomes(headers, event("a", 1).as_bytes()).expect_err(words);
        assert!(status == 415 && detail.contains(words), "{detail}");
    }
}

#[test]
fn a_body_may_be_gzip() {
    let packed = gzip(event("a", 1).as_bytes());
    for encoding in ["gzip", "GZIP", "x-gzip"] {
        assert_eq!(outcomes(&[STRUCTURED, ("Content-Encoding", encoding.as_bytes())], &packed), Ok(one("a")));
    }
    assert_eq!(outcomes(&[STRUCTURED, ("content-encoding", b"identity")], event("a", 1).as_bytes()), Ok(one("a")));
    let binary = attributes(&[JSON, ("content-encoding", b"gzip")]);
    assert_eq!(outcomes(&binary, &gzip(br#"{"quantity":1}"#)), Ok(one("café crème")));
    // Members one after another are one body (RFC 1952, 2.2).
    let two = [gzip(b"["), gzip(b"7]")].concat();
    assert_eq!(outcomes(&[BATCH, ("content-encoding", b"gzip")], &two), Ok(vec![Err(Reason::InvalidEvent)]));

    let gzipped = &[STRUCTURED, ("content-encoding", &b"gzip"[..])];
    for broken in [&packed[..packed.len() - 1], b"{}", b"", &[&packed[..], b"{}"].concat()] {
        let (status, detail) = outcomes(gzipped, broken).expect_err("broken");
        assert!(status == 400 && detail.contains("gzip"), "{detail}");
    }
    let (status, detail) = outcomes(&[STRUCTURED], &packed).expect_err("not told");
    assert!(status == 400 && detail.contains("Content-Encoding"), "{detail}");
}

#[test]
fn a_body_is_unpacked_up_to_the_limit() {
    let gzipped = &[BATCH, ("content-encoding", &b"gzip"[..])];
    // White space in members of a mebibyte.
    let (first, last) = (format!("[{}", event("a", 1)), "]");
    let blanks = vec![b' '; 1024 * 1024];
    let filled = |length: usize| {
        let rest = length - first.len() - last.len();
        let whole = gzip(&blanks).repeat(rest / blanks.len());
        [gzip(first.as_bytes()), whole, gzip(&blanks[..rest % blanks.len()]), gzip(last.as_bytes())].concat()
    };
    let fits = filled(UNPACKED_LIMIT);
    assert!(fits.len() < UNPACKED_LIMIT / 50, "{}", fits.len());
    assert_eq!(outcomes(gzipped, &fits), Ok(one("a")));
    let (status, detail) = outcomes(gzipped, &filled(UNPACKED_LIMIT + 1)).expect_err("too large");
    assert!(status == 413 && detail.contains("16777216"), "{detail}");
    assert_eq!(outcomes(&[STRUCTURED], &vec![b' '; UNPACKED_LIMIT + 1]).expect_err("too large").0, 413);
}
