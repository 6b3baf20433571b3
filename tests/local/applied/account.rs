//! A pretended account on loopback: a stream with two shards, and a bucket that takes everything.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pipegen::session::listener::{Listener, Server};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// The stream's ARN.
pub(crate) const STREAM: &str = "arn:aws:kinesis:us-east-1:123456789012:stream/kinesis-inventory-test";

/// How many records an answer holds at most.
const PAGE: usize = 7;

/// An object that was put.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) path: String,
    pub(crate) body: String,
}

#[derive(Default)]
struct Inside {
    shards: BTreeMap<&'static str, Vec<&'static str>>,
    objects: Vec<Sent>,
    /// Iterators of an older generation have expired.
    generation: u64,
    /// Readers by shard and generation that have found nothing more, by the number in their iterators.
    waiting: BTreeMap<(String, u64), Vec<u64>>,
    readers: u64,
}

/// A running account. It ends with this.
pub(crate) struct Account {
    inside: Arc<Mutex<Inside>>,
    url: String,
    server: Option<(Server, Runtime)>,
}

impl Account {
    pub(crate) fn open() -> Self {
        let shards = ["shardId-0", "shardId-1"].map(|shard| (shard, Vec::new())).into();
        let inside = Arc::new(Mutex::new(Inside { shards, ..Inside::default() }));
        let routes = Router::new().route("/", post(kinesis)).fallback(s3).with_state(Arc::clone(&inside));
        let runtime = Runtime::new().expect("a runtime");
        let door = Listener::open(0).expect("a port");
        let url = door.url();
        let server = runtime.block_on(async { door.serve(routes) }).expect("served");
        Self { inside, url, server: Some((server, runtime)) }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Puts a record on a shard.
    pub(crate) fn put(&self, shard: &'static str, data: &'static str) {
        self.inside.lock().expect("alive").shards.get_mut(shard).expect("a shard").push(data);
    }

    /// Every iterator that was given out until now is none any more.
    pub(crate) fn expire_iterators(&self) {
        self.inside.lock().expect("alive").generation += 1;
    }

    /// How many readers have found the end of this shard.
    pub(crate) fn waiting_readers(&self, shard: &str) -> usize {
        let inside = self.inside.lock().expect("alive");
        inside.waiting.get(&(shard.to_owned(), inside.generation)).map_or(0, Vec::len)
    }

    /// What was put into buckets.
    pub(crate) fn stored(&self) -> Vec<Sent> {
        self.inside.lock().expect("alive").objects.clone()
    }

    /// Goes away.
    pub(crate) fn close(&mut self) {
        if let Some((_, runtime)) = self.server.take() {
            runtime.shutdown_background();
        }
    }
}

async fn s3(State(inside): State<Arc<Mutex<Inside>>>, uri: Uri, body: Bytes) -> StatusCode {
    let body = String::from_utf8_lossy(&body).into_owned();
    // The SDK sends a body in signed chunks: a line of their lengths before and after.
    let body = body
        .split_once("\r\n")
        .map_or(body.clone(), |(_, rest)| rest.split("\r\n").next().unwrap_or_default().to_owned());
    inside.lock().expect("alive").objects.push(Sent { path: uri.path().to_owned(), body });
    StatusCode::OK
}

async fn kinesis(State(inside): State<Arc<Mutex<Inside>>>, headers: HeaderMap, body: Bytes) -> Response {
    let request: Value = serde_json::from_slice(&body).expect("JSON");
    let target = headers["x-amz-target"].to_str().expect("text");
    let mut inside = inside.lock().expect("alive");
    let answer = match target {
        "Kinesis_20131202.ListShards" => Ok(inside.list_shards(&request)),
        "Kinesis_20131202.GetShardIterator" => Ok(inside.iterator(&request)),
        "Kinesis_20131202.GetRecords" => inside.records(&request),
        _ => panic!("{target} is not pretended"),
    };
    match answer {
        Ok(answer) => answer.to_string().into_response(),
        Err(kind) => {
            (StatusCode::BAD_REQUEST, json!({"__type": kind, "message": "as told"}).to_string()).into_response()
        }
    }
}

impl Inside {
    /// One shard a page.
    fn list_shards(&self, request: &Value) -> Value {
        let place: usize = request["NextToken"].as_str().map_or(0, |token| token.parse().expect("a place"));
        assert_eq!(request["StreamARN"] == STREAM, place == 0, "the stream or a token: {request}");
        let shard = self.shards.keys().nth(place).expect("a shard");
        let range = json!({"StartingHashKey": "0", "EndingHashKey": "1"});
        let shards =
            json!([{"ShardId": shard, "HashKeyRange": range, "SequenceNumberRange": {"StartingSequenceNumber": "0"}}]);
        let next = (place + 1 < self.shards.len()).then(|| (place + 1).to_string());
        json!({"Shards": shards, "NextToken": next})
    }

    fn iterator(&mut self, request: &Value) -> Value {
        let shard = request["ShardId"].as_str().expect("a shard");
        let place = match request["ShardIteratorType"].as_str().expect("a type") {
            "TRIM_HORIZON" => 0,
            "AFTER_SEQUENCE_NUMBER" => {
                let last: usize = request["StartingSequenceNumber"].as_str().expect("text").parse().expect("a number");
                last + 1
            }
            other => panic!("{other} is not pretended"),
        };
        self.readers += 1;
        json!({"ShardIterator": format!("{shard} {place} {} {}", self.generation, self.readers)})
    }

    fn records(&mut self, request: &Value) -> Result<Value, &'static str> {
        let iterator = request["ShardIterator"].as_str().expect("an iterator");
        let [shard, place, generation, reader] = iterator.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{iterator}")
        };
        if generation != self.generation.to_string() {
            return Err("ExpiredIteratorException");
        }
        let place: usize = place.parse().expect("a place");
        let all = &self.shards[shard];
        let record = |(number, data): (usize, &&str)| {
            json!({"SequenceNumber": number.to_string(), "PartitionKey": "k", "Data": STANDARD.encode(data),
                "ApproximateArrivalTimestamp": 1_795_410_000.25})
        };
        let found: Vec<_> = all.iter().enumerate().skip(place).take(PAGE).map(record).collect();
        if found.is_empty() && place > 0 {
            let waiting = self.waiting.entry((shard.to_owned(), self.generation)).or_default();
            let reader = reader.parse().expect("a number");
            if !waiting.contains(&reader) {
                waiting.push(reader);
            }
        }
        let next = format!("{shard} {} {generation} {reader}", place + found.len());
        Ok(json!({"Records": found, "NextShardIterator": next, "MillisBehindLatest": 0}))
    }
}
