//! The precedence of reasons, and the content of the details.

use pipegen_event::{Reason, decode};

use crate::sample::{HORIZON, arrival, counted, refused, replaced};

/// Faults in the order in which they are checked: each a part of a counted event and its replacement.
fn faults() -> Vec<(Reason, &'static str, String)> {
    let large = format!(r#""pad":"{}","specversion""#, "x".repeat(256 * 1024));
    vec![
        (Reason::InvalidJson, "application/json", r"\ud800".to_owned()),
        (Reason::TooLarge, r#""specversion""#, large),
        (Reason::InvalidEvent, "e-1", String::new()),
        (Reason::UnsupportedType, "stock.counted", "stock.guessed".to_owned()),
        (Reason::InvalidData, "42", "-1.5".to_owned()),
        (Reason::TooOld, "2026-11-23T", "2026-11-01T".to_owned()),
    ]
}

#[test]
fn reasons_are_checked_in_order() {
    let faults = faults();
    for first in 0..faults.len() {
        let text = faults[first..].iter().fold(counted(), |text, (_, from, to)| replaced(&text, from, to));
        assert_eq!(refused(&text).reason, faults[first].0);
        let array = format!("[{text}]");
        let outcome = &decode(array.as_bytes(), arrival(), HORIZON)[0].outcome;
        assert_eq!(outcome.as_ref().map_err(|rejection| rejection.reason), Err(faults[first].0));
    }
}

#[test]
fn every_attribute_of_the_envelope_comes_before_the_type_s_meaning_and_data() {
    let bad_type = replaced(&counted(), "stock.counted", "stock.guessed");
    let without_time = replaced(&bad_type, r#""time":"2026-11-23T05:00:00Z","#, "");
    assert_eq!(refused(without_time).reason, Reason::InvalidEvent);
    let data_twice = replaced(&bad_type, r#""data""#, r#""data":1,"data""#);
    assert_eq!(refused(&data_twice).reason, Reason::UnsupportedType);
    let extension_twice = replaced(&data_twice, r#""data""#, r#""x":1,"x":1,"data""#);
    assert_eq!(refused(extension_twice).reason, Reason::InvalidEvent);
    let without_data = replaced(&bad_type, r#","data":{"quantity":42}"#, "");
    assert_eq!(refused(without_data).reason, Reason::UnsupportedType);
    let invalid_time = replaced(&replaced(&counted(), "42", "-1"), "05:00:00Z", "05:00:60Z");
    assert_eq!(refused(invalid_time).reason, Reason::InvalidEvent);
}

#[test]
fn details_contain_nothing_of_the_event_s_content() {
    const SECRET: &str = "Xyzzy";
    for (from, to) in [
        ("1.0", SECRET.to_owned()),
        ("e-1", format!(r"{SECRET}\u0000")),
        ("acme", SECRET.to_owned()),
        ("stock.counted", SECRET.to_owned()),
        ("85123A", format!(" {SECRET}")),
        ("2026-11-23T05:00:00Z", SECRET.to_owned()),
        ("42", format!("\"{SECRET}\"")),
        ("42", SECRET.to_owned()),
        ("{\"quantity\":42}", format!("\"{SECRET}\"")),
        ("e-1", format!(r"{SECRET}\udfff")),
    ] {
        let detail = refused(replaced(&counted(), from, &to)).detail;
        assert!(!detail.contains(SECRET), "{detail}");
        assert!(!detail.ends_with('.') && !detail.starts_with(char::is_uppercase), "{detail}");
    }
}

#[test]
fn reasons_have_stable_names() {
    assert_eq!(
        Reason::ALL.map(Reason::as_str),
        [
            "invalid_json",
            "invalid_event",
            "unsupported_type",
            "invalid_data",
            "too_large",
            "too_old",
            "from_future",
            "unknown_supplier",
            "too_many_offers",
            "refused_by_database"
        ]
    );
    assert_eq!(refused("").to_string(), "invalid_json: the text must be JSON; it is empty");
}
