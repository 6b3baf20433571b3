//! A stream that takes records at any time, and keeps them in memory until they are read.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{DateTime, SubsecRound as _, Utc};
use parking_lot::Mutex;
use tokio::sync::mpsc;

use super::lineage::Lineage;
use super::sequence::SequenceNumbers;
use super::shard_map::{ReshardError, Shard, ShardMap};
use super::shards::hash_key;
use crate::records::Record;

/// The bytes that may wait to be read. Kinesis keeps them on disks; here they are in memory.
const WAITING_LIMIT: usize = 256 * 1024 * 1024;

/// A record that a producer puts on the stream. Its size was checked.
#[derive(Clone, Debug)]
pub struct NewRecord {
    pub partition_key: String,
    /// The hash key, instead of that of the partition key.
    pub explicit_hash_key: Option<u128>,
    pub data: Vec<u8>,
}

/// The place of a record on the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    pub shard: String,
    pub sequence_number: String,
}

/// The reason why a record was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PutError {
    #[error("more than 256 MiB of records are waiting to be read: try again later")]
    Full,
    #[error("the run is ending, and its stream takes no more records")]
    Closed,
}

/// A stream that takes records.
#[derive(Debug)]
pub struct OpenStream {
    arn: String,
    lineage: Arc<Lineage>,
    opened_at: DateTime<Utc>,
    waiting: Arc<AtomicUsize>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    numbers: SequenceNumbers,
    shards: ShardMap,
    /// The reshardings that [`OpenStream::reshard`] has done.
    reshardings: usize,
    /// None once the stream is closed.
    queue: Option<mpsc::UnboundedSender<Record>>,
}

/// The reading end of a stream.
#[derive(Debug)]
pub struct StreamReader {
    records: mpsc::UnboundedReceiver<Record>,
    waiting: Arc<AtomicUsize>,
}

impl OpenStream {
    /// Opens a stream with this ARN and number of shards.
    pub fn open(arn: String, shards: usize) -> (Self, StreamReader) {
        let (queue, records) = mpsc::unbounded_channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let state = Mutex::new(State {
            numbers: SequenceNumbers::default(),
            shards: ShardMap::new(shards),
            reshardings: 0,
            queue: Some(queue),
        });
        let lineage = Arc::default();
        let stream = Self { arn, lineage, opened_at: Utc::now(), waiting: Arc::clone(&waiting), state };
        (stream, StreamReader { records, waiting })
    }

    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// Returns the stream's name: the end of its ARN.
    pub fn name(&self) -> &str {
        self.arn.rsplit_once('/').map_or(&*self.arn, |(_, name)| name)
    }

    /// Returns all shards, the closed ones too.
    pub fn shards(&self) -> Vec<Shard> {
        self.state.lock().shards.all().to_vec()
    }

    /// Returns the parents of the shards, for whoever reads.
    pub fn lineage(&self) -> Arc<Lineage> {
        Arc::clone(&self.lineage)
    }

    pub fn opened_at(&self) -> DateTime<Utc> {
        self.opened_at
    }

    /// Puts a record at the end of its shard. It arrives now, to the millisecond, as on Kinesis.
    pub fn put(&self, record: NewRecord) -> Result<Placed, PutError> {
        let NewRecord { partition_key, explicit_hash_key, data } = record;
        let hash_key = explicit_hash_key.unwrap_or_else(|| hash_key(&partition_key));
        let mut state = self.state.lock();
        let State { numbers, shards, queue, .. } = &mut *state;
        let shard = shards.of_hash_key(hash_key);
        let queue = queue.as_ref().ok_or(PutError::Closed)?;
        let size = partition_key.len() + data.len();
        if self.waiting.load(Ordering::Relaxed) + size > WAITING_LIMIT {
            return Err(PutError::Full);
        }
        let now = Utc::now();
        let id = shards.all()[shard].id.clone();
        let placed = Placed { shard: id, sequence_number: numbers.next(now, shard) };
        let record = Record {
            shard: placed.shard.clone(),
            sequence_number: placed.sequence_number.clone(),
            partition_key,
            arrived_at: now.trunc_subsecs(3),
            data,
        };
        self.waiting.fetch_add(size, Ordering::Relaxed);
        queue.send(record).map_err(|_| PutError::Closed)?;
        Ok(placed)
    }

    /// Splits a shard, whose second child begins with this hash key. What was put before is in the shard, and what is
    /// put from now on is in its children.
    pub fn split(&self, shard: &str, new_starting: u128) -> Result<(), ReshardError> {
        self.state.lock().split(shard, new_starting, &self.lineage)
    }

    /// Merges two shards whose ranges of hash keys are adjacent.
    pub fn merge(&self, shard: &str, adjacent: &str) -> Result<(), ReshardError> {
        self.state.lock().merge(shard, adjacent, &self.lineage)
    }

