//! A run: the thread that reads, the lanes that put, the checkpoint, and the signals that end it.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};
use tokio_util::sync::CancellationToken;

use super::check::Checker;
use super::checkpoint::Checkpoint;
pub use super::feed::Format;
use super::feed::{Fed, Feed};
use super::files::InputFile;
use super::lane::Board;
pub use super::lane::Patience;
pub use super::queues::Stream;
use super::queues::{Sink, start_lanes, start_reading, stream_sink};
use super::record::Record;
use super::refusals::Refusals;
use super::summary::Summary;
use crate::session::Ended;
use crate::session::console::Console;
use crate::session::signals::Signals;

/// The time between two looks at the progress, and how many of them there are between two checkpoints.
const LOOK: Duration = Duration::from_millis(200);
const LOOKS: u32 = 5;
/// The time that the reading thread gets to end after a signal; it may be waiting for standard input.
const READER_GRACE: Duration = Duration::from_millis(500);

/// The events that are sent, and their destination.
pub struct Delivery {
    pub files: Vec<InputFile>,
    pub format: Format,
    pub checker: Checker,
    pub refusals: Arc<Mutex<Refusals>>,
    pub destination: Destination,
    pub console: Arc<Console>,
}

/// The end of good events' way.
pub enum Destination {
    /// Nowhere: they are only checked.
    Nowhere,
    /// A function that prints a record.
    Printed(Print),
    Stream(Stream),
}

/// Prints a record.
pub type Print = Box<dyn FnMut(&Record) -> anyhow::Result<()> + Send>;

/// The end of a run: its summary, and the error that it ended with, if any.
pub struct Outcome {
    pub summary: Summary,
    pub ended: anyhow::Result<Ended<()>>,
}

impl Delivery {
    /// Runs to the end, to an error, or to a signal: then what is under way is finished.
    ///
    /// # Errors
    /// If the checkpoint or the list of refusals cannot be written, or no thread can be started.
    pub async fn run(self, signals: &mut Signals) -> anyhow::Result<Outcome> {
        let Self { files, format, checker, refusals, destination, console } = self;
        let began = Instant::now();
        console.begin(files.iter().map(|file| file.length).sum());
        let names: Vec<_> = files.iter().map(|file| file.name.clone()).collect();
        let (read, totals) = (Arc::default(), Arc::default());
        let mut feed = Feed {
            files,
            format,
            checker,
            refusals: Arc::clone(&refusals),
            read: Arc::clone(&read),
            fed: Arc::clone(&totals),
            earlier: None,
        };
        let (stop, board) = (CancellationToken::new(), Arc::default());
        let mut lanes = JoinSet::new();
        let (mut checkpoint, mut stream) = (None, None);
        let sink: Sink = match destination {
            Destination::Nowhere => Box::new(|_, _| Ok(ControlFlow::Continue(()))),
            Destination::Printed(mut print) => Box::new(move |_, records| {
                records.iter().try_for_each(&mut print)?;
                Ok(ControlFlow::Continue(()))
            }),
            Destination::Stream(to) => {
                let earlier =
                    |checkpoint: &Checkpoint| names.iter().map(|name| checkpoint.entry(name).cloned()).collect();
                feed.earlier = to.checkpoint.as_ref().map(earlier);
                let queues = start_lanes(&mut lanes, &to, &board, &console, &stop);
                (checkpoint, stream) = (to.checkpoint, Some(to.name));
                stream_sink(queues, Arc::clone(&board), stop.clone())
            }
        };
        let reading = start_reading(feed, sink, stop.clone())?;
        let mut running = Running {
            reading,
            lanes,
            stop,
            board,
            names,
            checkpoint,
            console,
            read,
            refusals,
            sends: stream.is_some(),
        };
        let ended = running.watch(signals).await;
        running.console.end();
        running.advance()?;
        running.refusals.lock().finish()?;
        let totals = *totals.lock();
        Ok(Outcome { summary: running.summary(stream, totals, began.elapsed()), ended })
    }
}

/// A run that has started.
struct Running {
    reading: oneshot::Receiver<anyhow::Result<()>>,
    lanes: JoinSet<anyhow::Result<()>>,
    stop: CancellationToken,
    board: Arc<Mutex<Board>>,
    /// The files' names.
    names: Vec<String>,
    checkpoint: Option<Checkpoint>,
    console: Arc<Console>,
    read: Arc<AtomicU64>,
    refusals: Arc<Mutex<Refusals>>,
    sends: bool,
}

impl Running {
    /// Waits for the end, and keeps progress and checkpoint up to date.
    async fn watch(&mut self, signals: &mut Signals) -> anyhow::Result<Ended<()>> {
        let (mut reads, mut failure, mut signal) = (true, None, None);
        let (mut looks, mut look) = (0, interval(LOOK));
        while reads || !self.lanes.is_empty() {
            tokio::select! {
                result = &mut self.reading, if reads => {
                    reads = false;
                    // What was read before is sent nevertheless.
                    failure = failure.or(result.unwrap_or_else(|_| Err(anyhow!("the reading thread has failed"))).err());
                }
                Some(ended) = self.lanes.join_next() => {
                    if let Err(error) = ended.context("a lane has failed").and_then(|result| result) {
                        failure.get_or_insert(error);
                        self.stop.cancel();
                    }
                }
                number = signals.any() => {
                    if signal.replace(number).is_some() {
                        self.lanes.abort_all();
                        break;
                    }
                    self.stop.cancel();
                    self.console.say("stopping after what is under way; Ctrl-C again ends at once");
                }
                _ = look.tick() => {
                    self.show();
                    looks += 1;
                    if looks % LOOKS == 0 {
                        self.advance()?;
                    }
                }
            }
            if self.stop.is_cancelled() && self.lanes.is_empty() && reads {
                // It may be waiting for standard input.
                drop(timeout(READER_GRACE, &mut self.reading).await);
                break;
            }
        }
        match (failure, signal) {
            (Some(error), _) => Err(error),
            (None, Some(number)) => Ok(Ended::Interrupted(number)),
            (None, None) => Ok(Ended::Done(())),
        }
    }

    fn advance(&mut self) -> anyhow::Result<()> {
        match &mut self.checkpoint {
            Some(checkpoint) => checkpoint.advance(&self.names, self.board.lock().watermark.reached()),
            None => Ok(()),
        }
    }

    fn show(&self) {
        let sent = if self.sends { format!("{} events sent, ", self.board.lock().events) } else { String::new() };
        let message = format!("{sent}{} refused", self.refusals.lock().total());
        self.console.show(self.read.load(Ordering::Relaxed), message);
    }

    fn summary(&self, stream: Option<String>, fed: Fed, took: Duration) -> Summary {
        let (board, refusals) = (self.board.lock(), self.refusals.lock());
        Summary {
            stream,
            files: self.names.len() as u64,
            skipped: fed.skipped,
            lines: fed.units,
            events: fed.events,
            sent: board.events,
            refused: refusals.total(),
            reasons: refusals.counts().clone(),
            records: board.records,
            bytes: board.bytes,
            requests: board.requests,
            throttled: board.throttled,
            failed: board.failed,
            seconds: took.as_secs_f64(),
        }
    }
}
