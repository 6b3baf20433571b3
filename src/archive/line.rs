//! A line's fields, checked: exactly those of the contract.

use std::borrow::Cow;

use base64_simd::STANDARD;
use chrono::{DateTime, Utc};
use pipegen_contract::object_key::{ARCHIVE, REJECTED};
use serde::Deserialize;
use serde::de::Deserializer;

use super::sequence_number::SequenceNumber;
use crate::records::message;

/// The kinds of objects that the pipeline writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Records, byte for byte.
    Archive,
    /// Rejected events with the reason.
    Quarantine,
}

impl Kind {
    /// Returns the prefix of the objects' keys.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Archive => ARCHIVE,
            Self::Quarantine => REJECTED,
        }
    }
}

/// A line of either kind.
#[derive(Debug, PartialEq, Eq)]
pub struct Line<'a> {
    pub shard: Cow<'a, str>,
    pub sequence_number: SequenceNumber,
    /// The event's index in the record; 0 in the archive.
    pub index: u32,
    pub arrived_at: DateTime<Utc>,
    /// The record's; none in the quarantine.
    pub partition_key: Option<Cow<'a, str>>,
    /// Reason and detail; none in the archive.
    pub rejection: Option<(Cow<'a, str>, Cow<'a, str>)>,
    /// The record's bytes in the archive, the event's in the quarantine.
    pub data: Cow<'a, [u8]>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ArchiveLine<'a> {
    #[serde(borrow)]
    shard: Cow<'a, str>,
    #[serde(borrow)]
    sequence_number: Cow<'a, str>,
    #[serde(borrow)]
    arrived_at: Cow<'a, str>,
    #[serde(borrow)]
    partition_key: Cow<'a, str>,
    #[serde(borrow, deserialize_with = "nullable")]
    event: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "nullable")]
    event_base64: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RejectedLine<'a> {
    #[serde(borrow)]
    reason: Cow<'a, str>,
    #[serde(borrow)]
    detail: Cow<'a, str>,
    #[serde(borrow)]
    shard: Cow<'a, str>,
    #[serde(borrow)]
    sequence_number: Cow<'a, str>,
    index: u32,
    #[serde(borrow)]
    arrived_at: Cow<'a, str>,
    #[serde(borrow, deserialize_with = "nullable")]
    event: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "nullable")]
    event_base64: Option<Cow<'a, str>>,
}

/// Reads a field that may be null but not be missing, as an `Option` by itself may.
fn nullable<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Cow<'de, str>>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(Cow::Owned))
}

impl<'a> Line<'a> {
    /// Reads a line. The error says what is wrong, to follow the line's place.
    pub fn parse(kind: Kind, text: &'a str) -> Result<Self, String> {
        // An array of the values would be taken for an object.
        if text.trim_start().starts_with('[') {
            return Err("is not a line of the contract: it is not an object".to_owned());
        }
        match kind {
            Kind::Archive => {
                let line: ArchiveLine<'a> = serde_json::from_str(text).map_err(|error| wrong(&error))?;
                Ok(Self {
                    shard: line.shard,
                    sequence_number: sequence_number(&line.sequence_number)?,
                    index: 0,
                    arrived_at: arrived_at(&line.arrived_at)?,
                    partition_key: Some(line.partition_key),
                    rejection: None,
                    data: data(line.event, line.event_base64)?,
                })
            }
            Kind::Quarantine => {
                let line: RejectedLine<'a> = serde_json::from_str(text).map_err(|error| wrong(&error))?;
                Ok(Self {
                    shard: line.shard,
                    sequence_number: sequence_number(&line.sequence_number)?,
                    index: line.index,
                    arrived_at: arrived_at(&line.arrived_at)?,
                    partition_key: None,
                    rejection: Some((line.reason, line.detail)),
                    data: data(line.event, line.event_base64)?,
                })
            }
        }
    }
}

fn wrong(error: &serde_json::Error) -> String {
    format!("is not a line of the contract: {} (column {})", message(error), error.column())
}

fn sequence_number(text: &str) -> Result<SequenceNumber, String> {
    SequenceNumber::parse(text).ok_or_else(|| "`sequence_number` is not decimal digits".to_owned())
}

/// Reads a time as it is written: `2026-11-23T05:00:00.123456Z`.
fn arrived_at(text: &str) -> Result<DateTime<Utc>, String> {
    let wrong = || "`arrived_at` is not an RFC 3339 time in UTC with microseconds".to_owned();
    if text.len() != 27 || !text.ends_with('Z') {
        return Err(wrong());
    }
    DateTime::parse_from_rfc3339(text).map(|time| time.to_utc()).map_err(|_| wrong())
}

