//! Decoding of records to events and rejections. Uses neither network nor clock.

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

/// Rejects an event of a supplier that the settings do not name, if they name any.
fn from_known_supplier(event: Event, settings: &ProcessorSettings) -> Result<Event, Rejection> {
    match &settings.suppliers {
        Some(suppliers) if !suppliers.contains(&event.supplier) => {
            Err(Rejection::new(Reason::UnknownSupplier, "source: the settings do not name this supplier"))
        }
        _ => Ok(event),
    }
}
