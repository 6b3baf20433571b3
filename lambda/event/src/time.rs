//! RFC 3339 timestamps, read strictly, and the window around a record's arrival.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

use crate::reason::{Reason, Rejection};

/// The longest that an event may have happened after its arrival: clocks differ.
const MAX_AHEAD: TimeDelta = TimeDelta::minutes(5);

/// The rule for the text, to end a sentence that begins with the field's name.
pub(crate) const RULE: &str = "must be an RFC 3339 timestamp with an offset, such as 2026-11-23T05:00:00.123456Z";

/// Reads a `date-time` of RFC 3339, section 5.6, and returns it in UTC with further digits than microseconds cut off.
/// `T` and `Z` may be lower-case, as the RFC's note on its grammar allows; second 60 is refused.
pub(crate) fn parse(text: &str) -> Option<DateTime<Utc>> {
    let bytes = text.as_bytes();
    // chrono would also take the minus sign U+2212, a blank for the `T`, and second 60 in any minute.
    if !text.is_ascii() || bytes.get(10) == Some(&b' ') || bytes.get(17..19) == Some(b"60".as_slice()) {
        return None;
    }
    let time = DateTime::parse_from_rfc3339(text).ok()?;
    Some(time.to_utc().trunc_subsecs(6))
}

/// Checks that the event happened neither more than `horizon` before it arrived nor more than [`MAX_AHEAD`] after.
pub(crate) fn check_window(
    time: DateTime<Utc>,
    arrived_at: DateTime<Utc>,
    horizon: TimeDelta,
) -> Result<(), Rejection> {
    let age = arrived_at.signed_duration_since(time);
    if age > horizon {
        let seconds = horizon.num_seconds();
        let detail = format!("time: must not be more than {seconds} s before the record's arrival");
        return Err(Rejection::new(Reason::TooOld, detail));
    }
    if -age > MAX_AHEAD {
        let seconds = MAX_AHEAD.num_seconds();
        let detail = format!("time: must not be more than {seconds} s after the record's arrival");
        return Err(Rejection::new(Reason::FromFuture, detail));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn utc(text: &str) -> Option<String> {
        parse(text).map(|time| time.to_rfc3339_opts(chrono::SecondsFormat::Micros, true))
    }

    #[test]
    fn rfc_3339_is_read_in_all_its_forms() {
        for (text, expected) in [
            ("2026-11-23T05:00:00Z", "2026-11-23T05:00:00.000000Z"),
            ("2026-11-23t05:00:00z", "2026-11-23T05:00:00.000000Z"),
            ("2026-11-23T05:00:00.1Z", "2026-11-23T05:00:00.100000Z"),
            ("2026-11-23T05:00:00+05:30", "2026-11-22T23:30:00.000000Z"),
            ("2026-11-23T05:00:00-23:59", "2026-11-24T04:59:00.000000Z"),
            ("2026-11-23T05:00:00-00:00", "2026-11-23T05:00:00.000000Z"),
            ("2024-02-29T23:59:59Z", "2024-02-29T23:59:59.000000Z"),
            ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000000Z"),
            ("0000-01-01T00:00:00+23:59", "-0001-12-31T00:01:00.000000Z"),
            ("9999-12-31T23:59:59-23:59", "+10000-01-01T23:58:59.000000Z"),
        ] {
            assert_eq!(utc(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn finer_digits_than_microseconds_are_cut_off_never_rounded() {
        assert_eq!(utc("2026-11-23T05:00:00.1234569Z").as_deref(), Some("2026-11-23T05:00:00.123456Z"));
        assert_eq!(utc("1960-01-01T00:00:00.9999999Z").as_deref(), Some("1960-01-01T00:00:00.999999Z"));
        let long = format!("2026-11-23T05:00:00.{}Z", "9".repeat(5000));
        assert_eq!(utc(&long).as_deref(), Some("2026-11-23T05:00:00.999999Z"));
    }

    #[test]
    fn what_is_not_rfc_3339_is_refused() {
        for text in [
            "",
            "2026-11-23",
            "2026-11-23T05:00:00",
            "2026-11-23 05:00:00Z",
            "2026-11-23T05:00Z",
            "2026-11-23T05:00:60Z",
            "2016-12-31T23:59:60Z",
            "2026-11-23T24:00:00Z",
            "2026-11-23T05:60:00Z",
            "2026-02-29T05:00:00Z",
            "2026-13-01T05:00:00Z",
            "2026-00-10T05:00:00Z",
            "2026-11-00T05:00:00Z",
            "2026-11-23T05:00:00.Z",
            "2026-11-23T05:00:00,5Z",
            "2026-11-23T05:00:00+24:00",
            "2026-11-23T05:00:00+05:60",
            "2026-11-23T05:00:00+0530",
            "2026-11-23T05:00:00+05",
            "2026-11-23T05:00:00 Z",
            "2026-11-23T05:00:00Z ",
            " 2026-11-23T05:00:00Z",
            "2026-11-23T05:00:00UTC",
            "2026-11-23T5:00:00Z",
            "26-11-23T05:00:00Z",
            "+2026-11-23T05:00:00Z",
            "12026-11-23T05:00:00Z",
            "20261123T050000Z",
            "2026-11-23T05:00:00\u{2212}05:00",
            "\u{0662}026-11-23T05:00:00Z",
            "1795410000",
        ] {
            assert_eq!(utc(text), None, "{text:?}");
        }
    }
}
