//! A started stack while its records are processed, and what is put on its stream after them.

use std::sync::Arc;

use anyhow::Context as _;
use pipegen_contract::role::Role;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::started::Machine;
use crate::event_source::feed::{Chunk, Feed, feed};
use crate::event_source::live::{self, live};
use crate::event_source::pace::Pace;
use crate::event_source::progress::Progress;
use crate::local::StoppedEarly;
use crate::local::export::Export;
use crate::local::faults::{FaultSchedule, PlannedFault};
use crate::local::pollers::{PollerReports, Pollers};
use crate::local::port;
use crate::local::runner::Inputs;
use crate::local::schedule::Schedule;
use crate::local::summary::Summary;
use crate::records::{ReadError, RecordSource};
use crate::session::Ended;
use crate::session::listener::Listener;
use crate::session::signals::Signals;
use crate::stream::OpenStream;

/// The records to play, and what is to be written when they are processed.
pub(super) struct Records {
    pub(super) source: Option<RecordSource>,
    pub(super) export: Option<Export>,
    /// Faults that begin by themselves.
    pub(super) faults: Vec<PlannedFault>,
    /// The records a second that are played; as many as are taken without it.
    pub(super) pace: Option<Pace>,
    /// The database to export from.
    pub(super) database_url: String,
}

/// An open stream.
pub(super) struct Live {
    stream: Arc<OpenStream>,
    records: live::Live,
}

impl Live {
    /// Opens the stack's stream on a port.
    pub(super) fn open(machine: &mut Machine, listener: Listener) -> anyhow::Result<Self> {
        let mapping = machine.deployment.mappings.first().context("the stack has no stream")?;
        let (stream, reader) = OpenStream::open(mapping.stream.clone(), mapping.shards.unwrap_or(ON_DEMAND_SHARDS));
        let stream = Arc::new(stream);
        let records = live(reader, machine.deployment.mappings.len());
        machine.console.say(&format!("the page, the stream and AWS' APIs are at {}", listener.url()));
        machine.faults.add_stream(Arc::clone(&stream));
        port::serve(listener, machine.portal(Arc::clone(&stream)), &mut machine.runner)?;
        Ok(Self { stream, records })
    }
}

/// The number of shards that a new stream in on-demand mode has.
const ON_DEMAND_SHARDS: usize = 4;

/// A stack that processes records.
pub(super) struct Running {
    machine: Machine,
    pollers: Pollers,
    schedules: Vec<Schedule>,
    /// The error that stopped the reading of a file, if there is one and it was read to its end.
    stopped: Option<oneshot::Receiver<ReadError>>,
    live: Option<Live>,
    planned: Option<FaultSchedule>,
    export: Option<Export>,
    database_url: String,
}

impl Running {
    /// Starts to process the records, and what is put on the stream.
    pub(super) fn begin(machine: Machine, records: Records, mut live: Option<Live>) -> Self {
        let Records { source, export, faults, pace, database_url } = records;
        let mappings = machine.deployment.mappings.len();
        let progress = source.as_ref().map(|source| Progress::begin(source, Arc::clone(&machine.console)));
        let (channels, stopped) = match source {
            Some(source) => {
                let Feed { consumers, stopped } = feed(source, pace, mappings);
                (consumers, Some(stopped))
            }
            None => (no_records(mappings), None),
        };
        let live_channels = live.as_mut().map(|live| std::mem::take(&mut live.records.consumers)).unwrap_or_default();
        let lineage = live.as_ref().map(|live| live.stream.lineage()).unwrap_or_default();
        let inputs = Inputs { channels, live: live_channels, lineage, readers: JoinSet::new(), progress };
        let pollers = machine.runner.poll(inputs);
        let planned = Some(FaultSchedule::start(&machine.faults, &faults));
        Self { schedules: machine.schedules(), machine, pollers, stopped, live, planned, export, database_url }
    }

    /// Waits until the records of the file are processed.
    pub(super) async fn played(&mut self) -> anyhow::Result<Summary> {
        let reports = self.pollers.played().await;
        self.finish(reports).await
    }

    /// Waits for a signal, and then until everything is processed that was put on the stream. Another signal ends
    /// that.
    pub(super) async fn serve(&mut self, signals: &mut Signals) -> anyhow::Result<Ended<Summary>> {
        if self.schedules.is_empty() {
            self.schedules = self.machine.schedules();
        }
        self.machine.console.say("everything is kept up until Ctrl-C");
        tokio::select! {
            // Only an error ends it as long as the stream is open.
            reports = self.pollers.ended() => drop(reports?),
            // Ctrl-C is the expected end here and does not change the exit code.
            _ = signals.any() => {}
        }
        if let Some(live) = &self.live {
            live.stream.close();
        }
        if self.machine.runner.status(Role::Processor).read().waiting() > 0 {
            self.machine.console.say("processing what is still on the stream; Ctrl-C again ends at once");
        }
        let ended = async {
            let reports = self.pollers.ended().await;
            self.finish(reports).await
        };
        tokio::select! {
            summary = ended => Ok(Ended::Done(summary?)),
            number = signals.any() => Ok(Ended::Interrupted(number)),
        }
    }

    /// Ends the schedules after the records, and writes what is to be written.
    async fn finish(&mut self, reports: anyhow::Result<PollerReports>) -> anyhow::Result<Summary> {
        // `maintain` and the export need the servers.
        self.machine.faults.healed().await;
        let schedules = std::mem::take(&mut self.schedules);
        let mut summary = self.machine.runner.finish(reports, schedules).await?;
        self.machine.complete(&mut summary);
        if let Some(export) = self.export.take() {
            summary.exported = Some(export.write(&self.database_url).await?);
        }
        Ok(summary)
    }

    /// Says which of the planned faults the run was too short for.
    pub(super) fn cancel_faults(&mut self) {
        let waiting = self.planned.take().map_or(0, |planned| planned.waiting());
        if waiting > 0 {
            self.machine.console.say(&format!("the run has ended before {waiting} of the faults (--fault) began"));
        }
    }

    /// Returns the error that stopped the reading of the file, if there was one.
    pub(super) async fn stopped_early(self) -> StoppedEarly {
        self.stopped?.await.ok()
    }
}

/// Returns channels that have ended.
fn no_records(mappings: usize) -> Vec<mpsc::Receiver<Chunk>> {
    (0..mappings).map(|_| mpsc::channel(1).1).collect()
}
