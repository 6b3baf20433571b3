//! The events in a text: good ones as records, refused ones with their reasons.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use pipegen_event::{Event, Reason, Rejection, Supplier, decode};
use serde_json::value::RawValue;

use super::record::{RECORD_BYTES, RECORD_EVENTS, Record};
use super::refusals::Fault;
use super::units::Text;
use crate::tables::Columns;

/// The rules of the environment that is sent to.
pub struct Checker {
    /// The longest time between an event and its arrival.
    pub horizon: TimeDelta,
    /// The suppliers that are known; every one is if there are none here.
    pub suppliers: BTreeSet<Supplier>,
}

/// The events in a text.
#[derive(Debug, Default)]
pub(super) struct Checked {
    pub(super) records: Vec<Record>,
    pub(super) faults: Vec<Fault>,
}

impl Checker {
    /// Checks the events of a text, as if they arrived at this time.
    pub(super) fn check(&self, text: &Text, now: DateTime<Utc>) -> Checked {
        let columns = text.columns.as_ref();
        let mut good = Vec::new();
        let mut faults = Vec::new();
        for (index, json, outcome) in self.outcomes(&text.json, now) {
            match outcome {
                Ok(event) => good.push((event, json)),
                Err(rejection) => {
                    let index = is_array(&text.json).then_some(index);
                    faults.push(fault(index, json, &rejection, columns));
                }
            }
        }
        Checked { records: records(&good), faults }
    }

    /// Decodes a text as the pipeline would, except that an array may be of any length: it is cut later on.
    fn outcomes<'a>(&self, json: &'a [u8], now: DateTime<Utc>) -> Vec<(usize, &'a [u8], Result<Event, Rejection>)> {
        let decoded = decode(json, now, self.horizon);
        let too_large = |rejection: &Rejection| rejection.reason == Reason::TooLarge;
        let decoded = match decoded.as_slice() {
            [whole] if is_array(json) && whole.text == json && whole.outcome.as_ref().is_err_and(too_large) => {
                let elements: Vec<&RawValue> = serde_json::from_slice(json).unwrap_or_default();
                let each = elements.into_iter().enumerate();
                each.flat_map(|(index, element)| {
                    let event = decode(element.get().as_bytes(), now, self.horizon);
                    event.into_iter().map(move |event| (index, event.text, event.outcome))
                })
                .collect()
            }
            _ => decoded.into_iter().map(|event| (event.index, event.text, event.outcome)).collect::<Vec<_>>(),
        };
        decoded
            .into_iter()
            .map(|(index, text, outcome)| (index, text, outcome.and_then(|event| self.known(event))))
            .collect()
    }

    fn known(&self, event: Event) -> Result<Event, Rejection> {
        if self.suppliers.is_empty() || self.suppliers.contains(&event.supplier) {
            return Ok(event);
        }
        let detail = format!("source: the settings of this environment name suppliers, but not `{}`", event.supplier);
        Err(Rejection::new(Reason::UnknownSupplier, detail))
    }
}

fn is_array(json: &[u8]) -> bool {
    json.trim_ascii_start().first() == Some(&b'[')
}

fn fault(index: Option<usize>, json: &[u8], rejection: &Rejection, columns: Option<&Columns>) -> Fault {
    let detail = rejection.detail.clone();
    let column = columns.and_then(|columns| match detail.split(':').next() {
        Some("subject") => Some(columns.sku.clone()),
        Some("time") => columns.time.clone(),
        Some("source") => None,
        _ => Some(columns.value.clone()),
    });
    Fault { index, column, reason: rejection.reason.as_str(), detail, text: json.to_owned() }
}

