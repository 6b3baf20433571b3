//! The events of a probe.

use chrono::{SecondsFormat, Utc};
use pipegen_contract::{event_type, probe};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::aws::put_records::OutgoingRecord;

/// The quantity that the catalog must show.
pub(super) const QUANTITY: u32 = 3;

/// Two records about a product of their own: events that describe and count it, and one that must be rejected.
pub(super) struct Canary {
    pub(super) sku: String,
    pub(super) accepted: Vec<u8>,
    pub(super) rejected: Vec<u8>,
}

impl Canary {
    pub(super) fn new() -> Self {
        let sku = format!("{}{}", probe::SKU_PREFIX, Uuid::new_v4());
        let time = Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true);
        let event = |id: &str, kind: &str, data: Value| {
            json!({
                "specversion": "1.0",
                "id": id,
                "source": format!("/suppliers/{}", probe::SUPPLIER),
                "type": kind,
                "subject": sku,
                "time": time,
                "data": data,
            })
        };
        let described = event("described", event_type::PRODUCT_DESCRIBED, json!({"title": "A probe of the pipeline"}));
        let counted = event("counted", event_type::STOCK_COUNTED, json!({"quantity": QUANTITY}));
        let wrong = event("wrong", event_type::STOCK_COUNTED, json!({"quantity": "to be rejected"}));
        Self {
            accepted: json!([described, counted]).to_string().into_bytes(),
            rejected: wrong.to_string().into_bytes(),
            sku,
        }
    }

    /// Returns the records: the accepted one first.
    pub(super) fn records(&self) -> [OutgoingRecord; 2] {
        [&self.accepted, &self.rejected].map(|data| OutgoingRecord {
            partition_key: format!("{}/{}", probe::SUPPLIER, self.sku),
            data: data.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;
    use pipegen_event::{Reason, decode};

    #[test]
    fn one_record_is_accepted_and_the_other_rejected() {
        let canary = Canary::new();
        let week = TimeDelta::days(7);
        let accepted = decode(&canary.accepted, Utc::now(), week);
        assert_eq!(accepted.len(), 2);
        for event in accepted.into_iter().map(|decoded| decoded.outcome.expect("accepted")) {
            assert!(probe::may_send(event.supplier.as_str(), event.sku.as_str()));
        }
        let rejected = decode(&canary.rejected, Utc::now(), week);
        let reasons: Vec<_> = rejected.into_iter().map(|decoded| decoded.outcome.unwrap_err().reason).collect();
        assert_eq!(reasons, [Reason::InvalidData]);
    }
}
