//! JSON, UTF-8, depth, sizes, arrays.

use pipegen_event::Reason::{InvalidData, InvalidEvent, InvalidJson, TooLarge};
use pipegen_event::{Reason, decode};

use crate::sample::{HORIZON, accepted, all, arrival, assert_refused, broken, counted, event, refused, replaced};

/// Returns the reasons of an array's rejections, `None` for an accepted event.
fn reasons(record: impl AsRef<[u8]>) -> Vec<Option<Reason>> {
    let decoded = decode(record.as_ref(), arrival(), HORIZON);
    assert!(decoded.iter().enumerate().all(|(place, event)| event.index == place));
    decoded.into_iter().map(|event| event.outcome.err().map(|rejection| rejection.reason)).collect()
}

/// A JSON value that nests to `depth` levels.
fn nested(depth: usize) -> String {
    format!("{}{}", "[".repeat(depth), "]".repeat(depth))
}

/// A counted event that has exactly `bytes` bytes.
fn sized(bytes: usize) -> String {
    let padding = "x".repeat(bytes - counted().len() - r#""pad":"","#.len());
    broken(r#""id""#, &format!(r#""pad":"{padding}","id""#))
}

#[test]
fn what_is_not_json_is_refused_whole() {
    for text in
        ["", " \n", "{", "}", "[", "nul", "{'a':1}", "[1,]", r#"{"a":1,}"#, "{} {}", "[] x", "01", "NaN", "\u{feff}{}"]
    {
        assert_refused(text, InvalidJson, "the text must be JSON;");
    }
    let truncated = counted();
    assert_refused(&truncated.as_bytes()[..60], InvalidJson, "the text must be JSON; the error is at line 1 column");
    assert_refused(broken("e-1", "e\n1"), InvalidJson, "the text must be JSON");
    assert_refused(broken("e-1", r"e\x1"), InvalidJson, "the text must be JSON");
    let array = format!("[{},{}", counted(), counted());
    let decoded = decode(array.as_bytes(), arrival(), HORIZON);
    assert_eq!((decoded.len(), decoded[0].text), (1, array.as_bytes()));
}

#[test]
fn a_record_that_is_not_utf_8_is_refused() {
    let mut record = counted().into_bytes();
    let place = record.iter().position(|byte| *byte == b'-').expect("a hyphen");
    record[place] = 0xff;
    let detail = format!("the text must be UTF-8; the error is at byte {}", place + 1);
    assert_refused(&record, InvalidJson, &detail);
    let utf_16: Vec<u8> = counted().encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_refused(
        [b"\xff\xfe".as_slice(), &utf_16].concat(),
        InvalidJson,
        "the text must be UTF-8; the error is at byte 1",
    );
    // An overlong slash and a surrogate encoded like UTF-8.
    for bytes in [b"\"\xc0\xaf\"".as_slice(), b"\"\xed\xa0\x80\""] {
        assert_refused(bytes, InvalidJson, "the text must be UTF-8");
    }
}

#[test]
fn an_array_that_is_not_utf_8_is_refused_whole() {
    let good = counted().into_bytes();
    let mut bad = good.clone();
    let place = bad.iter().position(|byte| *byte == b'-').expect("a hyphen");
    bad[place] = 0xe9;
    let array = [b"[".as_slice(), &good, b",", &bad, b",", &good, b"]"].concat();
    assert_eq!(reasons(&array), [Some(InvalidJson)]);
    assert_eq!(decode(&array, arrival(), HORIZON)[0].text, array);
}

#[test]
fn depth_is_counted_on_the_event_s_own_text() {
    // The event's object is level 1. In `data` the reason differs, because it is not an object.
    for (depth, reason) in [(127, None), (128, Some(InvalidJson)), (100_000, Some(InvalidJson))] {
        let text = broken(r#""id""#, &format!(r#""x":{},"id""#, nested(depth)));
        assert_eq!(reasons(&text), [reason], "{depth} in an extension attribute");
        assert_eq!(reasons(format!("[{text},{}]", counted())), [reason, None], "{depth} in an element");
        let text = event("stock.counted", &nested(depth));
        assert_eq!(reasons(&text), [reason.or(Some(InvalidData))], "{depth} in data");
    }
    assert_refused(nested(100_000), InvalidJson, "the text must not nest deeper than 128 levels, does at byte 129");
    let brackets_in_a_string = broken("e-1", &"[".repeat(128));
    assert_eq!(reasons(brackets_in_a_string), [None]);
}

#[test]
fn a_bare_array_of_arrays_is_cut_before_its_depth_is_counted() {
    // The record's own bracket is not the element's.
    assert_eq!(reasons(nested(129)), [Some(InvalidEvent)]);
    assert_eq!(reasons(nested(130)), [Some(InvalidJson)]);
}

#[test]
fn a_lone_surrogate_refuses_its_event_only() {
    for place in ["e-1", "85123A", "application/json", "datacontenttype", "quantity"] {
        for half in [r"\ud800", r"\uDC00", r"\udc00\ud800", r"\ud83d\u0041"] {
            let bad = broken(place, half);
            assert_refused(&bad, InvalidJson, "the text must not have a lone surrogate");
            let array = format!("[{bad},{},{bad}]", counted());
            assert_eq!(reasons(array), [Some(InvalidJson), None, Some(InvalidJson)]);
        }
    }
}

#[test]
fn an_event_is_an_object() {
    for text in ["null", "true", "0", "1e999", r#""{}""#] {
        assert_refused(text, InvalidEvent, "the event must be an object");
        assert_eq!(reasons(format!("[{text},[],[{}]]", counted())), [Some(InvalidEvent); 3]);
    }
}

#[test]
fn an_array_gives_each_event_its_place_and_text() {
    let bad = broken("42", "-1.5");
    let record = format!(" [ {} ,\n{bad}\t, {} ] ", counted(), all()[3]);
    let decoded = decode(record.as_bytes(), arrival(), HORIZON);
    assert_eq!(decoded.iter().map(|event| event.index).collect::<Vec<_>>(), [0, 1, 2]);
    let texts = [counted(), bad, all()[3].clone()];
    assert!(decoded.iter().zip(&texts).all(|(event, text)| event.text == text.as_bytes()));
    assert_eq!(decoded.iter().map(|event| event.outcome.is_ok()).collect::<Vec<_>>(), [true, false, true]);
}

#[test]
fn an_empty_array_has_no_event() {
    for text in ["[]", " [ \n ] "] {
        assert!(decode(text.as_bytes(), arrival(), HORIZON).is_empty());
    }
}

#[test]
fn a_single_record_s_text_is_the_whole_record() {
    let record = format!(" {}\n", counted());
    assert_eq!(decode(record.as_bytes(), arrival(), HORIZON)[0].text, record.as_bytes());
}

#[test]
fn an_array_has_at_most_1000_events() {
    let array = |count: usize| format!("[{}]", vec![counted(); count].join(","));
    assert_eq!(reasons(array(1000)), vec![None; 1000]);
    let record = array(1001);
    let decoded = decode(record.as_bytes(), arrival(), HORIZON);
    assert_eq!((decoded.len(), decoded[0].index, decoded[0].text), (1, 0, record.as_bytes()));
    assert_refused(&record, TooLarge, "an array must have at most 1000 events");
    // Even if its elements have other faults; but text that is not JSON comes first.
    assert_refused(format!("[{}{}]", "1,".repeat(1000), nested(200)), TooLarge, "an array");
    assert_refused(format!("[{}x]", "1,".repeat(1000)), InvalidJson, "the text must be JSON");
}

#[test]
fn an_event_has_at_most_256_kib() {
    const LIMIT: usize = 256 * 1024;
    assert_eq!(accepted(sized(LIMIT)), accepted(counted()));
    assert_refused(sized(LIMIT + 1), TooLarge, "an event must have at most 262144 bytes");
    // White space around a single event counts, around an array's element it does not; the whole array may be larger.
    assert_refused(format!("{} ", sized(LIMIT)), TooLarge, "an event");
    let array = format!("[ {} , {} , {} ]", sized(LIMIT), sized(LIMIT + 1), counted());
    assert_eq!(reasons(array), [None, Some(TooLarge), None]);
    // Bytes, not characters.
    let text = replaced(&sized(LIMIT), "xx", "é");
    assert_eq!(accepted(&text), accepted(counted()));
    assert_refused(replaced(&text, "xx", "éx"), TooLarge, "an event");
    assert_eq!(refused("x".repeat(LIMIT + 1)).reason, InvalidJson);
}
