//! Every rule of docs/ARCHITECTURE.md, "Events".

use crate::cases;
use crate::model::decode::{Decoded, decode};
use crate::model::record::Record;

#[test]
fn every_case_gets_its_verdict() {
    for (case, number) in cases::all().iter().zip(1..) {
        let record = Record::parse(&cases::line(number, case)).unwrap();
        assert_eq!(record.data, case.data, "{}", case.name);
        let verdicts: Vec<cases::Verdict> = decode(&record).iter().map(reason).collect();
        assert_eq!(verdicts, case.verdicts, "{}", case.name);
    }
}

#[test]
fn every_reason_of_the_model_has_a_case() {
    let mut reasons: Vec<&str> = cases::all().iter().flat_map(|case| &case.verdicts).copied().flatten().collect();
    reasons.sort_unstable();
    reasons.dedup();
    let expected =
        ["from_future", "invalid_data", "invalid_event", "invalid_json", "too_large", "too_old", "unsupported_type"];
    assert_eq!(reasons, expected);
}

/// The model's own list has the same date as the one in the suppliers' schema.
#[test]
fn the_schema_and_the_model_have_one_list_of_currencies() {
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../../lambda/event/schema/price.changed.v1.json")).unwrap();
    let currency = &schema["properties"]["data"]["properties"]["currency"];
    let published = currency["description"].as_str().and_then(|text| text.split_once("as published on "));
    let date = published.and_then(|(_, date)| date.get(..10)).expect("a date");
    assert!(include_str!("../pipeline/model/currency.rs").contains(&format!("as published on {date}.")), "{date}");

    let letters = || 'A'..='Z';
    let pairs = letters().flat_map(|a| letters().map(move |b| format!("{a}{b}")));
    let codes: Vec<String> = pairs.flat_map(|pair| letters().map(move |c| format!("{pair}{c}"))).collect();
    let taken: Vec<&String> = codes.iter().filter(|code| takes_currency(code)).collect();
    assert_eq!(taken, currency["enum"].as_array().unwrap().iter().collect::<Vec<_>>());
}

fn takes_currency(code: &str) -> bool {
    let data = format!(
        r#"{{"specversion":"1.0","id":"1","source":"/suppliers/acme","type":"com.retailtech.price.changed.v1",
            "subject":"A","time":"2026-01-07T23:59:00Z","data":{{"amount":"1","currency":"{code}"}}}}"#
    );
    let case = cases::Case { name: code.into(), data: data.into(), verdicts: vec![] };
    decode(&Record::parse(&cases::line(1, &case)).expect("a record")).iter().all(|decoded| reason(decoded).is_none())
}

#[test]
fn a_rejection_has_the_events_own_text_where_it_has_one() {
    let texts = |data: &[u8]| {
        let case = cases::Case { name: "texts".into(), data: data.to_vec(), verdicts: vec![] };
        let record = Record::parse(&cases::line(1, &case)).unwrap();
        let rejected = decode(&record).into_iter().map(|decoded| match decoded {
            Decoded::Rejected(rejection) => (rejection.index, String::from_utf8_lossy(&rejection.event).into_owned()),
            Decoded::Accepted(event) => panic!("accepted: {event:?}"),
        });
        rejected.collect::<Vec<_>>()
    };
    assert_eq!(texts(b" {} "), [(0, " {} ".into())]);
    assert_eq!(texts(b"[ {} , 7]"), [(0, "{}".into()), (1, "7".into())]);
    assert_eq!(texts(b"[{}, 7"), [(0, "[{}, 7".into())]);
}

fn reason(decoded: &Decoded) -> cases::Verdict {
    match decoded {
        Decoded::Accepted(_) => None,
        Decoded::Rejected(rejection) => Some(rejection.reason),
    }
}
