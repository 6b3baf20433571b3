//! Hand-written records for every rule of docs/ARCHITECTURE.md, "Events", each with its verdict.
//!
//! They test the model (target `model`) and then the pipeline (target `pipeline`). Cases that the format does not
//! define are left out: an empty `type`, names and values of extension attributes, white space in the 256 KiB, an array
//! that nests too deep only because of its own brackets.
//!
//! - [`files`]: records of suppliers' libraries, as whole files
//! - [`event_builder`]: an event's JSON text, attribute by attribute
//! - [`aggregates`], [`json`], [`envelope`], [`payload`], [`data`], [`time`]: the rules in the order of the checks

mod aggregates;
mod data;
mod envelope;
mod event_builder;
pub(crate) mod files;
mod json;
mod payload;
mod time;

use event_builder::EventBuilder;
use serde_json::json;

/// The arrival of every record.
const ARRIVED_AT: &str = "2026-01-08T00:00:00.000000Z";

const COUNTED: &str = "com.retailtech.stock.counted.v1";
const ADJUSTED: &str = "com.retailtech.stock.adjusted.v1";
const PRICED: &str = "com.retailtech.price.changed.v1";
const DESCRIBED: &str = "com.retailtech.product.described.v1";

/// The expected outcome of an event: `None`, or the reason for its rejection.
pub(crate) type Verdict = Option<&'static str>;

const ACCEPTED: Verdict = None;
const BAD_JSON: Verdict = Some("invalid_json");
const TOO_LARGE: Verdict = Some("too_large");
const BAD_EVENT: Verdict = Some("invalid_event");
const BAD_TYPE: Verdict = Some("unsupported_type");
const BAD_DATA: Verdict = Some("invalid_data");
const TOO_OLD: Verdict = Some("too_old");
const FROM_FUTURE: Verdict = Some("from_future");

/// A record's bytes and the verdict on each of its events.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) data: Vec<u8>,
    pub(crate) verdicts: Vec<Verdict>,
}

impl Case {
    /// A record of one event.
    fn one(name: &str, data: impl Into<Vec<u8>>, verdict: Verdict) -> Self {
        Self { name: name.to_owned(), data: data.into(), verdicts: vec![verdict] }
    }

    /// A record of an array of these events.
    fn array(name: &str, elements: &[String], verdicts: &[Verdict]) -> Self {
        let data = format!("[{}]", elements.join(",")).into_bytes();
        Self { name: name.to_owned(), data, verdicts: verdicts.to_vec() }
    }
}

/// Returns every case.
pub(crate) fn all() -> Vec<Case> {
    [aggregates::cases(), json::cases(), envelope::cases(), payload::cases(), data::cases(), time::cases()].concat()
}

/// Returns every case as a line of a records file.
pub(crate) fn lines() -> Vec<String> {
    (1_000_000..).zip(all()).map(|(number, case)| line(number, &case)).collect()
}

/// Returns a case as the line of a record with this sequence number.
pub(crate) fn line(sequence_number: u32, case: &Case) -> String {
    let mut line = json!({
        "shard": "shardId-000000000000",
        "sequence_number": sequence_number.to_string(),
        "partition_key": format!("cases/{}", case.name),
        "arrived_at": ARRIVED_AT,
    });
    match str::from_utf8(&case.data) {
        Ok(text) => line["data"] = text.into(),
        Err(_) => line["data_base64"] = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, &case.data).into(),
    }
    line.to_string()
}
