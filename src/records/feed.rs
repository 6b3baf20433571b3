//! A thread that reads and parses ahead, a bounded number of records, for any number of readers.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::{ReadError, Record, Source};

/// Records that are handed over together, since a hand-over costs more than a record.
pub type Chunk = Vec<Arc<Record>>;

/// How many records a chunk holds at most.
const CHUNK_RECORDS: usize = 256;
/// How many bytes of data a chunk holds at most, but for its last record.
const CHUNK_BYTES: usize = 512 * 1024;
/// How many chunks lie ready for a reader at most.
const CHUNKS: usize = 4;

/// One reading of a source.
pub struct Feed<const READERS: usize> {
    /// What each reader gets: every record. A channel ends after the last one, or before the first line that is none.
    pub readers: [mpsc::Receiver<Chunk>; READERS],
    /// Why reading stopped before the end, if it did.
    pub stopped: oneshot::Receiver<ReadError>,
}

/// Starts reading. The slowest reader holds it back: none is ever further ahead of another than by what lies ready.
///
/// A plain thread rather than one of the runtime's: a read of standard input cannot be interrupted, and the runtime
/// would wait for it at the end of the process. When a receiver is dropped the thread ends with its next chunk.
pub fn feed<const READERS: usize>(source: Source) -> Feed<READERS> {
    let mut senders = Vec::new();
    let readers = std::array::from_fn(|_| {
        let (sender, reader) = mpsc::channel(CHUNKS);
        senders.push(sender);
        reader
    });
    let (stop, stopped) = oneshot::channel();
    std::thread::spawn(move || {
        if let Err(error) = read(source, &senders) {
            stop.send(error).ok();
        }
    });
    Feed { readers, stopped }
}

fn read(source: Source, readers: &[mpsc::Sender<Chunk>]) -> Result<(), ReadError> {
    let mut chunk = Vec::new();
    let mut bytes = 0;
    let mut records = source.records();
    while let Some(record) = records.next() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                // What stands before the bad line is played all the same.
                hand_over(&chunk, readers);
                return Err(error);
            }
        };
        bytes += record.data.len();
        chunk.push(Arc::new(record));
        // Whoever writes into a pipe may pause: what is there is not held back for what is not.
        if chunk.len() == CHUNK_RECORDS || bytes >= CHUNK_BYTES || !records.is_ready() {
            bytes = 0;
            if !hand_over(&std::mem::take(&mut chunk), readers) {
                return Ok(());
            }
        }
    }
    hand_over(&chunk, readers);
    Ok(())
}

/// Gives a chunk to every reader; false if one is gone, with whom the run ends.
fn hand_over(chunk: &Chunk, readers: &[mpsc::Sender<Chunk>]) -> bool {
    readers.iter().all(|reader| reader.blocking_send(chunk.clone()).is_ok())
}
