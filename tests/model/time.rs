//! The parser of timestamps, compared with chrono.

use chrono::DateTime;

use crate::model::time::parse;

#[test]
fn agrees_with_chrono() {
    let times = [
        "1970-01-01T00:00:00Z",
        "1969-12-31T23:59:59.999999Z",
        "2000-02-29T12:34:56.789Z",
        "1900-03-01T00:00:00Z",
        "2026-01-07T23:59:59.123456789+05:30",
        "2024-12-31T00:00:00-11:00",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999Z",
        "2100-02-28T00:00:00.000001Z",
        "2011-05-31T15:53:00Z",
    ];
    for time in times {
        assert_eq!(parse(time), Some(DateTime::parse_from_rfc3339(time).unwrap().timestamp_micros()), "{time}");
    }
}

#[test]
fn knows_the_length_of_every_month() {
    let lengths = |year: i32| (1..=12).map(move |month| (year, month));
    for (year, month) in [1900, 2000, 2023, 2024].into_iter().flat_map(lengths) {
        for day in 28..=32 {
            let time = format!("{year}-{month:02}-{day:02}T00:00:00Z");
            assert_eq!(parse(&time).is_some(), DateTime::parse_from_rfc3339(&time).is_ok(), "{time}");
        }
    }
}

#[test]
fn cuts_further_digits_off() {
    assert_eq!(parse("1970-01-01T00:00:00.0000019Z"), Some(1));
    assert_eq!(parse("1969-12-31T23:59:59.9999999Z"), Some(-1));
}
