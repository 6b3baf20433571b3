//! Records to events and rejections. No network, no clock.

use chrono::TimeDelta;
use pipegen_event::Event;

use super::rejections::Rejections;
use crate::event::KinesisRecord;

/// A good event and where it came from, in case the database refuses it.
pub(super) struct Accepted<'a> {
    pub(super) event: Event,
    /// Index of the record in the batch.
    pub(super) record: usize,
    /// Index of the event in the record's array; 0 where there is no array.
    pub(super) index: usize,
    /// The event's own text.
    pub(super) text: &'a [u8],
}

/// The good events of the batch, in order; the bad ones go to `rejections`. One record is decoded at a time, so that a batch
/// of arrays of bad events needs no more memory than its largest record.
pub(super) fn decode<'a>(
    records: &'a [KinesisRecord],
    horizon: TimeDelta,
    rejections: &mut Rejections,
) -> Vec<Accepted<'a>> {
    let mut accepted = Vec::with_capacity(records.len());
    for (position, record) in records.iter().enumerate() {
        for decoded in pipegen_event::decode(record.data(), record.arrived_at(), horizon) {
            match decoded.outcome {
                Ok(event) => {
                    accepted.push(Accepted { event, record: position, index: decoded.index, text: decoded.text });
                }
                Err(rejection) => rejections.push(record, decoded.index, decoded.text, &rejection),
            }
        }
    }
    accepted
}
