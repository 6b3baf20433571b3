//! The records of an open stream, encoded once for all mappings.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use super::feed::Chunk;
use super::mapping::EncodedRecord;
use crate::stream::StreamReader;

/// The largest number of records in a chunk.
const CHUNK_RECORDS: usize = 256;
/// The number of chunks that are read ahead.
const CHUNKS: usize = 4;

/// The records of an open stream, sent to each consumer.
pub struct Live {
    /// The channels with every record. They end when the stream is closed and read to its end.
    pub consumers: Vec<mpsc::Receiver<Chunk>>,
    /// The task that reads. Dropping it ends the channels.
    pub task: AbortOnDropHandle<()>,
}

/// Starts reading. As with a file, the slowest consumer holds the others back.
pub fn live(mut stream: StreamReader, consumers: usize) -> Live {
    let (senders, consumers): (Vec<_>, Vec<_>) = (0..consumers).map(|_| mpsc::channel(CHUNKS)).unzip();
    let task = tokio::spawn(async move {
        while let Some(first) = stream.next().await {
            let mut chunk: Chunk = vec![first.into()];
            while chunk.len() < CHUNK_RECORDS
                && let Some(record) = stream.next_now()
            {
                chunk.push(Arc::new(EncodedRecord::from(record)));
            }
            for sender in &senders {
                // A consumer that is gone has ended the run.
                sender.send(chunk.clone()).await.ok();
            }
        }
    });
    Live { consumers, task: AbortOnDropHandle::new(task) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::{NewRecord, OpenStream};

    #[tokio::test]
    async fn every_consumer_gets_what_is_put_on_the_stream() {
        let (stream, reader) = OpenStream::open("arn/stream".to_owned(), 3);
        let mut live = live(reader, 2);
        let mut expected = Vec::new();
        for number in 0..1000 {
            let key = format!("acme/{number}");
            let record = NewRecord { partition_key: key, explicit_hash_key: None, data: b"{}".to_vec() };
            expected.push(stream.put(record).expect("taken").sequence_number);
        }
        stream.close();
        for consumer in &mut live.consumers {
            let mut numbers = Vec::new();
            while let Some(chunk) = consumer.recv().await {
                numbers.extend(chunk.iter().map(|record| record.sequence_number().to_owned()));
            }
            assert_eq!(numbers, expected);
        }
    }
}