fn data<'a>(event: Option<Cow<'a, str>>, event_base64: Option<Cow<'a, str>>) -> Result<Cow<'a, [u8]>, String> {
    match (event, event_base64) {
        (Some(Cow::Borrowed(text)), None) => Ok(Cow::Borrowed(text.as_bytes())),
        (Some(Cow::Owned(text)), None) => Ok(Cow::Owned(text.into_bytes())),
        (None, Some(text)) => {
            let bytes = STANDARD.decode_to_vec(&*text).map_err(|_| "`event_base64` is not base64".to_owned())?;
            let is_text = str::from_utf8(&bytes).is_ok();
            if is_text {
                Err("`event_base64` holds text, which belongs in `event`".to_owned())
            } else {
                Ok(bytes.into())
            }
        }
        (Some(_), Some(_)) => Err("`event` and `event_base64` are both there, of which one must be null".to_owned()),
        (None, None) => Err("`event` and `event_base64` are both null".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipegen_contract::archive_line::FIELDS;
    use serde_json::{Map, Value, json};

    fn archived() -> Map<String, Value> {
        let value = json!({"shard": "s", "sequence_number": "7", "arrived_at": "2026-11-23T05:00:00.123456Z",
            "partition_key": "acme/1", "event": "{\"a\": \"ü\"}", "event_base64": null});
        value.as_object().unwrap().clone()
    }

    fn rejected() -> Map<String, Value> {
        let mut line = archived();
        line.remove("partition_key");
        line.extend(
            [("reason", json!("too_old")), ("detail", json!("time")), ("index", json!(3))]
                .map(|(a, b)| (a.to_owned(), b)),
        );
        line
    }

    fn parse(kind: Kind, line: &Map<String, Value>) -> Result<Vec<u8>, String> {
        let text = serde_json::to_string(line).unwrap();
        Line::parse(kind, &text).map(|line| line.data.into_owned())
    }

    #[test]
    fn a_line_has_exactly_the_fields_of_the_contract() {
        assert!(archived().keys().all(|name| FIELDS.iter().any(|(field, _)| field == name)));
        assert_eq!(archived().len(), FIELDS.len());
        for (kind, line) in [(Kind::Archive, archived()), (Kind::Quarantine, rejected())] {
            assert_eq!(parse(kind, &line).unwrap(), "{\"a\": \"ü\"}".as_bytes());
            for field in line.keys() {
                let mut without = line.clone();
                without.remove(field);
                assert!(parse(kind, &without).unwrap_err().contains(&format!("missing field `{field}`")), "{field}");
            }
            let mut more = line.clone();
            more.insert("more".to_owned(), json!(1));
            assert!(parse(kind, &more).unwrap_err().contains("unknown field `more`"));
            let mut odd = line.clone();
            odd.insert("x\u{1b}[31m\n".repeat(100), json!(1));
            let error = parse(kind, &odd).unwrap_err();
            assert!(error.contains("`x\\u{1b}[31m\\nx") && !error.contains(char::is_control), "{error}");
            let values = serde_json::to_string(&more.values().collect::<Vec<_>>()).unwrap();
            assert!(Line::parse(kind, &values).unwrap_err().contains("not an object"), "{values}");
        }
    }

    #[test]
    fn values_are_checked() {
        for (field, value, expected) in [
            ("sequence_number", json!("1e3"), "`sequence_number`"),
            ("sequence_number", json!(7), "invalid type"),
            ("arrived_at", json!("2026-11-23T05:00:00Z"), "`arrived_at`"),
            ("arrived_at", json!("2026-11-23T25:00:00.123456Z"), "`arrived_at`"),
            ("event", json!(null), "both null"),
            ("event_base64", json!("/w=="), "both there"),
        ] {
            let mut line = archived();
            line.insert(field.to_owned(), value);
            let error = parse(Kind::Archive, &line).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
        let mut binary = archived();
        binary.insert("event".to_owned(), json!(null));
        for (base64, expected) in [("/w==", Ok(vec![0xff])), ("*", Err("not base64")), ("e30=", Err("holds text"))] {
            binary.insert("event_base64".to_owned(), json!(base64));
            match (parse(Kind::Archive, &binary), expected) {
                (Ok(bytes), Ok(expected)) => assert_eq!(bytes, expected),
                (Err(error), Err(expected)) => assert!(error.contains(expected), "{error}"),
                (found, _) => panic!("{base64}: {found:?}"),
            }
        }
    }
}
