//! `pipegen rejected redrive`: puts rejected events on a stream again.

use std::collections::VecDeque;
use std::process::ExitCode;
use std::thread;

use chrono::{TimeDelta, Utc};
use pipegen_event::decode;
use serde::Serialize;
use tokio::sync::mpsc;

use super::{objects, quarantine, selection};
use crate::archive::rejections::{DISCARDED, Rejection, each_rejection};
use crate::aws::put_records::{OutgoingRecord, StreamWriter};
use crate::aws::put_request::Placed;
use crate::cli::RejectedRedriveArgs;
use crate::printer::{self, Lines};
use crate::records::{ReadError, Record, RecordSource, partition_key};

/// The number of events that are named because they are left out.
const NAMED: u64 = 20;

/// Something that is put, as it is printed.
#[derive(Serialize)]
struct Sent {
    /// None for an edited event.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Its place on the stream when it was rejected.
    shard: String,
    sequence_number: String,
    index: u32,
    partition_key: String,
    /// Its place now; null in a dry run.
    put: Option<Place>,
}

#[derive(Serialize)]
struct Place {
    shard: String,
    sequence_number: String,
}

/// Puts the events on the stream, and prints each once it is there.
pub(super) fn run(args: &RejectedRedriveArgs) -> anyhow::Result<ExitCode> {
    let selection = selection(&args.selection)?;
    let edited = args.edited.as_deref().map(|path| RecordSource::open(Some(path))).transpose();
    let edited = edited.map_err(|error| objects::named_wrongly(&error.into()))?;
    let reads_stack = args.edited.is_none() && args.objects.folder.is_none();
    let environment = objects::target(&args.target, reads_stack.then_some(&*args.objects.stack.env))?;
    objects::until_signal(async || {
        let writer =
            if args.dry_run { None } else { Some(objects::writer(environment, &args.target, &args.objects).await?) };
        let mut redrive = Redrive {
            writer,
            waiting: VecDeque::new(),
            lines: Lines::default(),
            put: 0,
            left_out: 0,
            is_dry: args.dry_run,
        };
        if let Some(source) = edited {
            let mut records = read_ahead(source);
            while let Some(record) = records.recv().await {
                redrive.edited(record?).await?;
            }
        } else {
            let quarantine = quarantine(&args.objects).await?;
            each_rejection(&quarantine, &selection, async |rejection| {
                redrive.rejected(rejection).await?;
                Ok(true)
            })
            .await?;
        }
        redrive.finish().await
    })
}

/// Reads records by a thread of its own: a read of standard input cannot be interrupted.
fn read_ahead(source: RecordSource) -> mpsc::Receiver<Result<Record, ReadError>> {
    let (sender, records) = mpsc::channel(100);
    thread::spawn(move || {
        for record in source.records() {
            if sender.blocking_send(record).is_err() {
                break;
            }
        }
    });
    records
}

/// Events on their way.
struct Redrive {
    /// None in a dry run.
    writer: Option<StreamWriter>,
    /// The events of which the writer has not yet told the places, in order.
    waiting: VecDeque<Sent>,
    lines: Lines,
    put: u64,
    left_out: u64,
    is_dry: bool,
}

impl Redrive {
    /// Puts an event or a discarded record. The latter was never processed, so whatever is in it goes on.
    async fn rejected(&mut self, rejection: Rejection) -> anyhow::Result<()> {
        let Rejection { reason, shard, sequence_number, index, data, .. } = rejection;
        if reason != DISCARDED && !self.is_acceptable(&data, &format!("{shard} {sequence_number}, event {index}")) {
            return Ok(());
        }
        let partition_key = rejection.partition_key.unwrap_or_else(|| partition_key(&data));
        self.put(Sent { reason: Some(reason), shard, sequence_number, index, partition_key, put: None }, data).await
    }

    async fn edited(&mut self, record: Record) -> anyhow::Result<()> {
        let Record { shard, sequence_number, data, .. } = record;
        if !self.is_acceptable(&data, &format!("{shard} {sequence_number}")) {
            return Ok(());
        }
        // It may be about another product now.
        let partition_key = partition_key(&data);
        self.put(Sent { reason: None, shard, sequence_number, index: 0, partition_key, put: None }, data).await
    }

    /// Returns true if the stack may accept any event of a record that arrives now. Its horizon and suppliers are not
    /// known here.
    fn is_acceptable(&mut self, data: &[u8], place: &str) -> bool {
        let decoded = decode(data, Utc::now(), TimeDelta::MAX);
        let Some(rejection) = decoded.iter().find_map(|event| event.outcome.as_ref().err()) else { return true };
        if decoded.iter().any(|event| event.outcome.is_ok()) {
            return true;
        }
        self.left_out += 1;
        if self.left_out <= NAMED {
            printer::talk(&format!("left out: {place}: {rejection}"));
        } else if self.left_out == NAMED + 1 {
            printer::talk("… more is left out and only counted: name a --reason that was put right");
        }
        false
    }

    async fn put(&mut self, sent: Sent, data: Vec<u8>) -> anyhow::Result<()> {
        let partition_key = sent.partition_key.clone();
        self.waiting.push_back(sent);
        match &mut self.writer {
            Some(writer) => {
                let places = writer.add(OutgoingRecord { partition_key, data }).await?;
                self.print(places.into_iter().map(Some))
            }
            None => self.print([None]),
        }
    }

    /// Prints the first ones that wait, with their places.
    fn print(&mut self, places: impl IntoIterator<Item = Option<Placed>>) -> anyhow::Result<()> {
        for place in places {
            let Some(mut sent) = self.waiting.pop_front() else { break };
            self.put += 1;
            sent.put = place.map(|Placed { shard, sequence_number }| Place { shard, sequence_number });
            self.lines.write(&serde_json::to_string(&sent)?)?;
        }
        Ok(())
    }

    async fn finish(mut self) -> anyhow::Result<ExitCode> {
        if let Some(writer) = &mut self.writer {
            let places = writer.flush().await?;
            self.print(places.into_iter().map(Some))?;
        }
        self.lines.finish()?;
        let verb = match (self.is_dry, self.put) {
            (true, _) => "would be put",
            (false, 1) => "was put",
            (false, _) => "were put",
        };
        printer::talk(&format!("{} {verb} on the stream, {} left out", self.put, self.left_out));
        Ok(if self.left_out == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
