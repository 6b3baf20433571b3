//! Requests with events, without HTTP.

use pipegen_event::Reason;

use super::*;

const STRUCTURED: Header<'_> = ("content-type", b"application/cloudevents+json");
const BATCH: Header<'_> = ("content-type", b"application/cloudevents-batch+json");
const EITHER: Header<'_> = ("content-type", b"application/json");

fn rules() -> EventRules {
    EventRules { horizon: TimeDelta::days(7), suppliers: None }
}

fn now() -> DateTime<Utc> {
    "2026-11-27T12:00:00Z".parse().expect("a time")
}

fn event(sku: &str, quantity: i64) -> String {
    format!(
        r#"{{"specversion":"1.0","id":"1","source":"/suppliers/acme","type":"com.retailtech.stock.counted.v1","subject":"{sku}","time":"2026-11-27T11:59:00Z","data":{{"quantity":{quantity}}}}}"#
    )
}

fn reasons(mode: Header<'_>, body: &str) -> Vec<Vec<Option<&'static str>>> {
    let records = records(&[mode], body.as_bytes(), now(), &rules()).expect("records");
    let verdict = |verdict: &Result<(), Rejection>| verdict.as_ref().err().map(|rejection| rejection.reason.as_str());
    records.iter().map(|record| record.verdicts.iter().map(verdict).collect()).collect()
}

fn refused(mode: Header<'_>, body: &str) -> (u16, String) {
    let problem = records(&[mode], body.as_bytes(), now(), &rules()).expect_err("refused");
    (problem.status.as_u16(), problem.detail)
}

#[test]
fn a_structured_event_is_one_record_whatever_is_in_it() {
    for mode in [STRUCTURED, EITHER] {
        assert_eq!(reasons(mode, &event("a", 1)), [[None]]);
        assert_eq!(reasons(mode, &event("a", 10_000_000_000)), [[Some("invalid_data")]]);
        assert_eq!(reasons(mode, "nonsense"), [[Some("invalid_json")]]);
        assert_eq!(reasons(mode, r#"{"specversion":"1.0"}"#), [[Some("invalid_event")]]);
        let body = format!(" {}\n", event("a", 1));
        let records = records(&[mode], body.as_bytes(), now(), &rules()).expect("one");
        assert_eq!(records[0].data, body.as_bytes(), "not even white space is changed");
    }
    let array = format!("[{},{}]", event("a", 1), event("b", 10_000_000_000));
    assert_eq!(reasons(STRUCTURED, &array), [[None, Some("invalid_data")]], "as on the stream");
}

#[test]
fn a_batch_is_a_record_for_each_event() {
    for mode in [BATCH, EITHER] {
        let array = format!("[ {} , {},7]", event("a", 1), event("b", 10_000_000_000));
        assert_eq!(reasons(mode, &array), [[None], [Some("invalid_data")], [Some("invalid_event")]]);
        let records = records(&[mode], array.as_bytes(), now(), &rules()).expect("three");
        assert_eq!(records[0].data, event("a", 1).as_bytes(), "the event's own text");
        assert_eq!(reasons(mode, "[]"), Vec::<Vec<_>>::new());
        let (status, detail) = refused(mode, "[1,");
        assert!(status == 400 && detail.contains("not a batch"), "{detail}");
        let many = format!("[{}]", vec!["1"; 1001].join(","));
        assert_eq!(refused(mode, &many).0, 413);
    }
    assert_eq!(refused(BATCH, &event("a", 1)).0, 400);
    assert_eq!(refused(BATCH, " ").0, 400);
}

#[test]
fn a_body_that_no_record_can_hold_is_refused() {
    let text = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 2));
    assert_eq!(refused(STRUCTURED, &text(DATA_LIMIT + 1)).0, 413);
    assert_eq!(reasons(STRUCTURED, &text(DATA_LIMIT)).len(), 1);
}

#[test]
fn a_supplier_that_is_not_listed_is_unknown() {
    let rules = |names: &[&str]| EventRules {
        suppliers: Some(names.iter().map(|name| name.parse().expect("a name")).collect()),
        ..rules()
    };
    let verdict = |rules: EventRules| {
        let records = records(&[STRUCTURED], event("a", 1).as_bytes(), now(), &rules).expect("one");
        records[0].verdicts[0].clone().map_err(|rejection| rejection.reason)
    };
    assert_eq!(verdict(rules(&["acme", "other"])), Ok(()));
    assert_eq!(verdict(rules(&["acm"])), Err(Reason::UnknownSupplier));
    assert_eq!(reasons(EITHER, &event("pipegen-probe-1", 1)), [[Some("unknown_supplier")]], "not a probe");
}

#[test]
fn an_event_in_binary_mode_is_a_record_in_structured_mode() {
    let headers: [Header<'_>; 7] = [
        EITHER,
        ("ce-specversion", b"1.0"),
        ("ce-id", b"1"),
        ("ce-source", b"/suppliers/acme"),
        ("ce-type", b"com.retailtech.stock.counted.v1"),
        ("ce-subject", b"a%20b"),
        ("ce-time", b"2026-11-27T11:59:00Z"),
    ];
    let records = records(&headers, br#"{"quantity":1}"#, now(), &rules()).expect("one");
    let CheckedRecord { data, verdicts } = &records[0];
    assert_eq!(verdicts, &[Ok(())]);
    let text = str::from_utf8(data).expect("text");
    assert!(text.contains(r#""subject":"a b""#) && text.contains(r#""data":{"quantity":1}"#), "{text}");
    assert_eq!(partition_key(data), "acme/a b");
}

#[test]
fn other_content_is_refused() {
    let refused = |headers: &[Header<'_>]| records(headers, b"{}", now(), &rules()).expect_err("refused");
    assert_eq!(refused(&[("content-type", b"text/plain")]).status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(refused(&[EITHER, ("content-encoding", b"gzip")]).status, StatusCode::BAD_REQUEST);
}

#[test]
fn the_response_has_an_entry_for_each_event() {
    let (stream, _reader) = OpenStream::open("arn/stream".to_owned(), 1);
    let body = format!("[{},{{}}]", event("a", 1));
    let checked = || records(&[BATCH], body.as_bytes(), now(), &rules()).expect("two");
    let answer = put_all(checked(), &stream);
    assert_eq!((&answer["failed"], &answer["rejected"]), (&json!(0), &json!(1)));
    let [first, second] = &answer["events"].as_array().expect("entries")[..] else { panic!("two: {answer}") };
    assert!(first["sequence_number"].as_str() < second["sequence_number"].as_str(), "{answer}");
    assert_eq!((first.get("reason"), &second["reason"]), (None, &json!("invalid_event")));
    assert_eq!(first["shard"], "shardId-000000000000");

    stream.close();
    let answer = put_all(checked(), &stream);
    assert_eq!(answer["failed"], 2);
    assert!(answer["events"][0]["error"].as_str().is_some_and(|error| error.contains("ending")), "{answer}");
}
