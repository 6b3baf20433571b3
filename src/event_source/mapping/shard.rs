//! One shard of the stream: its lanes, and the records that it would deliver again if its checkpoint were lost.

use std::collections::BTreeMap;
use std::mem::take;
use std::sync::Arc;
use std::time::Duration;

use super::batch::QueuedRecord;
use super::encoded_record::EncodedRecord;
use super::lane::{Cut, Lane};
use super::lane_of;

/// The most acknowledged records of a shard that are kept, and the most of their bytes in events.
const KEPT_RECORDS: usize = 1000;
const KEPT_BYTES: usize = 4 * 1024 * 1024;

/// A shard that is read.
#[derive(Debug)]
pub(super) struct Shard {
    pub(super) name: String,
    pub(super) lanes: Vec<Lane>,
    /// The shards, by their indices, that must be processed to their ends before this one.
    pub(super) after: Vec<usize>,
    /// The lanes of a shard whose checkpoint was never lost.
    usual_lanes: usize,
    /// The position of the next record that is offered.
    position: u64,
    /// The last acknowledged records, by their positions.
    kept: BTreeMap<u64, QueuedRecord>,
    kept_bytes: usize,
    /// The first position from which everything that was acknowledged is kept.
    floor: u64,
    /// True if it is to go back, once nothing is in flight.
    pub(super) goes_back: bool,
    times_gone_back: usize,
}

impl Shard {
    pub(super) fn new(name: &str, lanes: usize) -> Self {
        Self {
            name: name.to_owned(),
            lanes: (0..lanes).map(|_| Lane::default()).collect(),
            after: Vec::new(),
            usual_lanes: lanes,
            position: 0,
            kept: BTreeMap::new(),
            kept_bytes: 0,
            floor: 0,
            goes_back: false,
            times_gone_back: 0,
        }
    }

    /// Picks up the shard's next record.
    pub(super) fn offer(&mut self, record: Arc<EncodedRecord>, size: usize, now: Duration) {
        let position = self.position;
        self.position += 1;
        self.queue(QueuedRecord { record, picked_up: now, size, position, acknowledged: None });
    }

    fn queue(&mut self, record: QueuedRecord) {
        let lane = lane_of(record.record.partition_key(), self.lanes.len());
        self.lanes[lane].offer(record);
    }

    /// Returns true if everything that was offered is processed or discarded, and nothing comes again.
    pub(super) fn is_done(&self) -> bool {
        !self.goes_back && self.lanes.iter().all(Lane::is_done)
    }

    /// Keeps the records of an acknowledged batch in case they are delivered again, as many as there is room for.
    pub(super) fn keep(&mut self, records: Vec<QueuedRecord>) {
        let batch = records.first().map(|first| first.position);
        for mut record in records {
            record.acknowledged = batch;
            self.kept_bytes += record.size;
            if let Some(before) = self.kept.insert(record.position, record) {
                self.kept_bytes -= before.size;
            }
        }
        while (self.kept.len() > KEPT_RECORDS || self.kept_bytes > KEPT_BYTES)
            && let Some((position, record)) = self.kept.pop_first()
        {
            self.kept_bytes -= record.size;
            // A slow lane may have acknowledged what comes before others' records that are gone already.
            self.floor = self.floor.max(position + 1);
        }
    }

    /// Asks it to go back to its oldest checkpoint that is still known.
    pub(super) fn lose_checkpoint(&mut self) {
        self.goes_back = !self.kept.is_empty();
    }

    /// Goes back if it was asked to, and nothing is in flight.
    pub(super) fn go_back_if_asked(&mut self, now: Duration) {
        if self.goes_back && !self.lanes.iter().any(Lane::is_in_flight) {
            self.go_back(now);
        }
    }

    /// Queues again what was acknowledged, before what was not, in the shard's order. Every other time one lane more
    /// shares the keys, as after a change of `ParallelizationFactor`, and no batch crosses the ends of the old ones, so
    /// that one may have the first and the last record of an old one and lack some between.
    fn go_back(&mut self, now: Duration) {
        self.goes_back = false;
        let is_odd = self.times_gone_back.is_multiple_of(2);
        self.times_gone_back += 1;
        let mut records = take(&mut self.kept).split_off(&self.floor);
        self.kept_bytes = 0;
        for record in records.values_mut() {
            record.picked_up = now;
        }
        let unprocessed = take(&mut self.lanes).into_iter().flat_map(Lane::into_records);
        records.extend(unprocessed.map(|record| (record.position, record)));
        let cut = if is_odd { Cut::AsBefore } else { Cut::Anew };
        let lanes = self.usual_lanes + usize::from(is_odd);
        self.lanes = (0..lanes).map(|_| Lane::cut(cut)).collect();
        for record in records.into_values() {
            self.queue(record);
        }
    }
}
