//! Decoding of records to events and rejections. Uses neither network nor clock.

use pipegen_contract::probe;
use pipegen_event::{Event, Reason, Rejection};

use super::rejections::Rejections;
use crate::kinesis::KinesisBatch;
use crate::settings::ProcessorSettings;

/// An accepted event and its position in the batch, in case the database refuses it.
pub(super) struct Accepted<'a> {
    pub(super) event: Event,
    /// The record's index in the batch.
    pub(super) record: usize,
    /// The event's index in the record, which holds more than one if it is an array or an aggregate.
    pub(super) index: usize,
    /// The event's bytes in the record.
    pub(super) text: &'a [u8],
}

/// Decodes the events of the batch, in order, and adds the bad ones to `rejections`. It decodes one record at a time,
/// so that a batch of arrays of bad events needs no more memory than its largest record.
pub(super) fn decode<'a>(
    batch: &'a KinesisBatch,
    settings: &ProcessorSettings,
    rejections: &mut Rejections,
) -> Vec<Accepted<'a>> {
    let mut accepted = Vec::with_capacity(batch.len());
    for (position, record) in batch.records().enumerate() {
        for decoded in pipegen_event::decode(record.data, record.arrived_at, settings.horizon) {
            match decoded.outcome.and_then(|event| from_known_supplier(event, settings)) {
                Ok(event) => {
                    accepted.push(Accepted { event, record: position, index: decoded.index, text: decoded.text });
                }
                Err(rejection) => rejections.push(record, decoded.index, decoded.text, &rejection),
            }
        }
    }
    accepted
}

/// Rejects an event of a supplier that the settings do not name, if they name any. Probes are always accepted, and keep
/// to SKUs of their own.
fn from_known_supplier(event: Event, settings: &ProcessorSettings) -> Result<Event, Rejection> {
    let supplier = event.supplier.as_str();
    let reject = |detail| Err(Rejection::new(Reason::UnknownSupplier, detail));
    if !probe::may_send(supplier, event.sku.as_str()) {
        return reject("source: this supplier and a subject that begins with `pipegen-probe-` go only together");
    }
    match &settings.suppliers {
        Some(suppliers) if supplier != probe::SUPPLIER && !suppliers.contains(&event.supplier) => {
            reject("source: the settings do not name this supplier")
        }
        _ => Ok(event),
    }
}
