//! The stream: what was put on it, by shard.

use std::sync::Arc;

use parking_lot::Mutex;
use pipegen::event_source::mapping::EncodedRecord;

use crate::model::record::Record;
use crate::random::hash;
use crate::schedule::Schedule;

/// The number before the first sequence number: all of them have as many digits.
const BEFORE_FIRST: u64 = 49_000_000_000;

/// A record, in the forms that Lambda and the model have of it.
#[derive(Clone)]
pub(crate) struct Kept {
    pub(crate) encoded: Arc<EncodedRecord>,
    pub(crate) record: Record,
}

/// The stream.
pub(crate) struct Stream {
    schedule: Arc<Schedule>,
    shards: Mutex<Vec<Vec<Kept>>>,
}

/// The place of a record: its shard and its position there.
pub(crate) type Place = (usize, usize);

impl Stream {
    pub(crate) fn new(schedule: &Arc<Schedule>, shards: usize) -> Self {
        Self { schedule: Arc::clone(schedule), shards: Mutex::new(vec![Vec::new(); shards]) }
    }

    /// Puts a record on the stream.
    pub(crate) fn put(&self, partition_key: &str, data: &[u8]) {
        let mut shards = self.shards.lock();
        let number = BEFORE_FIRST + shards.iter().map(Vec::len).sum::<usize>() as u64;
        let shard = usize::try_from(hash(partition_key) % shards.len() as u64).expect("small");
        let arrived_at = self.schedule.now();
        let (name, sequence_number) = (format!("shardId-{shard:012}"), number.to_string());
        let encoded = pipegen::records::Record {
            shard: name.clone(),
            sequence_number: sequence_number.clone(),
            partition_key: partition_key.to_owned(),
            arrived_at,
            data: data.to_vec(),
        };
        let record = Record {
            shard: name,
            sequence_number,
            partition_key: partition_key.to_owned(),
            arrived_at: arrived_at.timestamp_micros(),
            data: data.to_vec(),
        };
        self.schedule.note(format!("put {shard}:{number} {}", String::from_utf8_lossy(data)));
        shards[shard].push(Kept { encoded: encoded.into(), record });
    }

    /// Returns the records of a shard from this position on.
    pub(crate) fn from(&self, shard: usize, position: usize) -> Vec<Kept> {
        self.shards.lock()[shard][position..].to_vec()
    }

    pub(crate) fn shards(&self) -> usize {
        self.shards.lock().len()
    }

    /// Returns every record.
    pub(crate) fn records(&self) -> Vec<Record> {
        self.shards.lock().iter().flatten().map(|kept| kept.record.clone()).collect()
    }

    /// Returns the places of records that were taken from here.
    pub(crate) fn places(&self, records: &[Arc<EncodedRecord>]) -> Vec<Place> {
        let shards = self.shards.lock();
        let place = |record: &Arc<EncodedRecord>| {
            let in_shard = |kept: &Vec<Kept>| kept.iter().position(|kept| Arc::ptr_eq(&kept.encoded, record));
            shards.iter().enumerate().find_map(|(shard, kept)| Some((shard, in_shard(kept)?)))
        };
        records.iter().map(|record| place(record).expect("it is from here")).collect()
    }

    /// Returns the record with this position in the stream.
    pub(crate) fn find(&self, shard: &str, sequence_number: &str) -> Option<Record> {
        let shards = self.shards.lock();
        let mut records = shards.iter().flatten().map(|kept| &kept.record);
        records.find(|record| record.shard == shard && record.sequence_number == sequence_number).cloned()
    }
}