    /// Splits the shard with the largest range in its middle; every second time, merges two that a split has made.
    pub fn reshard(&self) -> Result<(), ReshardError> {
        let mut state = self.state.lock();
        state.reshardings += 1;
        let siblings = if state.reshardings.is_multiple_of(2) { state.shards.siblings() } else { None };
        match (siblings, state.shards.widest()) {
            (Some((shard, adjacent)), _) => state.merge(&shard, &adjacent, &self.lineage),
            (None, Some((shard, middle))) => state.split(&shard, middle, &self.lineage),
            (None, None) => Ok(()),
        }
    }

    /// Ends the stream: what was put on it can still be read.
    pub fn close(&self) {
        self.state.lock().queue = None;
    }
}

impl State {
    fn split(&mut self, shard: &str, new_starting: u128, lineage: &Lineage) -> Result<(), ReshardError> {
        let Self { numbers, shards, .. } = self;
        let children = shards.split(shard, new_starting, |shard| numbers.next(Utc::now(), shard))?;
        self.tell(&children, lineage);
        Ok(())
    }

    fn merge(&mut self, shard: &str, adjacent: &str, lineage: &Lineage) -> Result<(), ReshardError> {
        let Self { numbers, shards, .. } = self;
        let children = shards.merge(shard, adjacent, |shard| numbers.next(Utc::now(), shard))?;
        self.tell(&children, lineage);
        Ok(())
    }

    /// Tells readers of new shards, before any record is in them.
    fn tell(&self, children: &[usize], lineage: &Lineage) {
        for &child in children {
            let Shard { id, parents, .. } = &self.shards.all()[child];
            lineage.add(id.clone(), parents.clone());
        }
    }
}

impl StreamReader {
    /// Waits for the next record. Returns none at the stream's end.
    pub async fn next(&mut self) -> Option<Record> {
        let record = self.records.recv().await?;
        Some(self.read(record))
    }

    /// Returns the next record if it is there already.
    pub fn next_now(&mut self) -> Option<Record> {
        let record = self.records.try_recv().ok()?;
        Some(self.read(record))
    }

    fn read(&self, record: Record) -> Record {
        self.waiting.fetch_sub(record.partition_key.len() + record.data.len(), Ordering::Relaxed);
        record
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:kinesis:us-east-1:000000000000:stream/kinesis-inventory-test";

    fn record(key: &str, data: usize) -> NewRecord {
        NewRecord { partition_key: key.to_owned(), explicit_hash_key: None, data: vec![b'x'; data] }
    }

    #[tokio::test]
    async fn records_are_read_in_their_order_until_the_stream_is_closed() {
        let (stream, mut reader) = OpenStream::open(ARN.to_owned(), 4);
        assert_eq!(stream.name(), "kinesis-inventory-test");
        let before = Utc::now().trunc_subsecs(3);
        let first = stream.put(record("acme/1", 3)).expect("taken");
        let second =
            stream.put(NewRecord { explicit_hash_key: Some(u128::MAX), ..record("acme/1", 1) }).expect("taken");
        assert_eq!(second.shard, "shardId-000000000003");
        stream.close();
        assert_eq!(stream.put(record("acme/1", 1)), Err(PutError::Closed));
        let read = reader.next().await.expect("the first");
        assert_eq!((&read.shard, &read.sequence_number), (&first.shard, &first.sequence_number));
        assert!(read.arrived_at >= before && read.arrived_at <= Utc::now());
        assert_eq!(reader.next_now().map(|read| read.sequence_number), Some(second.sequence_number));
        assert_eq!(reader.next().await, None);
    }

    #[tokio::test]
    async fn what_is_put_after_a_resharding_is_in_the_children_with_later_numbers() {
        let (stream, mut reader) = OpenStream::open(ARN.to_owned(), 1);
        let mut before = Vec::new();
        for round in 0..4 {
            for number in 0..20 {
                let placed = stream.put(record(&format!("acme/{number}"), 1)).expect("taken");
                let shards = stream.shards();
                let shard = shards.iter().find(|shard| shard.id == placed.shard).expect("listed");
                assert!(shard.is_open() && shard.starting < placed.sequence_number, "{placed:?} in {shard:?}");
                let ancestors = stream.lineage().ancestors(&placed.shard);
                for (_, number) in before.iter().filter(|(shard, _)| ancestors.contains(shard)) {
                    assert!(*number < shard.starting);
                }
                before.push((placed.shard, placed.sequence_number));
            }
            stream.reshard().expect("resharded");
            let open = stream.shards().iter().filter(|shard| shard.is_open()).count();
            assert_eq!(open, [2, 1, 2, 1][round], "splits and merges in turn");
        }
        for placed in before {
            assert_eq!(reader.next().await.map(|read| (read.shard, read.sequence_number)), Some(placed));
        }
    }

    #[tokio::test]
    async fn a_stream_that_nobody_reads_is_full_at_some_time() {
        let (stream, mut reader) = OpenStream::open(ARN.to_owned(), 1);
        let megabyte = || record("k", 1024 * 1024 - 1);
        for _ in 0..256 {
            stream.put(megabyte()).expect("room");
        }
        assert_eq!(stream.put(megabyte()), Err(PutError::Full));
        reader.next().await.expect("one");
        stream.put(megabyte()).expect("room again");
    }
}
