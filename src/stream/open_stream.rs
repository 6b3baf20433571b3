//! A stream that takes records at any time, and keeps them in memory until they are read.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{DateTime, SubsecRound as _, Utc};
use parking_lot::Mutex;
use tokio::sync::mpsc;

use super::sequence::SequenceNumbers;
use super::shards::Shards;
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
    shards: Shards,
    opened_at: DateTime<Utc>,
    waiting: Arc<AtomicUsize>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    numbers: SequenceNumbers,
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
        let state = Mutex::new(State { numbers: SequenceNumbers::default(), queue: Some(queue) });
        let stream =
            Self { arn, shards: Shards::new(shards), opened_at: Utc::now(), waiting: Arc::clone(&waiting), state };
        (stream, StreamReader { records, waiting })
    }

    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// Returns the stream's name: the end of its ARN.
    pub fn name(&self) -> &str {
        self.arn.rsplit_once('/').map_or(&*self.arn, |(_, name)| name)
    }

    pub fn shards(&self) -> Shards {
        self.shards
    }

    pub fn opened_at(&self) -> DateTime<Utc> {
        self.opened_at
    }

    /// Puts a record at the end of its shard. It arrives now, to the millisecond, as on Kinesis.
    pub fn put(&self, record: NewRecord) -> Result<Placed, PutError> {
        let NewRecord { partition_key, explicit_hash_key, data } = record;
        let shard = match explicit_hash_key {
            Some(hash_key) => self.shards.of_hash_key(hash_key),
            None => self.shards.of_partition_key(&partition_key),
        };
        let mut state = self.state.lock();
        let State { numbers, queue } = &mut *state;
        let queue = queue.as_ref().ok_or(PutError::Closed)?;
        let size = partition_key.len() + data.len();
        if self.waiting.load(Ordering::Relaxed) + size > WAITING_LIMIT {
            return Err(PutError::Full);
        }
        let now = Utc::now();
        let placed = Placed { shard: Shards::id(shard), sequence_number: numbers.next(now, shard) };
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

    /// Ends the stream: what was put on it can still be read.
    pub fn close(&self) {
        self.state.lock().queue = None;
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
