//! Events by supplier, SKU and type, in records of any form.

use chrono::{DateTime, TimeDelta, Utc};
use pipegen_contract::event_type;
use pipegen_event::{Decoded, decode};
use serde::Deserialize;
use serde_json::value::RawValue;

/// The attributes that an event must have; everything if nothing is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    pub supplier: Option<String>,
    pub sku: Option<String>,
    /// The whole type, as [`event_type_named`] returns it.
    pub event_type: Option<&'static str>,
}

/// The attributes of an event that may be anything but valid.
#[derive(Default, Deserialize)]
struct Attributes<'a> {
    #[serde(borrow)]
    source: Option<&'a RawValue>,
    #[serde(borrow)]
    subject: Option<&'a RawValue>,
    #[serde(borrow, rename = "type")]
    event_type: Option<&'a RawValue>,
}

impl EventFilter {
    /// Returns true if every event matches.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Returns true if a record (one event, an array, an aggregate) holds an event that matches.
    pub fn matches_record(&self, record: &[u8]) -> bool {
        self.is_empty() || events(record).iter().any(|event| self.matches(event))
    }

    /// Returns true if the event matches. One that is not valid is judged by the attributes that it has.
    pub fn matches(&self, event: &Decoded<'_>) -> bool {
        match &event.outcome {
            Ok(valid) => {
                self.is_met(Some(valid.supplier.as_str()), Some(valid.sku.as_str()), Some(valid.change.event_type()))
            }
            Err(_) => self.is_empty() || self.matches_text(event.text),
        }
    }

    fn matches_text(&self, text: &[u8]) -> bool {
        let attributes: Attributes<'_> = serde_json::from_slice(text).unwrap_or_default();
        let value = |raw: Option<&RawValue>| serde_json::from_str::<String>(raw?.get()).ok();
        let source = value(attributes.source);
        let supplier = source.as_deref().and_then(|source| source.strip_prefix("/suppliers/"));
        self.is_met(supplier, value(attributes.subject).as_deref(), value(attributes.event_type).as_deref())
    }

    fn is_met(&self, supplier: Option<&str>, sku: Option<&str>, event_type: Option<&str>) -> bool {
        let meets = |wanted: Option<&str>, found: Option<&str>| wanted.is_none_or(|wanted| found == Some(wanted));
        meets(self.supplier.as_deref(), supplier)
            && meets(self.sku.as_deref(), sku)
            && meets(self.event_type, event_type)
    }
}

/// Returns the events of a record. They are not judged by their age, which only the arrival that the processor saw can
/// tell.
pub fn events(record: &[u8]) -> Vec<Decoded<'_>> {
    // Half of all time before it, and nothing is ahead of the end of time.
    decode(record, DateTime::<Utc>::MAX_UTC, TimeDelta::MAX)
}

/// Returns the type that is meant by a type, which may lack its owner and its version (`stock.counted`).
pub fn event_type_named(name: &str) -> Option<&'static str> {
    event_type::ALL.into_iter().find(|whole| short_name(whole) == short_name(name))
}

/// Returns a type without its owner and its version.
pub fn short_name(event_type: &str) -> &str {
    let name = event_type.strip_prefix("com.retailtech.").unwrap_or(event_type);
    name.strip_suffix(".v1").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(supplier: &str, sku: &str, time: &str) -> String {
        format!(
            r#"{{"specversion":"1.0","id":"1","source":"/suppliers/{supplier}","subject":"{sku}","time":"{time}",
                "type":"com.retailtech.stock.counted.v1","data":{{"quantity":1}}}}"#
        )
    }

    fn of(supplier: Option<&str>, sku: Option<&str>, event_type: Option<&str>) -> EventFilter {
        let event_type = event_type.map(|name| event_type_named(name).unwrap());
        EventFilter { supplier: supplier.map(str::to_owned), sku: sku.map(str::to_owned), event_type }
    }

    #[test]
    fn one_event_of_an_array_is_enough() {
        let array = format!(
            "[{},{}]",
            counted("acme", "1", "2026-11-23T05:00:00Z"),
            counted("globex", r"\u0032", "2010-01-01T00:00:00Z")
        );
        for (filter, expected) in [
            (of(None, None, None), true),
            (of(Some("acme"), Some("1"), Some("stock.counted")), true),
            (of(Some("globex"), Some("2"), Some("com.retailtech.stock.counted.v1")), true),
            (of(Some("acme"), Some("2"), None), false),
            (of(None, None, Some("price.changed")), false),
        ] {
            assert_eq!(filter.matches_record(array.as_bytes()), expected, "{filter:?}");
        }
    }

    #[test]
    fn time_is_not_judged() {
        for time in ["0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z"] {
            let event = counted("acme", "1", time);
            assert!(events(event.as_bytes())[0].outcome.is_ok(), "{time}: {:?}", events(event.as_bytes())[0].outcome);
        }
    }

    #[test]
    fn what_is_not_valid_is_known_by_the_attributes_that_it_has() {
        let invalid = counted("acme", "1", "yesterday");
        assert!(of(Some("acme"), Some("1"), Some("stock.counted")).matches_record(invalid.as_bytes()));
        assert!(!of(Some("acme"), Some("2"), None).matches_record(invalid.as_bytes()));
        for nothing in [&b"{"[..], b"\xff", b"", b"[]", b"7", br#"{"source": 7}"#] {
            assert!(!of(Some("acme"), None, None).matches_record(nothing));
            assert!(of(None, None, None).matches_record(nothing));
        }
    }

    #[test]
    fn a_type_has_a_short_name() {
        for name in ["price.changed", "price.changed.v1", "com.retailtech.price.changed", event_type::PRICE_CHANGED] {
            assert_eq!(event_type_named(name), Some(event_type::PRICE_CHANGED), "{name}");
        }
        assert_eq!(event_type_named("changed"), None);
    }
}
