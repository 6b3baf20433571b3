//! The syntax of `time`, and its distance from the record's arrival (2026-01-08T00:00:00Z).

use super::{ACCEPTED, BAD_EVENT, Case, EventBuilder, FROM_FUTURE, TOO_OLD, Verdict};

pub(super) fn cases() -> Vec<Case> {
    let table: [(&str, &str, Verdict); 34] = [
        ("whole seconds", "2026-01-07T12:00:00Z", ACCEPTED),
        ("microseconds", "2026-01-07T12:00:00.123456Z", ACCEPTED),
        ("one digit", "2026-01-07T12:00:00.1Z", ACCEPTED),
        ("nanoseconds", "2026-01-07T12:00:00.123456789Z", ACCEPTED),
        ("twenty digits", "2026-01-07T12:00:00.12345678901234567890Z", ACCEPTED),
        ("small letters", "2026-01-07t12:00:00z", ACCEPTED),
        ("another zone", "2026-01-08T01:30:00+02:00", ACCEPTED),
        ("a zone behind", "2026-01-07T12:00:00-08:00", ACCEPTED),
        ("the zone that is not known", "2026-01-07T12:00:00-00:00", ACCEPTED),
        ("no zone", "2026-01-07T12:00:00", BAD_EVENT),
        ("a zone without a colon", "2026-01-07T12:00:00+0200", BAD_EVENT),
        ("a zone of 24 hours", "2026-01-07T12:00:00+24:00", BAD_EVENT),
        ("a zone of 60 minutes", "2026-01-07T12:00:00+00:60", BAD_EVENT),
        ("a date alone", "2026-01-07", BAD_EVENT),
        ("no seconds", "2026-01-07T12:00Z", BAD_EVENT),
        ("no digit behind the point", "2026-01-07T12:00:00.Z", BAD_EVENT),
        ("a comma", "2026-01-07T12:00:00,5Z", BAD_EVENT),
        ("second 60", "2026-01-07T23:59:60Z", BAD_EVENT),
        ("hour 24", "2026-01-07T24:00:00Z", BAD_EVENT),
        ("day 0", "2026-01-00T12:00:00Z", BAD_EVENT),
        ("day 29 of a common year's February", "2025-02-29T12:00:00Z", BAD_EVENT),
        ("month 13", "2026-13-01T12:00:00Z", BAD_EVENT),
        ("five digits of year", "12026-01-07T12:00:00Z", BAD_EVENT),
        ("one digit of day", "2026-01-7T12:00:00Z", BAD_EVENT),
        ("a blank in front of time", " 2026-01-07T12:00:00Z", BAD_EVENT),
        ("seconds since the epoch", "1767787200", BAD_EVENT),
        ("an empty time", "", BAD_EVENT),
        ("just within the horizon", "2026-01-01T00:00:00Z", ACCEPTED),
        ("a microsecond beyond the horizon", "2025-12-31T23:59:59.999999Z", TOO_OLD),
        ("long ago", "0001-01-01T00:00:00Z", TOO_OLD),
        ("just within what may lie ahead", "2026-01-08T00:05:00Z", ACCEPTED),
        ("ahead by what is cut off", "2026-01-08T00:05:00.0000009Z", ACCEPTED),
        ("a microsecond too far ahead", "2026-01-08T00:05:00.000001Z", FROM_FUTURE),
        ("far ahead", "9999-12-31T23:59:59.999999Z", FROM_FUTURE),
    ];
    table
        .map(|(name, time, verdict)| {
            Case::one(name, EventBuilder::new(name).with("time", &format!("\"{time}\"")), verdict)
        })
        .into()
}
