//! The way of records from the reading thread to the lanes.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::thread;

use anyhow::Context as _;
use aws_sdk_kinesis::Client;
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::checkpoint::Checkpoint;
use super::feed::Feed;
use super::lane::{Board, Lane, Patience, Queued};
use super::record::Record;
use super::watermark::Position;
use crate::session::console::Console;

/// The number of requests that are under way at a time.
const LANES: usize = 4;
/// Records that wait for a lane.
const QUEUE: usize = 500;
/// The memory of all records that are on their way, in KiB.
const MEMORY: usize = 32 * 1024;

/// A stream, and how records get there.
pub struct Stream {
    pub client: Client,
    pub name: String,
    pub patience: Patience,
    pub checkpoint: Option<Checkpoint>,
}

/// Takes the records of a unit, in the reading thread.
pub(super) type Sink = Box<dyn FnMut(Position, Vec<Record>) -> anyhow::Result<ControlFlow<()>> + Send>;

/// Starts the lanes, and returns the queue of each.
pub(super) fn start_lanes(
    lanes: &mut JoinSet<anyhow::Result<()>>,
    to: &Stream,
    board: &Arc<Mutex<Board>>,
    console: &Arc<Console>,
    stop: &CancellationToken,
) -> Vec<mpsc::Sender<Queued>> {
    let stream: Arc<str> = to.name.as_str().into();
    let start = |_| {
        let (sender, queue) = mpsc::channel(QUEUE);
        let lane = Lane {
            client: to.client.clone(),
            stream: Arc::clone(&stream),
            queue,
            board: Arc::clone(board),
            console: Arc::clone(console),
            patience: to.patience,
            stop: stop.clone(),
            held: None,
        };
        lanes.spawn(lane.run());
        sender
    };
    (0..LANES).map(start).collect()
}

/// Spreads records over the lanes by their partition keys, as fast as lanes and memory allow.
pub(super) fn stream_sink(
    queues: Vec<mpsc::Sender<Queued>>,
    board: Arc<Mutex<Board>>,
    stop: CancellationToken,
) -> Sink {
    let memory = Arc::new(Semaphore::new(MEMORY));
    let runtime = Handle::current();
    Box::new(move |position, records| {
        let unit = board.lock().watermark.begin(position, records.len());
        for record in records {
            let mut hasher = DefaultHasher::new();
            record.partition_key.hash(&mut hasher);
            let lane = usize::try_from(hasher.finish() % queues.len() as u64).unwrap_or_default();
            let handing_over = async {
                let size = u32::try_from(record.bytes() / 1024 + 1).unwrap_or(u32::MAX);
                let memory = Arc::clone(&memory).acquire_many_owned(size).await.ok()?;
                queues.get(lane)?.send(Queued { record, unit, _memory: memory }).await.ok()
            };
            let stopping = async {
                tokio::select! {
                    handed = handing_over => handed,
                    () = stop.cancelled() => None,
                }
            };
            if runtime.block_on(stopping).is_none() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    })
}

/// Starts the thread that reads. Its result comes when it ends.
pub(super) fn start_reading(
    feed: Feed,
    mut sink: Sink,
    stop: CancellationToken,
) -> anyhow::Result<oneshot::Receiver<anyhow::Result<()>>> {
    let (sender, receiver) = oneshot::channel();
    let read = move || {
        let result = feed.run(
            |position, records| {
                if stop.is_cancelled() { Ok(ControlFlow::Break(())) } else { sink(position, records) }
            },
        );
        // The lanes end when they have sent what is queued.
        drop(sink);
        // Nobody waits for it after a second signal.
        drop(sender.send(result));
    };
    thread::Builder::new().name("reader".to_owned()).spawn(read).context("cannot start a thread")?;
    Ok(receiver)
}
