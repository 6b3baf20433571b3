//! Plays records: reads them once, for every consumer of the stream.

use std::sync::Arc;

use crate::event_source::poller::{Poller, PollerReport};
use crate::event_source::progress::Progress;
use crate::records::{Feed, ReadError, Source, feed};
use crate::session::console::Console;

/// The stream's consumers.
pub struct Consumers {
    /// Its progress is what is shown.
    pub processor: Poller,
    /// Reads beside it, in its own time.
    pub archiver: Poller,
}

/// What came of playing a source.
#[derive(Debug)]
pub struct Played {
    /// What the processor did.
    pub processed: PollerReport,
    /// What the archiver did.
    pub archived: PollerReport,
    /// Why reading stopped before the end, if it did. What stood before was played.
    pub stopped: Option<ReadError>,
}

/// Plays a source to its end, and waits until each consumer has acknowledged or given up every record of it.
pub async fn play(source: Source, consumers: Consumers, console: Arc<Console>) -> anyhow::Result<Played> {
    let Consumers { mut processor, archiver } = consumers;
    processor.progress = Some(Progress::begin(&source, Arc::clone(&console)));
    let Feed { readers: [for_processor, for_archiver], stopped } = feed(source);
    let result = tokio::try_join!(processor.consume(for_processor), archiver.consume(for_archiver));
    console.end();
    let (processed, archived) = result?;
    Ok(Played { processed, archived, stopped: stopped.await.ok() })
}
