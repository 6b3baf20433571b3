//! A thread that reads and encodes a bounded number of records ahead, for any number of mappings.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{mpsc, oneshot};

use super::mapping::EncodedRecord;
use super::pace::Pace;
use crate::records::{ReadError, RecordSource};

/// Records that are sent together, since sending costs more than parsing a record.
pub type Chunk = Vec<Arc<EncodedRecord>>;

/// The largest number of records in a chunk.
const CHUNK_RECORDS: usize = 256;
/// The number of bytes of encoded records at which a chunk is sent.
const CHUNK_BYTES: usize = 512 * 1024;
/// The number of chunks that are read ahead.
const CHUNKS: usize = 4;

/// The records of a source, sent to each consumer.
pub struct Feed {
    /// The channels with every record. They end after the last one, or before the first line that is not a record.
    pub consumers: Vec<mpsc::Receiver<Chunk>>,
    /// The error that stopped reading before the end, if there was one.
    pub stopped: oneshot::Receiver<ReadError>,
}

/// Starts reading. The slowest consumer holds the thread back: no consumer is further ahead of another than by what is
/// read ahead.
///
/// This is a plain thread rather than a task: a read of standard input cannot be interrupted, and the runtime would
/// wait for it at the end of the process. When a receiver is dropped the thread ends with its next chunk.
///
/// With a pace, the thread sleeps before each chunk for as long as the pace demands.
pub fn feed(source: RecordSource, pace: Option<Pace>, consumers: usize) -> Feed {
    let (senders, consumers): (Vec<_>, Vec<_>) = (0..consumers).map(|_| mpsc::channel(CHUNKS)).unzip();
    let (stop, stopped) = oneshot::channel();
    std::thread::spawn(move || {
        if let Err(error) = read(source, pace, &senders) {
            stop.send(error).ok();
        }
    });
    Feed { consumers, stopped }
}

fn read(source: RecordSource, mut pace: Option<Pace>, senders: &[mpsc::Sender<Chunk>]) -> Result<(), ReadError> {
    let chunk_records = pace.map_or(CHUNK_RECORDS, |pace| pace.together().min(CHUNK_RECORDS));
    let mut chunk = Vec::new();
    let mut bytes = 0;
    let mut records = source.records();
    while let Some(record) = records.next() {
        let record = match record {
            Ok(record) => EncodedRecord::from(record),
            Err(error) => {
                // The records before the bad line are played all the same.
                send(chunk, senders);
                return Err(error);
            }
        };
        bytes += record.length();
        chunk.push(Arc::new(record));
        // The writer of a pipe may pause: records that were read do not wait for more.
        if chunk.len() == chunk_records || bytes >= CHUNK_BYTES || !records.is_ready() {
            bytes = 0;
            if let Some(pace) = &mut pace {
                std::thread::sleep(pace.wait(chunk.len(), Instant::now()));
            }
            if !send(std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK_RECORDS)), senders) {
                return Ok(());
            }
        }
    }
    send(chunk, senders);
    Ok(())
}

/// Sends a chunk to every consumer. Returns false if one of them is gone: then the run ends.
fn send(chunk: Chunk, senders: &[mpsc::Sender<Chunk>]) -> bool {
    let Some((last, others)) = senders.split_last() else { return false };
    others.iter().all(|sender| sender.blocking_send(chunk.clone()).is_ok()) && last.blocking_send(chunk).is_ok()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    const GOOD: &str = r#"{"shard":"shardId-000000000000","sequence_number":"4960","partition_key":"acme/1","arrived_at":"2010-12-01T08:26:00.080798Z","data":"{}"}"#;

    #[tokio::test]
    async fn the_feed_sends_the_records_before_a_bad_line_to_every_consumer() {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        for _ in 0..CHUNK_AND_SOME {
            writeln!(file, "{GOOD}").expect("written");
        }
        writeln!(file, "oops").expect("written");
        let Feed { consumers, stopped } = feed(RecordSource::open(Some(file.path())).expect("open"), None, 2);
        for mut consumer in consumers {
            assert_eq!(count(&mut consumer).await, CHUNK_AND_SOME);
        }
        assert!(matches!(stopped.await, Ok(ReadError::Line { line: 301, .. })));
    }

    #[tokio::test]
    async fn the_slowest_consumer_holds_the_feed_back() {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        for _ in 0..100 * CHUNK_AND_SOME {
            writeln!(file, "{GOOD}").expect("written");
        }
        let Feed { mut consumers, stopped } = feed(RecordSource::open(Some(file.path())).expect("open"), None, 2);
        let (mut slow, mut fast) = (consumers.remove(1), consumers.remove(0));
        let mut ahead = 0;
        while let Ok(Some(chunk)) = tokio::time::timeout(std::time::Duration::from_millis(200), fast.recv()).await {
            ahead += chunk.len();
        }
        assert!((1..20 * CHUNK_AND_SOME).contains(&ahead), "{ahead} of {} are there", 100 * CHUNK_AND_SOME);
        let (slow, fast) = tokio::join!(count(&mut slow), count(&mut fast));
        assert_eq!((slow, ahead + fast), (100 * CHUNK_AND_SOME, 100 * CHUNK_AND_SOME));
        assert!(stopped.await.is_err(), "read to its end");
    }

    async fn count(consumer: &mut tokio::sync::mpsc::Receiver<Chunk>) -> usize {
        let mut records = 0;
        while let Some(chunk) = consumer.recv().await {
            records += chunk.len();
        }
        records
    }

    const CHUNK_AND_SOME: usize = 300;
}
