//! A thread that reads and parses a bounded number of records ahead, for any number of consumers.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::error::ReadError;
use super::record::Record;
use super::source::RecordSource;

/// Records that are sent together, since sending costs more than parsing a record.
pub type Chunk = Vec<Arc<Record>>;

/// The largest number of records in a chunk.
const CHUNK_RECORDS: usize = 256;
/// The number of bytes of data at which a chunk is sent.
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
pub fn feed(source: RecordSource, consumers: usize) -> Feed {
    let (senders, consumers): (Vec<_>, Vec<_>) = (0..consumers).map(|_| mpsc::channel(CHUNKS)).unzip();
    let (stop, stopped) = oneshot::channel();
    std::thread::spawn(move || {
        if let Err(error) = read(source, &senders) {
            stop.send(error).ok();
        }
    });
    Feed { consumers, stopped }
}

fn read(source: RecordSource, senders: &[mpsc::Sender<Chunk>]) -> Result<(), ReadError> {
    let mut chunk = Vec::new();
    let mut bytes = 0;
    let mut records = source.records();
    while let Some(record) = records.next() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                // The records before the bad line are played all the same.
                send(&chunk, senders);
                return Err(error);
            }
        };
        bytes += record.data.len();
        chunk.push(Arc::new(record));
        // The writer of a pipe may pause: records that were read do not wait for more.
        if chunk.len() == CHUNK_RECORDS || bytes >= CHUNK_BYTES || !records.is_ready() {
            bytes = 0;
            if !send(&std::mem::take(&mut chunk), senders) {
                return Ok(());
            }
        }
    }
    send(&chunk, senders);
    Ok(())
}

/// Sends a chunk to every consumer. Returns false if one of them is gone: then the run ends.
fn send(chunk: &Chunk, senders: &[mpsc::Sender<Chunk>]) -> bool {
    senders.iter().all(|sender| sender.blocking_send(chunk.clone()).is_ok())
}
