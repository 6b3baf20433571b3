//! One instance of a function: its process, and Lambda's Runtime API for it. What takes time in `pipegen local`'s host
//! (freezing, logs, pools) is left out.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use chrono::Utc;
use pipegen::session::listener::{Listener, Server};
use tokio::sync::{Mutex, mpsc};
use tokio::time::timeout;

/// The time within which an instance starts or answers.
const LIMIT: Duration = Duration::from_mins(1);

/// A process that takes one event after the other.
pub(crate) struct Instance {
    process: Child,
    /// From starting the program until it asked for its first event.
    pub(crate) start: Duration,
    events: mpsc::Sender<Bytes>,
    results: mpsc::Receiver<Message>,
    _server: Server,
}

enum Message {
    Polled(Instant),
    Answered(Instant, Bytes),
    Failed(Bytes),
}

struct Api {
    events: Mutex<mpsc::Receiver<Bytes>>,
    messages: mpsc::Sender<Message>,
}

impl Instance {
    /// Starts the program with these variables only, and waits until it asks for its first event. Call it in a Tokio
    /// runtime.
    pub(crate) async fn start(program: &Path, variables: &[(String, String)]) -> Result<Self> {
        let listener = Listener::open(0)?;
        let address = listener.address();
        let (events, received) = mpsc::channel(1);
        let (messages, mut results) = mpsc::channel(8);
        let server = listener.serve(routes(Arc::new(Api { events: Mutex::new(received), messages })))?;
        let mut command = Command::new(program);
        command.env_clear().envs(variables.iter().map(|(name, value)| (name, value)));
        command.envs(from_lambda()).env("AWS_LAMBDA_RUNTIME_API", address.to_string());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let started = Instant::now();
        let process = command.spawn().with_context(|| format!("cannot start {}", program.display()))?;
        let polled = timeout(LIMIT, results.recv()).await;
        let mut instance = Self { process, start: Duration::ZERO, events, results, _server: server };
        let Ok(Some(Message::Polled(at))) = polled else {
            return Err(anyhow!("{} does not ask for an event ({:?})", program.display(), instance.process.try_wait()));
        };
        instance.start = at - started;
        Ok(instance)
    }

    /// Passes an event and returns the answer, and the time until it came.
    pub(crate) async fn invoke(&mut self, event: Bytes) -> Result<(Bytes, Duration)> {
        let sent = Instant::now();
        self.events.send(event).await?;
        loop {
            match timeout(LIMIT, self.results.recv()).await.context("the function does not answer")? {
                Some(Message::Polled(_)) => {}
                Some(Message::Answered(at, answer)) => return Ok((answer, at - sent)),
                Some(Message::Failed(why)) => return Err(anyhow!("{}", String::from_utf8_lossy(&why))),
                None => return Err(anyhow!("the Runtime API has ended")),
            }
        }
    }

    /// Passes a batch, which must be accepted as a whole.
    pub(crate) async fn process(&mut self, batch: Bytes) -> Result<Duration> {
        let (answer, time) = self.invoke(batch).await?;
        let answer: serde_json::Value = serde_json::from_slice(&answer)?;
        ensure!(answer["batchItemFailures"].as_array().is_some_and(Vec::is_empty), "the batch failed: {answer}");
        Ok(time)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// The variables that Lambda sets for every function, as far as anybody reads them here.
fn from_lambda() -> [(&'static str, &'static str); 6] {
    [
        ("AWS_REGION", "us-east-1"),
        ("AWS_LAMBDA_FUNCTION_NAME", "measured"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "measured"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "measured"),
    ]
}

fn routes(api: Arc<Api>) -> Router {
    Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
        .route("/2018-06-01/runtime/init/error", post(error))
        .layer(DefaultBodyLimit::disable())
        .with_state(api)
}

async fn next(State(api): State<Arc<Api>>) -> Response {
    api.messages.send(Message::Polled(Instant::now())).await.ok();
    let Some(event) = api.events.lock().await.recv().await else { return std::future::pending().await };
    let deadline = Utc::now().timestamp_millis() + 60_000;
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("lambda-runtime-deadline-ms", deadline.to_string()),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:000000000000:function:measured".to_owned()),
        ("lambda-runtime-trace-id", "Root=1-00000000-000000000000000000000000;Sampled=0".to_owned()),
        ("lambda-runtime-aws-request-id", "00000000-0000-0000-0000-000000000000".to_owned()),
    ];
    (headers, event).into_response()
}

async fn response(State(api): State<Arc<Api>>, answer: Bytes) -> StatusCode {
    api.messages.send(Message::Answered(Instant::now(), answer)).await.ok();
    StatusCode::ACCEPTED
}

async fn error(State(api): State<Arc<Api>>, why: Bytes) -> StatusCode {
    api.messages.send(Message::Failed(why)).await.ok();
    StatusCode::ACCEPTED
}
