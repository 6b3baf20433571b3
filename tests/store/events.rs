//! The events that are delivered. Times are seconds from the history's beginning.

use std::fmt;

use anyhow::{Context as _, Result};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use pipegen_event::Event;
use serde_json::json;

use crate::model::decode::Decoded;
use crate::model::record::Record;
use crate::model::{self, time};
use crate::records;
use crate::records::random::hash;

/// The horizon of the suite, which is also the model's.
pub(crate) const HORIZON: TimeDelta = TimeDelta::days(7);

/// The supplier that has counted every hot product before anything else happens.
pub(crate) const DEPOT: &str = "depot";

/// The kind of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    Counted,
    Adjusted,
    Priced,
    Described,
    /// The first count of a hot product: enough.
    StockedUp,
}

/// A delivery of an event. What it says follows from its identity and time.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Delivery {
    pub(crate) supplier: &'static str,
    pub(crate) sku: String,
    pub(crate) kind: Kind,
    pub(crate) id: String,
    pub(crate) time: i64,
    pub(crate) arrived: i64,
}

/// An event for the store and for the model, each decoded by its own decoder.
#[derive(Clone, Debug)]
pub(crate) struct DecodedEvent {
    pub(crate) event: Event,
    pub(crate) model: model::decode::Event,
}

impl Delivery {
    /// Decodes the event as it arrives. Its time is by the history's clock, which begins at `beginning`.
    pub(crate) fn decode(&self, beginning: DateTime<Utc>) -> Result<DecodedEvent> {
        let text = self.text(beginning);
        let arrived = beginning + TimeDelta::seconds(self.arrived);
        let mut decoded = pipegen_event::decode(text.as_bytes(), arrived, HORIZON);
        let event = decoded.remove(0).outcome.ok().with_context(|| format!("the harness made a bad event: {text}"))?;
        let arrived_at = time::parse(&rfc3339(arrived)).context("a time")?;
        let record = Record {
            shard: String::new(),
            sequence_number: String::new(),
            partition_key: String::new(),
            arrived_at,
            data: text.clone().into_bytes(),
        };
        match model::decode::decode(&record).pop() {
            Some(Decoded::Accepted(model)) => Ok(DecodedEvent { event, model }),
            other => anyhow::bail!("the harness made a bad event: {text}: {other:?}"),
        }
    }

    fn text(&self, beginning: DateTime<Utc>) -> String {
        let Self { supplier, sku, kind, id, time, .. } = self;
        let content = hash(&format!("{supplier} {sku} {kind:?} {id} {time}"));
        let number = i64::try_from(content % 1000).expect("small");
        let one_of = |deltas: &[i64]| deltas[usize::try_from(content / 1000).expect("64 bits") % deltas.len()];
        let is_depot = *supplier == DEPOT;
        let (kind, data) = match kind {
            Kind::StockedUp => ("stock.counted", json!({"quantity": 100})),
            Kind::Counted if is_depot => ("stock.counted", json!({"quantity": number % 100 + 10})),
            Kind::Counted => ("stock.counted", json!({"quantity": number % 50 - 8})),
            Kind::Adjusted if is_depot => ("stock.adjusted", json!({"delta": one_of(&[-40, -25, 20, 35])})),
            Kind::Adjusted => ("stock.adjusted", json!({"delta": one_of(&[-3, -2, -1, 1, 2, 4])})),
            Kind::Priced => {
                ("price.changed", json!({"amount": format!("{}.{}", number % 90, number % 7), "currency": "GBP"}))
            }
            Kind::Described => ("product.described", json!({"title": format!("title {number}"), "category": "Tea"})),
        };
        let time = rfc3339(beginning + TimeDelta::seconds(*time));
        records::event::event(supplier, sku, kind, id, &time, &data).to_string()
    }
}

fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { supplier, sku, kind, id, time, .. } = self;
        write!(f, "{kind:?} {sku:?} by {supplier}, {id:?} of {}", Clock(*time))
    }
}

/// A time from the history's beginning, for people.
pub(crate) struct Clock(pub(crate) i64);

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, seconds) = (if self.0 < 0 { "-" } else { "+" }, self.0.abs());
        write!(f, "{sign}{}d{:02}:{:02}:{:02}", seconds / 86400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60)
    }
}
