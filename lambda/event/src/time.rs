//! RFC 3339 timestamps, read strictly, and the window around a record's arrival.
//!
//! The grammar is `date-time` of RFC 3339, section 5.6. `chrono` would also take a blank for the `T` and rounds or
//! refuses in places of its own, so the text is read here and `chrono` only computes.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::{Reason, Rejection};

/// How much later than its arrival an event may have happened: clocks differ.
const MAX_AHEAD: TimeDelta = TimeDelta::minutes(5);

/// What the text must be, to end a sentence that begins with the field's name.
pub(crate) const RULE: &str = "must be an RFC 3339 timestamp with an offset, such as 2026-11-23T05:00:00.123456Z";

/// The instant, in UTC, further digits than microseconds cut off. `T` and `Z` may be lower-case, as the RFC's note on
/// its grammar allows; second 60 is no second here.
pub(crate) fn parse(text: &str) -> Option<DateTime<Utc>> {
    let mut rest = text.as_bytes();
    let year = digits(&mut rest, 4)?;
    symbol(&mut rest, b"-")?;
    let month = digits(&mut rest, 2)?;
    symbol(&mut rest, b"-")?;
    let day = digits(&mut rest, 2)?;
    symbol(&mut rest, b"Tt")?;
    let hour = digits(&mut rest, 2)?;
    symbol(&mut rest, b":")?;
    let minute = digits(&mut rest, 2)?;
    symbol(&mut rest, b":")?;
    let second = digits(&mut rest, 2)?;
    let microsecond = if symbol(&mut rest, b".").is_some() { fraction(&mut rest)? } else { 0 };
    let offset = offset(&mut rest)?;
    if !rest.is_empty() {
        return None;
    }
    // chrono checks the ranges; 60 it refuses for a second, as asked.
    let local = NaiveDate::from_ymd_opt(year.cast_signed(), month, day)?.and_hms_micro_opt(
        hour,
        minute,
        second,
        microsecond,
    )?;
    Some(local.checked_sub_signed(offset)?.and_utc())
}

/// Takes exactly `count` ASCII digits.
fn digits(rest: &mut &[u8], count: usize) -> Option<u32> {
    let (taken, after) = rest.split_at_checked(count)?;
    *rest = after;
    taken.iter().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0')))
}

/// Takes one of the symbols.
fn symbol(rest: &mut &[u8], symbols: &[u8]) -> Option<u8> {
    let (first, after) = rest.split_first()?;
    symbols.contains(first).then(|| *rest = after)?;
    Some(*first)
}

/// Takes one or more digits after the point: microseconds, what is finer cut off.
fn fraction(rest: &mut &[u8]) -> Option<u32> {
    let length = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
    let (taken, after) = rest.split_at_checked(length)?;
    *rest = after;
    let six = taken.iter().copied().chain(core::iter::repeat(b'0')).take(6);
    (length > 0).then(|| six.fold(0, |number, byte| number * 10 + u32::from(byte - b'0')))
}

/// Takes `Z` or a numeric offset. `-00:00` (UTC, the local offset unknown) is one.
fn offset(rest: &mut &[u8]) -> Option<TimeDelta> {
    let sign = symbol(rest, b"Zz+-")?;
    if sign.eq_ignore_ascii_case(&b'Z') {
        return Some(TimeDelta::zero());
    }
    let hours = digits(rest, 2).filter(|hours| *hours < 24)?;
    symbol(rest, b":")?;
    let minutes = digits(rest, 2).filter(|minutes| *minutes < 60)?;
    let ahead = TimeDelta::minutes(i64::from(hours * 60 + minutes));
    Some(if sign == b'-' { -ahead } else { ahead })
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
    fn what_is_not_rfc_3339_is_no_time() {
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
