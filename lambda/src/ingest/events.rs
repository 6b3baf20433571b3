//! The events of a request: the records to put, and the rejections (pure).

use std::borrow::Cow;
use std::collections::BTreeSet;

use pipegen_event::{Decoded, Rejection, Supplier, check_sender};

use serde::Deserialize;

use super::problem::Problem;
use crate::stream::NewRecord;

/// The beginning of an event's source; the supplier follows.
const SOURCE: &str = "/suppliers/";

/// The events of a request.
#[derive(Debug, Default)]
pub struct RequestEvents<'a> {
    /// One for each event, in order.
    pub verdicts: Vec<Verdict>,
    /// One for each accepted event.
    pub records: Vec<NewRecord<'a>>,
}

/// The verdict on an event.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the record with this index.
    Accepted(usize),
    Rejected(Rejection),
}

impl<'a> RequestEvents<'a> {
    /// Sorts the decoded events of a caller's request.
    ///
    /// # Errors
    /// If one of them is another supplier's.
    pub fn of(
        decoded: Vec<Decoded<'a>>,
        caller: &Supplier,
        suppliers: Option<&BTreeSet<Supplier>>,
    ) -> Result<Self, Problem> {
        let mut events = Self::default();
        for Decoded { index, text, outcome } in decoded {
            let event = match outcome {
                Ok(event) if event.supplier != *caller => return Err(Problem::AnotherSupplier { index }),
                Err(_) if named(text).is_some_and(|supplier| supplier != *caller) => {
                    return Err(Problem::AnotherSupplier { index });
                }
                outcome => outcome.and_then(|event| check_sender(&event, suppliers).map(|()| event)),
            };
            events.verdicts.push(match event {
                Ok(event) => {
                    let partition_key = format!("{}/{}", event.supplier, event.sku);
                    events.records.push(NewRecord { partition_key, data: text });
                    Verdict::Accepted(events.records.len() - 1)
                }
                Err(rejection) => Verdict::Rejected(rejection),
            });
        }
        Ok(events)
    }
}

/// The part of an event that says who sends it.
#[derive(Deserialize)]
struct Sender<'a> {
    #[serde(borrow)]
    source: Cow<'a, str>,
}

/// Returns the supplier that a rejected event names, if it names one.
fn named(text: &[u8]) -> Option<Supplier> {
    let sender: Sender<'_> = serde_json::from_slice(text).ok()?;
    sender.source.strip_prefix(SOURCE)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use chrono::{TimeDelta, Utc};
    use pipegen_event::{Reason, decode};

    use super::*;

    fn event(supplier: &str, sku: &str) -> String {
        format!(
            r#"{{"specversion":"1.0","id":"1","source":"/suppliers/{supplier}","type":"com.retailtech.stock.counted.v1","subject":"{sku}","time":"{}","data":{{"quantity":1}}}}"#,
            Utc::now().to_rfc3339()
        )
    }

    /// Sorts these events of a request that `acme` sends.
    fn sorted<'a>(array: &'a str, suppliers: &[&str]) -> Result<RequestEvents<'a>, Problem> {
        let decoded = decode(array.as_bytes(), Utc::now(), TimeDelta::days(1));
        let named = suppliers.iter().map(|name| name.parse().unwrap()).collect();
        RequestEvents::of(decoded, &"acme".parse().unwrap(), (!suppliers.is_empty()).then_some(&named))
    }

    #[test]
    fn an_accepted_event_is_a_record_with_its_own_text() {
        let events = [event("acme", "a"), "7".to_owned(), event("acme", "b c")];
        let array = format!("[ {} ,{}\n,{}]", events[0], events[1], events[2]);
        let RequestEvents { verdicts, records } = sorted(&array, &[]).unwrap();
        let [Verdict::Accepted(0), Verdict::Rejected(rejection), Verdict::Accepted(1)] = &verdicts[..] else {
            panic!("{verdicts:?}")
        };
        assert_eq!(rejection.reason, Reason::InvalidEvent);
        let keys: Vec<_> = records.iter().map(|record| &*record.partition_key).collect();
        assert_eq!(keys, ["acme/a", "acme/b c"]);
        assert_eq!([records[0].data, records[1].data], [events[0].as_bytes(), events[2].as_bytes()]);
        assert_eq!(records[0].size(), events[0].len() + 6);
    }

    #[test]
    fn one_event_of_another_supplier_stops_the_request() {
        let array = format!("[{},7,{}]", event("acme", "a"), event("globex", "a"));
        for suppliers in [&[][..], &["acme", "globex"], &["acme"]] {
            assert_eq!(sorted(&array, suppliers).unwrap_err(), Problem::AnotherSupplier { index: 2 });
        }
        // It need not be one that would be accepted.
        for (from, to) in
            [("quantity", "amount"), (r#""subject":"a""#, r#""subject":" ""#), (r#""id":"1""#, r#""id":7"#)]
        {
            let array = event("globex", "a").replace(from, to);
            assert_eq!(sorted(&array, &[]).unwrap_err(), Problem::AnotherSupplier { index: 0 }, "{array}");
        }
        assert_eq!(
            sorted(r#"[{"source":"/suppliers/globex"}]"#, &[]).unwrap_err(),
            Problem::AnotherSupplier { index: 0 }
        );
        for nobody in [r#"{"source":"/suppliers/"}"#, r#"{"source":7}"#, "7", r#"{"source":"/suppliers/acme"}"#] {
            assert!(matches!(sorted(nobody, &[]).unwrap().verdicts[..], [Verdict::Rejected(_)]), "{nobody}");
        }
    }

    #[test]
    fn the_processor_s_rules_for_senders_hold() {
        let reason = |array: &str, suppliers: &[&str]| match &sorted(array, suppliers).unwrap().verdicts[..] {
            [Verdict::Rejected(rejection)] => Some(rejection.reason),
            _ => None,
        };
        assert_eq!(reason(&event("acme", "a"), &["acme"]), None);
        assert_eq!(reason(&event("acme", "a"), &["globex"]), Some(Reason::UnknownSupplier));
        assert_eq!(reason(&event("acme", "pipegen-probe-1"), &[]), Some(Reason::UnknownSupplier));
    }
}
