//! Puts the records of one shard on the stream when they are due, as a producer's library does: in requests of those
//! that have become due, and within what a shard takes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pipegen::stream::shards::Shards;
use serde_json::{Value, json};
use ureq::Agent;

use super::latencies::Latencies;
use super::pipeline::agent;
use super::supply::{Message, Sample};

const STREAM: &str = "kinesis-inventory-staging";
/// The time for which a record waits for others.
const LINGER: Duration = Duration::from_millis(10);
/// The most records of a request.
const REQUEST: usize = 500;
/// The wait before records are sent again that the stream did not take.
const PAUSE: Duration = Duration::from_millis(100);
/// The limits of a shard in each second.
const SHARD_RECORDS: usize = 1000;
const SHARD_BYTES: usize = 1024 * 1024;

/// The sender of one shard.
pub(super) struct ShardSender<'a> {
    pub(super) queue: Receiver<Message>,
    pub(super) url: &'a str,
    pub(super) pace: Pace,
    /// Records on the stream, of all shards.
    pub(super) put: &'a AtomicU64,
    /// Hears of each sample that is on the stream.
    pub(super) samples: Sender<Sample>,
}

/// The time at which a message is sent.
#[derive(Clone, Copy)]
pub(super) enum Pace {
    /// The time at which it is due since this moment, whatever has become of those before, and within the shard's
    /// limits.
    WhenDue(Instant),
    /// At once.
    AtOnce,
}

/// The use of a shard in the present second.
#[derive(Default)]
struct ShardUse {
    second: u64,
    records: usize,
    bytes: usize,
}

impl ShardSender<'_> {
    /// Sends until the queue ends. Returns the times from due to accepted.
    pub(super) fn run(self) -> Result<Latencies> {
        let (agent, mut accepted, mut shard) = (agent(), Latencies::default(), ShardUse::default());
        let mut next = self.queue.recv().ok();
        while let Some(first) = next.take() {
            if let Pace::WhenDue(begin) = self.pace {
                thread::sleep((begin + first.due + LINGER).saturating_duration_since(Instant::now()));
                shard.wait_for_room(begin, &first);
            }
            let mut messages = vec![first];
            while messages.len() < REQUEST {
                let Ok(message) = self.queue.try_recv() else { break };
                if !self.goes_along(&message, &mut shard) {
                    next = Some(message);
                    break;
                }
                messages.push(message);
            }
            self.put(&agent, &messages)?;
            if let Pace::WhenDue(begin) = self.pace {
                let now = begin.elapsed();
                for Message { due, .. } in &messages {
                    accepted.add(*due, now.saturating_sub(*due));
                }
            }
            for sample in messages.iter().filter_map(|message| message.sample) {
                self.samples.send(sample).ok();
            }
            next = next.or_else(|| self.queue.recv().ok());
        }
        Ok(accepted)
    }

    /// Tells whether a message goes into the request that is about to be sent.
    fn goes_along(&self, message: &Message, shard: &mut ShardUse) -> bool {
        match self.pace {
            Pace::WhenDue(begin) => message.due <= begin.elapsed() && shard.take(begin.elapsed(), message),
            Pace::AtOnce => true,
        }
    }

    /// Puts the messages, those again that were not taken.
    fn put(&self, agent: &Agent, messages: &[Message]) -> Result<()> {
        let mut left: Vec<&Message> = messages.iter().collect();
        loop {
            let entries = put_records(agent, self.url, &left)?;
            ensure!(entries.len() == left.len(), "{} answers for {} records", entries.len(), left.len());
            for (message, entry) in left.iter().zip(&entries) {
                let is_right = entry["ShardId"] == Shards::id(message.shard) || entry["ErrorCode"].is_string();
                ensure!(is_right, "a record is not on its shard: {entry}");
            }
            let sent = left.len();
            left = left
                .into_iter()
                .zip(entries)
                .filter(|(_, entry)| entry["ErrorCode"].is_string())
                .map(|(message, _)| message)
                .collect();
            self.put.fetch_add((sent - left.len()) as u64, Ordering::Relaxed);
            if left.is_empty() {
                return Ok(());
            }
            thread::sleep(PAUSE);
        }
    }
}

/// Calls `PutRecords`, and returns the answer's entries.
fn put_records(agent: &Agent, url: &str, messages: &[&Message]) -> Result<Vec<Value>> {
    let record =
        |message: &&Message| json!({"PartitionKey": message.partition_key, "Data": STANDARD.encode(&message.data)});
    let body = json!({"StreamName": STREAM, "Records": messages.iter().map(record).collect::<Vec<_>>()});
    let request = agent.post(url).header("x-amz-target", "Kinesis_20131202.PutRecords");
    let mut response = request.content_type("application/x-amz-json-1.1").send(body.to_string())?;
    let text = response.body_mut().read_to_string()?;
    ensure!(response.status() == 200, "{text}");
    let mut answer: Value = serde_json::from_str(&text)?;
    answer["Records"].as_array_mut().map(std::mem::take).context("no entries")
}

impl ShardUse {
    /// Takes a message if the shard has room for it in this second.
    fn take(&mut self, now: Duration, message: &Message) -> bool {
        if self.second != now.as_secs() {
            *self = Self { second: now.as_secs(), ..Self::default() };
        }
        let bytes = self.bytes + message.partition_key.len() + message.data.len();
        let has_room = self.records < SHARD_RECORDS && bytes <= SHARD_BYTES;
        if has_room {
            self.records += 1;
            self.bytes = bytes;
        }
        has_room
    }

    /// Waits for the second in which the shard takes a message, and takes it.
    fn wait_for_room(&mut self, begin: Instant, message: &Message) {
        while !self.take(begin.elapsed(), message) {
            let next = begin + Duration::from_secs(self.second + 1);
            thread::sleep(next.saturating_duration_since(Instant::now()));
        }
    }
}
