//! An event source mapping: Lambda's rules around invocations whose processes crash and whose answers get lost. An
//! updated mapping starts again behind what is done without a gap, while old invocations go on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use pipegen::deployment::MappingConfiguration;
use pipegen::event_source::mapping::{EncodedRecord, EventSourceMapping, LaneId, MappingSettings, Step, event};
use pipegen::lambda_host::InvocationOutcome;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

use crate::processes::Process;
use crate::stream::Place;
use crate::world::World;

/// A message to a mapping.
pub(crate) enum Message {
    /// There is a new record.
    Put,
    /// The mapping is updated to another parallelization.
    Update,
    /// No more records come.
    End,
    /// An invocation of this update has ended; its process, unless that has crashed.
    Finished { update: u32, lane: LaneId, outcome: InvocationOutcome, process: Option<Process> },
}

/// A mapping at work.
pub(crate) struct Poller {
    world: Arc<World>,
    new_process: fn(&World) -> Process,
    mapping: EventSourceMapping,
    parallelization: usize,
    update: u32,
    /// By shard, the number of records that the mapping has.
    offered: Vec<usize>,
    /// The records that are done.
    done: BTreeSet<Place>,
    in_flight: BTreeMap<LaneId, Vec<Place>>,
    idle: Vec<Process>,
    has_lost_processes: bool,
    ended: bool,
    inbox: UnboundedReceiver<Message>,
    outbox: UnboundedSender<Message>,
}

/// The remains of a mapping that has ended.
pub(crate) struct Leftover {
    pub(crate) processes: Vec<Process>,
    pub(crate) has_lost_processes: bool,
}

impl Poller {
    pub(crate) fn new(world: &Arc<World>, new_process: fn(&World) -> Process) -> Self {
        let (outbox, inbox) = unbounded_channel();
        world.mappings.lock().push(outbox.clone());
        let parallelization = world.plan.parallelization;
        Self {
            world: Arc::clone(world),
            new_process,
            mapping: EventSourceMapping::new(settings(world, parallelization)),
            parallelization,
            update: 0,
            offered: vec![0; world.stream.shards()],
            done: BTreeSet::new(),
            in_flight: BTreeMap::new(),
            idle: Vec::new(),
            has_lost_processes: false,
            ended: false,
            inbox,
            outbox,
        }
    }

    /// Works until the input has ended and everything is done.
    pub(crate) async fn run(mut self) -> Leftover {
        loop {
            self.offer();
            let until = match self.mapping.next(self.world.schedule.elapsed()) {
                Step::Invoke { lane, records } => {
                    self.invoke(lane, &records);
                    continue;
                }
                Step::Discard { discarded, .. } => {
                    self.world.schedule.broken(format!("P4: {} records are discarded", discarded.records.len()));
                    continue;
                }
                Step::Done => {
                    return Leftover { processes: self.idle, has_lost_processes: self.has_lost_processes };
                }
                Step::Wait(until) => until,
            };
            let now = self.world.schedule.elapsed();
            let wait = until.map_or(Duration::from_hours(1), |until| until.saturating_sub(now));
            if let Ok(message) = timeout(wait.max(Duration::from_millis(1)), self.inbox.recv()).await {
                self.hear(message.expect("this holds a sender, too"));
            }
        }
    }

    fn offer(&mut self) {
        let now = self.world.schedule.elapsed();
        for shard in 0..self.offered.len() {
            for kept in self.world.stream.from(shard, self.offered[shard]) {
                self.mapping.offer(kept.encoded, now).expect("there is room for all");
                self.offered[shard] += 1;
            }
        }
    }

    fn hear(&mut self, message: Message) {
        match message {
            Message::Put => {}
            Message::End => {
                self.ended = true;
                self.mapping.end();
            }
            Message::Update => self.start_again(),
            Message::Finished { update, lane, outcome, process } => {
                self.has_lost_processes |= process.is_none();
                self.idle.extend(process);
                if update == self.update {
                    let places = self.in_flight.remove(&lane).unwrap_or_default();
                    if self.mapping.finished(lane, &outcome, self.world.schedule.elapsed()) {
                        self.done.extend(places);
                    }
                }
            }
        }
    }

    fn start_again(&mut self) {
        self.update += 1;
        self.parallelization = 3 - self.parallelization;
        self.world.schedule.note(format!("a mapping starts again with parallelization {}", self.parallelization));
        self.mapping = EventSourceMapping::new(settings(&self.world, self.parallelization));
        if self.ended {
            self.mapping.end();
        }
        self.in_flight.clear();
        for shard in 0..self.offered.len() {
            let first = (0..self.offered[shard]).find(|position| !self.done.contains(&(shard, *position)));
            self.offered[shard] = first.unwrap_or(self.offered[shard]);
            let first = self.offered[shard];
            self.done.retain(|place| place.0 != shard || place.1 < first);
        }
    }

    fn invoke(&mut self, lane: LaneId, records: &[Arc<EncodedRecord>]) {
        let places = self.world.stream.places(records);
        let event = event(records, &settings(&self.world, 1).origin);
        self.in_flight.insert(lane, places.clone());
        let process = if self.idle.is_empty() {
            (self.new_process)(&self.world)
        } else {
            self.idle.swap_remove(self.world.schedule.below(self.idle.len()))
        };
        let (world, outbox, update) = (Arc::clone(&self.world), self.outbox.clone(), self.update);
        self.world.schedule.spawn(async move {
            let text = format!("{} {places:?}", process.name());
            world.schedule.note(format!("invoke {text}"));
            let (outcome, process) = process.invoke(&world, &event).await;
            world.schedule.note(format!("ended  {text}: {}", shown(&outcome, process.is_some())));
            if !world.is_healed() && world.schedule.one_in(world.plan.updates_before_answers) {
                world.tell(|| Message::Update);
            }
            // A mapping that has ended does not wait for what it started before its last update.
            outbox.send(Message::Finished { update, lane, outcome, process }).ok();
        });
    }
}

fn shown(outcome: &InvocationOutcome, is_alive: bool) -> String {
    match outcome {
        InvocationOutcome::Answered(answer) => String::from_utf8_lossy(answer).into_owned(),
        InvocationOutcome::Failed if is_alive => "error".to_owned(),
        InvocationOutcome::Failed => "crashed".to_owned(),
    }
}

fn settings(world: &World, parallelization: usize) -> MappingSettings {
    let mapping = MappingConfiguration {
        id: "mapping".to_owned(),
        function: "function".to_owned(),
        stream: "arn:aws:kinesis:us-east-1:000000000000:stream/stream".to_owned(),
        shards: None,
        batch_size: world.plan.batch_size,
        window: world.plan.window,
        parallelization,
        bisect: true,
        maximum_retries: None,
        maximum_age: None,
        on_failure_bucket: "discarded".to_owned(),
    };
    MappingSettings::new(&mapping, "arn:aws:iam::000000000000:role/role")
}
