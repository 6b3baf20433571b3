//! Decoding of records to events and rejections. Uses neither network nor clock.

use pipegen_event::{Event, check_sender};

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
            let suppliers = settings.suppliers.as_ref();
            match decoded.outcome.and_then(|event| check_sender(&event, suppliers).map(|()| event)) {
                Ok(event) => {
                    accepted.push(Accepted { event, record: position, index: decoded.index, text: decoded.text });
                }
                Err(rejection) => rejections.push(record, decoded.index, decoded.text, &rejection),
            }
        }
    }
    accepted
}
