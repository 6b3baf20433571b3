//! Times as people type them, and spans of arrival times.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

/// A span of arrival times; without a bound it is open on that side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeRange {
    /// The first moment that is in it.
    pub from: Option<DateTime<Utc>>,
    /// The first moment after it.
    pub to: Option<DateTime<Utc>>,
}

/// The error of a time that cannot be read, or of a span without a moment.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    #[error(
        "`--{flag} {text}` is not a time: write a date (`2026-11-23`, its beginning in UTC), an RFC 3339 time \
         (`2026-11-23T05:00:00Z`), or how long ago (`90s`, `15m`, `2h`, `3d`, `1w`)"
    )]
    Unreadable { flag: &'static str, text: String },
    #[error("`--from` must be before `--to`, which is the first moment that is not included")]
    Empty,
}

impl TimeRange {
    /// Reads what was typed for `--from` and `--to`.
    pub fn parse(from: Option<&str>, to: Option<&str>, now: DateTime<Utc>) -> Result<Self, TimeError> {
        let time = |flag, text: Option<&str>| {
            let unreadable = |text: &str| TimeError::Unreadable { flag, text: text.to_owned() };
            text.map(|text| parse(text, now).ok_or_else(|| unreadable(text))).transpose()
        };
        let range = Self { from: time("from", from)?, to: time("to", to)? };
        match (range.from, range.to) {
            (Some(from), Some(to)) if from >= to => Err(TimeError::Empty),
            _ => Ok(range),
        }
    }

    /// Returns true if this moment is in the span.
    pub fn contains(&self, time: DateTime<Utc>) -> bool {
        self.from.is_none_or(|from| from <= time) && self.to.is_none_or(|to| time < to)
    }

    /// Returns the hours that the span touches.
    pub fn hours(&self) -> HourRange {
        let hour = |time: DateTime<Utc>| time.format("%Y/%m/%d/%H").to_string();
        HourRange { first: self.from.map(hour), last: self.to.map(|to| hour(to - TimeDelta::nanoseconds(1))) }
    }
}

/// Hours as keys have them (`YYYY/MM/DD/HH`), of which text order is time's order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HourRange {
    pub first: Option<String>,
    pub last: Option<String>,
}

impl HourRange {
    /// Returns true if everything that begins with this part of an hour (`2026/11`) is before the first hour.
    pub fn is_before(&self, part: &str) -> bool {
        self.first.as_ref().is_some_and(|first| part < head(first, part.len()))
    }

    /// Returns true if everything that begins with this part of an hour is after the last hour.
    pub fn is_after(&self, part: &str) -> bool {
        self.last.as_ref().is_some_and(|last| part > head(last, part.len()))
    }

    /// Returns what all hours of the range begin with.
    pub fn common_prefix(&self) -> &str {
        let (Some(first), Some(last)) = (&self.first, &self.last) else { return "" };
        head(first, first.bytes().zip(last.bytes()).take_while(|(a, b)| a == b).count())
    }
}

/// Returns the first bytes of a text that is ASCII.
fn head(text: &str, length: usize) -> &str {
    text.get(..length).unwrap_or(text)
}

fn parse(text: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    if let Ok(date) = text.parse::<NaiveDate>() {
        return Some(date.and_time(chrono::NaiveTime::MIN).and_utc());
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc());
    }
    let unit = text.chars().last()?;
    let count: i64 = text.strip_suffix(unit)?.parse::<u32>().ok()?.into();
    let ago = match unit {
        's' => TimeDelta::seconds(count),
        'm' => TimeDelta::minutes(count),
        'h' => TimeDelta::hours(count),
        'd' => TimeDelta::days(count),
        'w' => TimeDelta::weeks(count),
        _ => return None,
    };
    now.checked_sub_signed(ago)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-11-23T05:30:00Z".parse().unwrap()
    }

    fn range(from: &str, to: &str) -> TimeRange {
        TimeRange::parse(Some(from), Some(to), now()).unwrap()
    }

    #[test]
    fn a_time_is_a_date_a_moment_or_a_while_ago() {
        for (text, time) in [
            ("2026-11-23", "2026-11-23T00:00:00Z"),
            ("2026-11-23T05:00:00+01:00", "2026-11-23T04:00:00Z"),
            ("90s", "2026-11-23T05:28:30Z"),
            ("15m", "2026-11-23T05:15:00Z"),
            ("2h", "2026-11-23T03:30:00Z"),
            ("3d", "2026-11-20T05:30:00Z"),
            ("1w", "2026-11-16T05:30:00Z"),
        ] {
            assert_eq!(parse(text, now()), Some(time.parse().unwrap()), "{text}");
        }
        for text in ["", "h", "yesterday", "-2h", "2 h", "2026-13-01", "2026-11-23T05:00:00", "99999999999d", "ü"] {
            let error = TimeRange::parse(Some(text), None, now()).unwrap_err();
            assert!(error.to_string().contains("`--from "), "{text}: {error}");
        }
    }

    #[test]
    fn the_end_is_not_included() {
        let day = range("2026-11-22", "2026-11-23");
        assert!(day.contains("2026-11-22T00:00:00Z".parse().unwrap()));
        assert!(day.contains("2026-11-22T23:59:59.999999Z".parse().unwrap()));
        assert!(!day.contains("2026-11-23T00:00:00Z".parse().unwrap()));
        assert_eq!(day.hours().last.as_deref(), Some("2026/11/22/23"));
        assert_eq!(TimeRange::parse(Some("2026-11-23"), Some("2026-11-23"), now()), Err(TimeError::Empty));
    }

    #[test]
    fn hours_outside_are_known_by_any_part_of_their_key() {
        let hours = range("2026-11-30T22:15:00Z", "2026-12-01T01:00:00Z").hours();
        assert_eq!(hours.common_prefix(), "2026/1");
        for before in ["2025", "2026/10", "2026/11/29", "2026/11/30/21"] {
            assert!(hours.is_before(before) && !hours.is_after(before), "{before}");
        }
        for within in ["2026", "2026/11", "2026/11/30", "2026/11/30/22", "2026/12/01/00"] {
            assert!(!hours.is_before(within) && !hours.is_after(within), "{within}");
        }
        for after in ["2027", "2026/12/02", "2026/12/01/01"] {
            assert!(!hours.is_before(after) && hours.is_after(after), "{after}");
        }
        assert!(!HourRange::default().is_before("2026") && !HourRange::default().is_after("2026"));
    }
}
