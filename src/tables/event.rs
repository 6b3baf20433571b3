//! An event's text and its id.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// The supplier, SKU and time that all events of a row share.
pub(super) struct Subject<'a> {
    pub(super) supplier: &'a str,
    pub(super) sku: &'a str,
    pub(super) time: DateTime<Utc>,
}

#[derive(Serialize)]
struct Event<'a> {
    specversion: &'static str,
    id: String,
    source: String,
    r#type: &'static str,
    subject: &'a str,
    time: String,
    data: &'a Value,
}

/// A hash by which things are told apart.
pub(super) type Hash = [u8; 16];

impl Subject<'_> {
    /// Returns the hash of supplier, SKU, time and these parts.
    pub(super) fn hash(&self, parts: &[&str]) -> Hash {
        let mut hash = Sha256::new();
        let time = self.time();
        for part in [self.supplier, self.sku, &time].iter().chain(parts) {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let mut first = Hash::default();
        first.iter_mut().zip(hash.finalize()).for_each(|(byte, hashed)| *byte = hashed);
        first
    }

    /// Returns the text of an event. Its id follows from this hash alone, so that the same row always becomes the same
    /// event.
    pub(super) fn event(&self, event_type: &'static str, data: &Value, id: Hash) -> Vec<u8> {
        let event = Event {
            specversion: "1.0",
            id: format!("csv-{:032x}", u128::from_be_bytes(id)),
            source: format!("/suppliers/{}", self.supplier),
            r#type: event_type,
            subject: self.sku,
            time: self.time(),
            data,
        };
        serde_json::to_vec(&event).expect("texts and numbers are JSON")
    }

    fn time(&self) -> String {
        self.time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
    }
}
