//! A stream that takes `PutRecords` over HTTP, and does to requests what a test wants. It says nothing of how Kinesis
//! behaves; the requests are those of the real SDK.

use std::collections::VecDeque;
use std::future::pending;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// The answer to one request.
pub(crate) enum Answer {
    /// Takes all records but those of these indices, whose error code this is.
    AllBut(Vec<usize>, &'static str),
    /// Takes none, with this status and error code.
    Error(u16, &'static str),
    /// Takes all records, and then ends the connection without an answer.
    Dropped,
    /// Never answers.
    Silence,
}

/// A record on the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) key: String,
    pub(crate) data: String,
    /// The number of its request.
    pub(crate) request: usize,
}

#[derive(Default)]
struct State {
    answers: VecDeque<Answer>,
    requests: Vec<usize>,
    taken: Vec<Taken>,
}

/// A stream on this machine, which ends when this is dropped.
pub(crate) struct TestStream {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
    _runtime: Runtime,
}

impl TestStream {
    /// Starts a stream that gives these answers, and afterwards takes everything.
    pub(crate) fn start(answers: impl IntoIterator<Item = Answer>) -> Self {
        let runtime = Runtime::new().unwrap();
        let state = Arc::new(Mutex::new(State { answers: answers.into_iter().collect(), ..State::default() }));
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::clone(&state);
        let handler = move |headers: HeaderMap, body: Bytes| answer(Arc::clone(&shared), headers, body);
        let router = Router::new().fallback(handler).layer(axum::extract::DefaultBodyLimit::disable());
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self { url, state, _runtime: runtime }
    }

    /// Returns all records on the stream.
    pub(crate) fn taken(&self) -> Vec<Taken> {
        self.state.lock().unwrap().taken.clone()
    }

    /// Returns the number of records in each request.
    pub(crate) fn requests(&self) -> Vec<usize> {
        self.state.lock().unwrap().requests.clone()
    }
}

async fn answer(state: Arc<Mutex<State>>, headers: HeaderMap, body: Bytes) -> Response {
    assert_eq!(headers["x-amz-target"], "Kinesis_20131202.PutRecords");
    let request: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(request["StreamName"], "kinesis-inventory-staging");
    let records = request["Records"].as_array().unwrap();
    let bytes: usize = records
        .iter()
        .map(|record| {
            STANDARD.decode(record["Data"].as_str().unwrap()).unwrap().len()
                + record["PartitionKey"].as_str().unwrap().len()
        })
        .sum();
    assert!(records.len() <= 500 && bytes <= 5 * 1024 * 1024, "{} records of {bytes} bytes", records.len());
    let (answer, results) = {
        let mut state = state.lock().unwrap();
        let answer = state.answers.pop_front().unwrap_or(Answer::AllBut(Vec::new(), ""));
        let number = state.requests.len();
        state.requests.push(records.len());
        let refused = |index: usize| match &answer {
            Answer::AllBut(refused, code) => refused.contains(&index).then_some(*code),
            Answer::Error(..) | Answer::Silence => Some(""),
            Answer::Dropped => None,
        };
        let mut results = Vec::new();
        for (index, record) in records.iter().enumerate() {
            if let Some(code) = refused(index) {
                results.push(json!({ "ErrorCode": code, "ErrorMessage": "for a test" }));
                continue;
            }
            let data = STANDARD.decode(record["Data"].as_str().unwrap()).unwrap();
            let key = record["PartitionKey"].as_str().unwrap().to_owned();
            state.taken.push(Taken { key, data: String::from_utf8(data).unwrap(), request: number });
            results.push(json!({ "SequenceNumber": "49", "ShardId": "shardId-000000000000" }));
        }
        (answer, results)
    };
    match answer {
        Answer::AllBut(refused, _) => {
            amz_json(StatusCode::OK, &json!({ "FailedRecordCount": refused.len(), "Records": results }))
        }
        Answer::Error(status, code) => {
            amz_json(StatusCode::from_u16(status).unwrap(), &json!({ "__type": code, "message": "for a test" }))
        }
        Answer::Dropped => resume_unwind(Box::new(())),
        Answer::Silence => pending().await,
    }
}

fn amz_json(status: StatusCode, body: &Value) -> Response {
    (status, [("content-type", "application/x-amz-json-1.1")], body.to_string()).into_response()
}
