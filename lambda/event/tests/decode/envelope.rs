//! The `CloudEvents` attributes, and the window around the arrival.

use chrono::TimeDelta;
use pipegen_event::Reason::{FromFuture, InvalidEvent, TooOld, UnsupportedType};
use pipegen_event::decode;

use crate::sample::{HORIZON, accepted, arrival, assert_refused, broken, counted, refused};

#[test]
fn every_attribute_is_required_once_and_a_string() {
    for (name, value) in [
        ("specversion", "1.0"),
        ("id", "e-1"),
        ("source", "/suppliers/acme"),
        ("type", "com.retailtech.stock.counted.v1"),
        ("subject", "85123A"),
        ("time", "2026-11-23T05:00:00Z"),
    ] {
        let attribute = format!(r#""{name}":"{value}","#);
        assert_refused(broken(&attribute, ""), InvalidEvent, &format!("{name}: is missing"));
        let twice = format!("{name}: must not be there twice");
        assert_refused(broken(&attribute, &attribute.repeat(2)), InvalidEvent, &twice);
        let (first, rest) = name.split_at(1);
        let escaped = format!(r#""\u{:04x}{rest}":"{value}","#, first.as_bytes()[0]);
        assert_refused(broken(&attribute, &format!("{attribute}{escaped}")), InvalidEvent, &twice);
        for other in ["null", "1", "1.0", "true", "[]", "{}", r#"["1.0"]"#] {
            let detail = format!("{name}: must be a string");
            assert_refused(broken(&attribute, &format!(r#""{name}":{other},"#)), InvalidEvent, &detail);
        }
    }
}

#[test]
fn an_extension_attribute_may_not_be_there_twice() {
    let twice = r#""id":"e-1","traceparent":"a","other":1,"traceparent":"b","#;
    assert_refused(broken(r#""id":"e-1","#, twice), InvalidEvent, "\"traceparent\": must not be there twice");
    let escaped = r#""id":"e-1","x":"a","\u0078":"a","#;
    assert_refused(broken(r#""id":"e-1","#, escaped), InvalidEvent, "\"x\": must not be there twice");
    let content_type = r#""id":"e-1","datacontenttype":"application/json","#;
    assert_refused(broken(r#""id":"e-1","#, content_type), InvalidEvent, "\"datacontenttype\": must not");
}

#[test]
fn the_specification_s_version_is_1_0() {
    for version in ["0.3", "1", "1.0.0", "1.0 ", ""] {
        assert_refused(broken(r#""1.0""#, &format!("\"{version}\"")), InvalidEvent, "specversion: must be \"1.0\"");
    }
}

#[test]
fn an_id_has_1_to_128_characters_and_no_control_characters() {
    for good in ["x", "é", " ", "a b", "\u{10ffff}", &"é".repeat(128), &"😀".repeat(128)] {
        assert_eq!(accepted(broken("e-1", good)).id.as_str(), good);
    }
    let too_long = "x".repeat(129);
    for bad in ["", r"\u0000", r"a\n", r"\u001f", "\u{7f}", "\u{80}", "\u{9f}", &too_long, &"é".repeat(129)] {
        assert_refused(broken("e-1", bad), InvalidEvent, "id: must have 1 to 128 characters and no control characters");
    }
}

#[test]
fn a_source_names_the_supplier() {
    for good in ["a", "0", "a-", "9-lives", "a--b", &"a".repeat(63)] {
        assert_eq!(accepted(broken("acme", good)).supplier.as_str(), good);
    }
    for bad in ["", "-a", "A", "aCme", "a_b", "a.b", "a b", "a/b", "acme/", "é", r"a\n", r"a\u0000", &"a".repeat(64)] {
        assert_refused(broken("acme", bad), InvalidEvent, "source: must be /suppliers/ and the supplier's name");
    }
    for bad in
        ["suppliers/acme", "/supplier/acme", "/Suppliers/acme", "//suppliers/acme", " /suppliers/acme", "acme", ""]
    {
        assert_refused(broken("/suppliers/acme", bad), InvalidEvent, "source: must be /suppliers/");
    }
}

#[test]
fn a_subject_is_a_sku() {
    for good in ["x", "BANK CHARGES", "a  b", "a,b/c?d", "é", "a\u{200b}b", "a\u{feff}b", "\u{301}e", &"é".repeat(64)]
    {
        assert_eq!(accepted(broken("85123A", good)).sku.as_str(), good);
    }
    let white_space =
        [" ", "\u{a0}", "\u{1680}", "\u{2000}", "\u{200a}", "\u{2028}", "\u{2029}", "\u{202f}", "\u{205f}", "\u{3000}"];
    let detail = "subject: must have 1 to 64 characters, no control characters and no white space at either end";
    for blank in white_space {
        assert_refused(broken("85123A", &format!("{blank}x")), InvalidEvent, detail);
        assert_refused(broken("85123A", &format!("x{blank}")), InvalidEvent, detail);
        assert_refused(broken("85123A", blank), InvalidEvent, detail);
        assert_eq!(accepted(broken("85123A", &format!("x{blank}y"))).sku.chars().count(), 3);
    }
    for bad in ["", r"a\tb", r"a\u0000b", "a\u{85}b", "a\u{7f}", &"x".repeat(65)] {
        assert_refused(broken("85123A", bad), InvalidEvent, detail);
    }
}

#[test]
fn a_subject_neither_begins_nor_ends_with_what_nobody_sees() {
    let invisible = [
        '\u{ad}',
        '\u{34f}',
        '\u{61c}',
        '\u{1160}',
        '\u{180e}',
        '\u{200b}',
        '\u{200d}',
        '\u{200f}',
        '\u{202e}',
        '\u{2060}',
        '\u{2069}',
        '\u{3164}',
        '\u{fe0f}',
        '\u{feff}',
        '\u{ffa0}',
        '\u{1d173}',
        '\u{e0001}',
        '\u{e0fff}',
    ];
    for character in invisible {
        let named =
            format!("subject: must not begin or end with the invisible character U+{:04X}", u32::from(character));
        for bad in [format!("{character}AB1"), format!("AB1{character}"), character.to_string()] {
            let rejection = refused(broken("85123A", &bad));
            assert_eq!((rejection.reason, rejection.detail), (InvalidEvent, named.clone()), "{bad:?}");
        }
        assert_eq!(accepted(broken("85123A", &format!("A{character}B"))).sku.chars().count(), 3);
    }
    let escaped = broken("85123A", r"AB1\ufeff");
    assert_refused(escaped, InvalidEvent, "subject: must not begin or end with the invisible character U+FEFF");
    // Each is visible or changes the character next to it.
    for visible in ['\u{301}', '\u{2800}', '\u{fffd}', '\u{e000}', '.', '-'] {
        accepted(broken("85123A", &format!("{visible}A{visible}")));
    }
}

#[test]
fn a_time_is_rfc_3339() {
    for bad in ["", "2026-11-23", "2026-11-23 05:00:00Z", "2026-11-23T05:00:60Z", "2026-11-23T05:00:00", "now"] {
        assert_refused(broken("2026-11-23T05:00:00Z", bad), InvalidEvent, "time: must be an RFC 3339 timestamp");
    }
}

#[test]
fn a_type_that_is_none_of_the_four_is_unsupported() {
    for bad in
        ["com.retailtech.stock.guessed.v1", "com.retailtech.stock.counted.v2", "", "COM.RETAILTECH.STOCK.COUNTED.V1"]
    {
        let text = broken("com.retailtech.stock.counted.v1", bad);
        assert_refused(text, UnsupportedType, "type: must be one of com.retailtech.stock.counted.v1, ");
    }
    let escaped = broken("com.retailtech", r"\u0063om.retailtech");
    assert_eq!(accepted(escaped), accepted(counted()));
}

#[test]
fn the_horizon_and_five_minutes_bound_the_time_inclusively() {
    let text = counted();
    let time = accepted(&text).time;
    let microsecond = TimeDelta::microseconds(1);
    for (arrival, reason) in [
        (time + HORIZON, None),
        (time + HORIZON + microsecond, Some(TooOld)),
        (time - TimeDelta::minutes(5), None),
        (time - TimeDelta::minutes(5) - microsecond, Some(FromFuture)),
    ] {
        let decoded = decode(text.as_bytes(), arrival, HORIZON);
        assert_eq!(decoded[0].outcome.as_ref().err().map(|rejection| rejection.reason), reason, "{arrival}");
    }
    // The digits that are cut off are ignored.
    let text = broken("05:00:00Z", "05:05:00.5000009Z");
    assert!(decode(text.as_bytes(), arrival(), HORIZON)[0].outcome.is_ok());
    assert_refused(broken("2026-11-23T", "2026-11-16T"), TooOld, "time: must not be more than 604800 s before");
    assert_refused(broken("05:00:00Z", "05:05:00.500001Z"), FromFuture, "time: must not be more than 300 s after");
}

#[test]
fn no_time_and_no_horizon_is_too_large_to_compare() {
    for time in ["0000-01-01T00:00:00+23:59", "9999-12-31T23:59:59.999999-23:59"] {
        let text = broken("2026-11-23T05:00:00Z", time);
        for arrival in [chrono::DateTime::<chrono::Utc>::MIN_UTC, arrival(), chrono::DateTime::<chrono::Utc>::MAX_UTC] {
            for horizon in [TimeDelta::MIN, TimeDelta::zero(), TimeDelta::MAX] {
                let outcome = &decode(text.as_bytes(), arrival, horizon)[0].outcome;
                let reason = outcome.as_ref().err().map(|rejection| rejection.reason);
                assert!(matches!(reason, None | Some(TooOld | FromFuture)), "{outcome:?}");
            }
        }
    }
}