/// Makes records of good events: one event as it is, several as arrays within the limits.
fn records(good: &[(Event, &[u8])]) -> Vec<Record> {
    if let [(event, json)] = good {
        let partition_key = format!("{}/{}", event.supplier, event.sku);
        return vec![Record { partition_key, data: json.to_vec(), events: 1 }];
    }
    let mut records: Vec<Record> = Vec::new();
    for (event, json) in good {
        let room = |record: &&mut Record| {
            record.events < RECORD_EVENTS as u64
                && record.bytes() + json.len() + 2 <= RECORD_BYTES
                && record.partition_key == event.supplier.as_str()
        };
        if let Some(record) = records.last_mut().filter(room) {
            record.data.push(b',');
            record.data.extend_from_slice(json);
            record.events += 1;
        } else {
            let data = [b"[", *json].concat();
            records.push(Record { partition_key: event.supplier.to_string(), data, events: 1 });
        }
    }
    for record in &mut records {
        record.data.push(b']');
    }
    records
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checker() -> Checker {
        Checker { horizon: TimeDelta::days(7), suppliers: BTreeSet::new() }
    }

    fn now() -> DateTime<Utc> {
        "2026-11-27T05:00:00Z".parse().unwrap()
    }

    fn event(supplier: &str, sku: &str, padding: usize) -> String {
        format!(
            r#"{{"specversion":"1.0","id":"1","source":"/suppliers/{supplier}","type":"com.retailtech.stock.counted.v1","subject":"{sku}","time":"2026-11-27T05:00:00Z","data":{{"quantity":1}},"padding":"{}"}}"#,
            "x".repeat(padding)
        )
    }

    fn check(checker: &Checker, json: &str) -> Checked {
        checker.check(&Text { json: json.as_bytes().to_owned(), columns: None }, now())
    }

    #[test]
    fn one_event_is_sent_as_it_is_and_keyed_by_its_sku() {
        let json = event("acme", "A 1", 0);
        let Checked { records, faults } = check(&checker(), &json);
        assert_eq!(records, [Record { partition_key: "acme/A 1".into(), data: json.into_bytes(), events: 1 }]);
        assert!(faults.is_empty());
    }

    #[test]
    fn what_is_refused_is_left_out_of_an_array() {
        let (one, two) = (event("acme", "1", 0), event("acme", "2", 0));
        let Checked { records, faults } = check(&checker(), &format!("[{one}, {{}} ,{two}]"));
        let data = format!("[{one},{two}]").into_bytes();
        assert_eq!(records, [Record { partition_key: "acme".into(), data, events: 2 }]);
        assert_eq!((faults[0].index, faults[0].reason, &*faults[0].text), (Some(1), "invalid_event", &b"{}"[..]));
        let Checked { records, .. } = check(&checker(), &format!("[{{}}, {one}]"));
        assert_eq!((&*records[0].partition_key, &records[0].data), ("acme/1", &one.into_bytes()));
    }

    #[test]
    fn an_array_is_cut_by_number_bytes_and_supplier() {
        let small = vec![event("acme", "1", 0); 2300].join(",");
        let records = check(&checker(), &format!("[{small}]")).records;
        assert_eq!(records.iter().map(|record| record.events).collect::<Vec<_>>(), [1000, 1000, 300]);
        let large = vec![event("acme", "1", 200_000); 12].join(",");
        let records = check(&checker(), &format!("[{large}]")).records;
        assert_eq!(records.iter().map(|record| record.events).collect::<Vec<_>>(), [5, 5, 2]);
        for record in records {
            assert!(record.bytes() <= RECORD_BYTES);
            assert_eq!(decode(&record.data, now(), TimeDelta::days(7)).len() as u64, record.events);
        }
        let two = format!("[{},{}]", event("acme", "1", 0), event("bolt", "1", 0));
        let keys: Vec<_> = check(&checker(), &two).records.into_iter().map(|record| record.partition_key).collect();
        assert_eq!(keys, ["acme", "bolt"]);
    }

    #[test]
    fn suppliers_that_the_settings_do_not_name_are_refused() {
        let checker = Checker { suppliers: ["bolt".parse().unwrap()].into(), ..checker() };
        assert_eq!(check(&checker, &event("acme", "1", 0)).faults[0].reason, "unknown_supplier");
        assert_eq!(check(&checker, &event("bolt", "1", 0)).records.len(), 1);
    }

    #[test]
    fn an_event_is_too_old_by_the_horizon() {
        let checker = Checker { horizon: TimeDelta::seconds(-1), ..checker() };
        assert_eq!(check(&checker, &event("acme", "1", 0)).faults[0].reason, "too_old");
    }
}
