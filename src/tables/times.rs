//! Times as people write them.

use chrono::format::{Item, StrftimeItems};
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, SubsecRound as _, TimeZone as _, Utc};

/// The notation of the times in a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TimeFormat {
    /// With its offset.
    Rfc3339,
    /// A format that says the offset, or is a number of seconds.
    Complete(String),
    /// A format without an offset, and the offset.
    Local(String, FixedOffset),
}

impl TimeFormat {
    /// Checks a format and an offset.
    pub(super) fn new(format: Option<&str>, offset: Option<&str>) -> Result<Self, String> {
        let offset = offset.map(parse_offset).transpose()?;
        let Some(format) = format else {
            return match offset {
                None => Ok(Self::Rfc3339),
                Some(offset) => Ok(Self::Local("%Y-%m-%dT%H:%M:%S%.f".to_owned(), offset)),
            };
        };
        if StrftimeItems::new(format).any(|item| item == Item::Error) {
            return Err(format!("time-format: `{format}` is not a format such as `%d/%m/%Y %H:%M`"));
        }
        let is_complete = ["%z", "%:z", "%#z", "%+", "%s"].iter().any(|item| format.contains(item));
        match (is_complete, offset) {
            (true, None) => Ok(Self::Complete(format.to_owned())),
            (false, Some(offset)) => Ok(Self::Local(format.to_owned(), offset)),
            (true, Some(_)) => Err(format!("time-offset: `{format}` has an offset already")),
            (false, None) => {
                Err(format!("time-offset is missing: `{format}` does not say the offset from UTC, such as `+00:00`"))
            }
        }
    }

    /// Reads a time, cut to microseconds; the error ends a sentence that begins with the column.
    pub(super) fn read(&self, cell: &str) -> Result<DateTime<Utc>, String> {
        let time = match self {
            Self::Rfc3339 => DateTime::parse_from_rfc3339(cell).map(|time| time.to_utc()).map_err(|_| {
                format!("`{cell}` is not an RFC 3339 time with an offset: say what it looks like with `time-format` and `time-offset`")
            })?,
            Self::Complete(format) => complete(cell, format).ok_or_else(|| unlike(cell, format))?,
            Self::Local(format, offset) => {
                let local = naive(cell, format).ok_or_else(|| unlike(cell, format))?;
                let time = offset.from_local_datetime(&local).single();
                time.ok_or_else(|| unlike(cell, format))?.to_utc()
            }
        };
        Ok(time.trunc_subsecs(6))
    }
}

fn unlike(cell: &str, format: &str) -> String {
    format!("`{cell}` is not a time of the form `{format}`")
}

fn complete(cell: &str, format: &str) -> Option<DateTime<Utc>> {
    let with_offset = DateTime::parse_from_str(cell, format).map(|time| time.to_utc());
    with_offset.ok().or_else(|| NaiveDateTime::parse_from_str(cell, format).ok().map(|time| time.and_utc()))
}

/// Reads a time, or a date as its midnight.
fn naive(cell: &str, format: &str) -> Option<NaiveDateTime> {
    let time = NaiveDateTime::parse_from_str(cell, format).ok();
    time.or_else(|| NaiveDate::parse_from_str(cell, format).ok().map(|date| date.and_time(NaiveTime::MIN)))
}

fn parse_offset(text: &str) -> Result<FixedOffset, String> {
    let offset = if text.eq_ignore_ascii_case("z") || text.eq_ignore_ascii_case("utc") { "+00:00" } else { text };
    offset.parse().map_err(|_| format!("time-offset: `{text}` is not an offset such as `+01:00`"))
}

/// Reads a time that was typed.
pub(super) fn typed(text: &str) -> Result<DateTime<Utc>, String> {
    let time = DateTime::parse_from_rfc3339(text);
    let time = time
        .map_err(|_| format!("time: `{text}` is not an RFC 3339 time with an offset, such as 2026-11-27T05:00:00Z"))?;
    Ok(time.to_utc().trunc_subsecs(6))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(format: Option<&str>, offset: Option<&str>, cell: &str) -> Result<String, String> {
        let time = TimeFormat::new(format, offset)?.read(cell)?;
        Ok(time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true))
    }

    #[test]
    fn times_are_read_as_they_were_said_to_be() {
        for (format, offset, cell, time) in [
            (None, None, "2010-12-01T08:26:00Z", "2010-12-01T08:26:00Z"),
            (None, None, "2026-11-27T06:00:00.1234567+01:00", "2026-11-27T05:00:00.123456Z"),
            (None, Some("+01:00"), "2026-11-27T06:00:00", "2026-11-27T05:00:00Z"),
            (Some("%d/%m/%Y %H:%M"), Some("+01:00"), "27/11/2026 06:00", "2026-11-27T05:00:00Z"),
            (Some("%m/%d/%y %I:%M %p"), Some("-05:00"), "11/27/26 1:05 AM", "2026-11-27T06:05:00Z"),
            (Some("%d.%m.%Y"), Some("UTC"), "27.11.2026", "2026-11-27T00:00:00Z"),
            (Some("%Y-%m-%d %H:%M:%S %z"), None, "2026-11-27 06:00:00 +0100", "2026-11-27T05:00:00Z"),
            (Some("%s"), None, "1795755600", "2026-11-27T05:00:00Z"),
        ] {
            assert_eq!(read(format, offset, cell).as_deref(), Ok(time), "{cell}");
        }
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        for (format, offset, cell, part) in [
            (None, None, "2026-11-27 05:00", "`time-format`"),
            (Some("%d/%m/%Y"), None, "", "time-offset is missing"),
            (Some("%Q"), Some("Z"), "", "is not a format"),
            (Some("%s"), Some("Z"), "", "has an offset already"),
            (Some("%d/%m/%Y"), Some("Berlin"), "", "is not an offset"),
            (Some("%d/%m/%Y"), Some("Z"), "11/27/2026", "is not a time of the form `%d/%m/%Y`"),
            (Some("%d/%m/%Y"), Some("Z"), "", "is not a time"),
        ] {
            let error = read(format, offset, cell).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
        assert!(typed("yesterday").is_err());
    }
}
