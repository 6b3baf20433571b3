//! A thread that reads and parses ahead, a bounded number of records.

use tokio::sync::mpsc;

use super::{ReadError, Record, Source};

/// Records that are handed over together, since a hand-over costs more than a record.
pub type Chunk = Result<Vec<Record>, ReadError>;

/// How many records a chunk holds at most.
const CHUNK_RECORDS: usize = 256;
/// How many bytes of data a chunk holds at most, but for its last record.
const CHUNK_BYTES: usize = 512 * 1024;
/// How many chunks lie ready at most.
const CHUNKS: usize = 4;

/// Starts reading. The channel ends after the last record or after the first error.
///
/// A plain thread rather than one of the runtime's: a read of standard input cannot be interrupted, and the runtime
/// would wait for it at the end of the process. When the receiver is dropped the thread ends with its next chunk.
pub fn feed(source: Source) -> mpsc::Receiver<Chunk> {
    let (sender, receiver) = mpsc::channel(CHUNKS);
    std::thread::spawn(move || {
        let mut chunk = Vec::new();
        let mut bytes = 0;
        for record in source.records() {
            match record {
                Ok(record) => {
                    bytes += record.data.len();
                    chunk.push(record);
                    if chunk.len() == CHUNK_RECORDS || bytes >= CHUNK_BYTES {
                        bytes = 0;
                        if sender.blocking_send(Ok(std::mem::take(&mut chunk))).is_err() {
                            return;
                        }
                    }
                }
                Err(error) => {
                    // What stands before the bad line is played all the same.
                    if sender.blocking_send(Ok(std::mem::take(&mut chunk))).is_ok() {
                        sender.blocking_send(Err(error)).ok();
                    }
                    return;
                }
            }
        }
        sender.blocking_send(Ok(chunk)).ok();
    });
    receiver
}
