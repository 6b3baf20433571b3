//! What every run stands on, and how it ends: whatever was started is stopped and removed, at the end, on an error and on a signal.

use std::sync::Arc;

use anyhow::Context as _;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::local::console::Console;
use crate::local::guard::Guard;
use crate::local::place::Place;
use crate::local::process::Supervisor;
use crate::local::records::ReadError;

/// What a run stands on.
pub(super) struct Stand {
    pub(super) place: Place,
    pub(super) supervisor: Arc<Supervisor>,
    pub(super) console: Arc<Console>,
    guard: Arc<Guard>,
}

/// How a run ended.
pub(super) enum Ended {
    /// After the last record, or before the first line that is none.
    Done(Option<ReadError>),
    /// By this signal.
    Interrupted(i32),
}

/// Runs, in a kept place or in one that is removed.
pub(super) fn run(
    kept: Option<Place>,
    work: impl AsyncFnOnce(&Stand, &mut Signals) -> anyhow::Result<Ended>,
) -> anyhow::Result<Ended> {
    let runtime = Runtime::new().context("cannot start the runtime")?;
    runtime.block_on(async {
        // From here on a signal ends the run and not the process.
        let mut signals = Signals::catch().context("cannot catch signals")?;
        let stand = Stand::open(kept)?;
        let ended = work(&stand, &mut signals).await;
        let closed = stand.close().await;
        let ended = ended?;
        closed?;
        Ok(ended)
    })
}

impl Stand {
    fn open(kept: Option<Place>) -> anyhow::Result<Self> {
        let place = match kept {
            Some(place) => place,
            None => Place::scratch()?,
        };
        let guard = Arc::new(Guard::start(place.to_remove()).context("cannot start /bin/sh")?);
        let supervisor = Arc::new(Supervisor::new(Arc::clone(&guard)));
        Ok(Self { place, supervisor, console: Arc::new(Console::new()), guard })
    }

    async fn close(self) -> anyhow::Result<()> {
        self.console.close();
        self.supervisor.stop_all().await;
        let removed = self.place.remove();
        self.guard.finish();
        removed.context("cannot remove the scratch folder")
    }
}

/// The signals that end a run.
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Signals {
    fn catch() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for one of them; its number.
    pub(super) async fn any(&mut self) -> i32 {
        let kind = tokio::select! {
            _ = self.interrupt.recv() => SignalKind::interrupt(),
            _ = self.terminate.recv() => SignalKind::terminate(),
            _ = self.hang_up.recv() => SignalKind::hangup(),
        };
        kind.as_raw_value()
    }
}
