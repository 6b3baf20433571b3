//! `data_base64` in the place of `data`.

use pipegen_event::Reason::{InvalidData, InvalidEvent, TooLarge, UnsupportedType};

use crate::sample::{accepted, all, assert_refused, broken, counted, replaced};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};

/// A counted event with these members in the place of `data`.
fn with(members: &str) -> String {
    broken(r#""data":{"quantity":42}"#, members)
}

/// A counted event whose `data_base64` encodes these bytes.
fn encoding(bytes: impl AsRef<[u8]>) -> String {
    with(&format!(r#""data_base64":"{}""#, STANDARD.encode(bytes)))
}

#[test]
fn it_stands_for_data() {
    for text in all() {
        let (before, data) = text.split_once(r#""data":"#).expect("data");
        let data = data.strip_suffix('}').expect("the event's end");
        let base64 = format!(r#"{before}"data_base64":"{}"}}"#, STANDARD.encode(data));
        assert_eq!(accepted(base64), accepted(text));
    }
    for data in [" {\"quantity\" : 42}\r\n", r#"{"quantit\u0079":42}"#, r#"{"quantity":4.2e1}"#] {
        assert_eq!(accepted(encoding(data)), accepted(counted()));
    }
    // A slash may be escaped, as some writers always do.
    let slashes = encoding(r#"{"quantity":42            }"#);
    assert_eq!(accepted(replaced(&slashes, "eyJ", r"\u0065yJ")), accepted(counted()));
    let title = replaced(&all()[3], r#""data":"#, r#""unused":"#);
    let data = STANDARD.encode(r#"{"title":"???>>>???"}"#);
    assert!(data.contains('/') && data.contains('+'), "{data}");
    let plain = replaced(&title, r#""unused""#, &format!(r#""data_base64":"{data}","unused""#));
    let escaped = replaced(&title, r#""unused""#, &format!(r#""data_base64":"{}","unused""#, data.replace('/', r"\/")));
    assert_eq!(accepted(plain), accepted(escaped));
}

#[test]
fn only_one_of_both_may_be_there() {
    let both = with(r#""data":{"quantity":42},"data_base64":"eyJxdWFudGl0eSI6NDJ9""#);
    assert_refused(both, InvalidData, "data and data_base64: only one of them may be there");
    let both = with(r#""data_base64":"***","data":7"#);
    assert_refused(both, InvalidData, "data and data_base64: only one of them may be there");
    let twice = with(r#""data_base64":"eyJxdWFudGl0eSI6NDJ9","data_base64":null"#);
    assert_refused(twice, InvalidData, "data_base64: must not be there twice");
    let twice = with(r#""data":null,"data":null,"data_base64":"eyJxdWFudGl0eSI6NDJ9""#);
    assert_refused(twice, InvalidData, "data: must not be there twice");
    // It is not an attribute of the envelope, whose faults come first.
    let bad_type = replaced(&with(r#""data_base64":7,"data_base64":7"#), "counted", "guessed");
    assert_refused(&bad_type, UnsupportedType, "type: must be one of");
    assert_refused(replaced(&bad_type, "e-1", ""), InvalidEvent, "id: must have");
}

#[test]
fn null_is_the_member_left_out() {
    let good = r#""data_base64":"eyJxdWFudGl0eSI6NDJ9""#;
    assert_eq!(accepted(with(&format!(r#""data":null,{good}"#))), accepted(counted()));
    assert_eq!(accepted(with(&format!(r#"{good}, "data" : null "#))), accepted(counted()));
    assert_eq!(accepted(with(r#""data_base64":null,"data":{"quantity":42}"#)), accepted(counted()));
    assert_refused(with(r#""data_base64":null"#), InvalidData, "data: is missing");
    assert_refused(with(r#""data_base64":null,"data":null"#), InvalidData, "data: must be an object");
    assert_eq!(accepted(broken(r#""application/json""#, "null")), accepted(counted()));
}

#[test]
fn what_is_not_base64_is_refused() {
    for json in ["7", "true", "{}", "[]", r#"["eyJ9"]"#] {
        assert_refused(with(&format!(r#""data_base64":{json}"#)), InvalidData, "data_base64: must be a string");
    }
    let data = r#"{"quantity":42,"x":"???>>>"}"#;
    let url = URL_SAFE.encode(data);
    assert!(url.contains(['-', '_']), "{url}");
    let unpadded = STANDARD_NO_PAD.encode(r#"{"quantity":4}"#);
    assert_eq!(unpadded.len() % 4, 3);
    let detail =
        "data_base64: must be base64 (RFC 4648, section 4): + and / in its alphabet, padded, without line breaks";
    for text in [
        "***",
        "e",
        "eyJ9=",
        "=",
        &url,
        &unpadded,
        r"eyJxdWFu\r\ndGl0eSI6NDJ9",
        "eyJxdWFu dGl0eSI6NDJ9",
        "eyJ9é",
        "eyK=",
    ] {
        assert_refused(with(&format!(r#""data_base64":"{text}""#)), InvalidData, detail);
    }
}

#[test]
fn what_it_encodes_is_judged_like_data_s_text() {
    let nested = |depth: usize| format!(r#"{{"quantity":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
    for (bytes, detail) in [
        (b"".as_slice(), "data_base64: the text must be JSON; it is empty"),
        (b"{\"quantity\":42", "data_base64: the text must be JSON; the error is at line 1 column 14"),
        (
            b"{\"quantity\":42}{}",
            "data_base64: the text must be JSON; the error is at line 1 column 16; looks like several",
        ),
        (b"{\"quantity\":\xff}", "data_base64: the text must be UTF-8; the error is at byte 13"),
        (
            b"\xef\xbb\xbf{\"quantity\":42}",
            "data_base64: the text must be JSON; the error is at line 1 column 1; looks like UTF-8",
        ),
        (b"\x1f\x8b\x08\0\0", "data_base64: the text must be UTF-8; the error is at byte 2; looks like gzip"),
        (br#"{"quantity":"\ud800"}"#, "data_base64: the text must not have a lone surrogate"),
        (b"null", "data: must be an object"),
        (b"[]", "data: must be an object"),
        (br#""{\"quantity\":42}""#, "data: must be an object; looks like the text of a JSON value within a string"),
        (br#"{"quantity":1,"quantity":1}"#, "data.quantity: must not be there twice"),
        (br#"{"quantity":1,"id":1}"#, "data: must not have the unknown field \"id\""),
        (br#"{"quantity":null}"#, "data.quantity: must be an integer"),
        (nested(127).as_bytes(), "data.quantity: must be an integer"),
        (nested(128).as_bytes(), "data_base64: the text must not nest deeper than 128 levels"),
    ] {
        assert_refused(encoding(bytes), InvalidData, detail);
    }
    // The limit applies to the event's text as received.
    let large = |bytes: usize| encoding(format!(r#"{{"quantity":42{}}}"#, " ".repeat(bytes)));
    assert_eq!(accepted(large(196_000)), accepted(counted()));
    assert_refused(large(196_600), TooLarge, "an event must have at most 262144 bytes");
}
