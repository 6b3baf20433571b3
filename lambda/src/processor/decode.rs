//! Records to events and rejections. No network, no clock.

use pipegen_event::{Event, Reason, Rejection};

use super::rejections::Rejections;
use crate::event::KinesisRecord;
use crate::settings::ProcessorSettings;

/// A good event and where it came from, in case the database refuses it.
pub(super) struct Accepted<'a> {
    pub(super) event: Event,
    /// Index of the record in the batch.
    pub(super) record: usize,
    /// Index among all events of the record, which has more than one where it is an array or an aggregate.
    pub(super) index: usize,
    /// The event's own text.
    pub(super) text: &'a [u8],
}

/// The good events of the batch, in order; the bad ones go to `rejections`. One record is decoded at a time, so that a batch
/// of arrays of bad events needs no more memory than its largest record.
pub(super) fn decode<'a>(
    records: &'a [KinesisRecord],
    settings: &ProcessorSettings,
    rejections: &mut Rejections,
) -> Vec<Accepted<'a>> {
    let mut accepted = Vec::with_capacity(records.len());
    for (position, record) in records.iter().enumerate() {
        for decoded in pipegen_event::decode(record.data(), record.arrived_at(), settings.horizon) {
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

/// Where the settings name the suppliers, only those may speak.
fn from_known_supplier(event: Event, settings: &ProcessorSettings) -> Result<Event, Rejection> {
    match &settings.suppliers {
        Some(suppliers) if !suppliers.contains(&event.supplier) => {
            Err(Rejection::new(Reason::UnknownSupplier, "source: the settings do not name this supplier"))
        }
        _ => Ok(event),
    }
}
