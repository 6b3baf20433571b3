//! Lambda's Runtime API on loopback, for one execution environment.
//!
//! Documented in Lambda's developer guide ("Using the Lambda runtime API for custom runtimes"). Each environment has a
//! port of its own, so that an answer can only be about the invocation that this environment has.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use serde_json::json;
use tokio::sync::{mpsc, watch};

use crate::session::listener::{Listener, Server};
use crate::session::process::Process;

/// The largest answer (Lambda's limit for a synchronous invocation), in bytes.
const ANSWER_LIMIT: usize = 6 * 1024 * 1024;

/// What a runtime gets from `next`.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) request_id: String,
    /// In milliseconds since the epoch.
    pub(super) deadline: i64,
    pub(super) function_arn: String,
    pub(super) payload: Bytes,
}

/// What a runtime says about its invocation, or about its own start.
#[derive(Debug)]
pub(super) enum Answer {
    /// The function's result.
    Response(Bytes),
    /// The function's error, JSON.
    Error(Bytes),
    /// The runtime could not start, JSON.
    InitError(Bytes),
}

/// The serving side of one environment.
#[derive(Debug)]
pub(super) struct RuntimeApi {
    pub(super) address: SocketAddr,
    pub(super) answers: mpsc::UnboundedReceiver<Answer>,
    events: mpsc::Sender<Event>,
    ready: watch::Receiver<bool>,
    server: Option<Server>,
}

#[derive(Debug)]
struct Shared {
    events: tokio::sync::Mutex<mpsc::Receiver<Event>>,
    answers: mpsc::UnboundedSender<Answer>,
    ready: watch::Sender<bool>,
    /// The request that may be answered.
    current: Mutex<Option<String>>,
}

impl RuntimeApi {
    /// Begins to serve on a free port.
    pub(super) fn start() -> std::io::Result<Self> {
        let door = Listener::open(0)?;
        let address = door.address();
        let (events, received) = mpsc::channel(1);
        let (answer, answers) = mpsc::unbounded_channel();
        let (polled, ready) = watch::channel(false);
        let shared = Shared {
            events: tokio::sync::Mutex::new(received),
            answers: answer,
            ready: polled,
            current: Mutex::default(),
        };
        let server = door.serve(routes(Arc::new(shared)))?;
        Ok(Self { address, answers, events, ready, server: Some(server) })
    }

    /// Waits until the runtime has asked for its first event; for ever, if it ends without.
    pub(super) async fn ready(&mut self) {
        if self.ready.wait_for(|ready| *ready).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// The runtime's next answer; for ever, if it ends without.
    pub(super) async fn answer(&mut self) -> Answer {
        match self.answers.recv().await {
            Some(answer) => answer,
            None => std::future::pending().await,
        }
    }

    /// Serves until the process has ended, whatever becomes of this value: a runtime that loses its Runtime API while it
    /// lives would only complain.
    pub(super) fn serve_until_end_of(&mut self, process: Arc<Process>) {
        if let Some(server) = self.server.take() {
            tokio::spawn(async move {
                process.exited().await;
                drop(server);
            });
        }
    }

    /// Puts an event where the runtime finds it next.
    pub(super) fn hand_over(&self, event: Event) {
        // There is room: an environment gets one event at a time.
        self.events.try_send(event).ok();
    }
}

fn routes(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{request_id}/response", post(response))
        .route("/2018-06-01/runtime/invocation/{request_id}/error", post(error))
        .route("/2018-06-01/runtime/init/error", post(init_error))
        // The runtime's graceful shutdown registers as an extension, since only then does Lambda send SIGTERM.
        .route("/2020-01-01/extension/register", post(register))
        .route("/2020-01-01/extension/event/next", get(std::future::pending::<Response>))
        .layer(DefaultBodyLimit::max(ANSWER_LIMIT))
        .with_state(shared)
}

async fn next(State(shared): State<Arc<Shared>>) -> Response {
    shared.ready.send_replace(true);
    let Some(event) = shared.events.lock().await.recv().await else {
        // The environment is about to be stopped; whatever was answered, the runtime would take for an event.
        return std::future::pending().await;
    };
    *shared.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(event.request_id.clone());
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("lambda-runtime-deadline-ms", event.deadline.to_string()),
        ("lambda-runtime-invoked-function-arn", event.function_arn),
        ("lambda-runtime-trace-id", trace_id(&event.request_id)),
        ("lambda-runtime-aws-request-id", event.request_id),
    ];
    (headers, event.payload).into_response()
}

/// An X-Ray trace id in its form; nothing is sampled.
fn trace_id(request_id: &str) -> String {
    let digits: String = request_id.chars().filter(char::is_ascii_hexdigit).collect();
    let (time, rest) = digits.split_at_checked(8).unwrap_or((&digits, ""));
    format!("Root=1-{time}-{rest};Sampled=0")
}

async fn response(
    State(shared): State<Arc<Shared>>,
    Path(request_id): Path<String>,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    match body {
        Ok(body) => take(&shared, &request_id, Answer::Response(body)),
        Err(rejection) => {
            let error = json!({
                "errorType": "Function.ResponseSizeTooLarge",
                "errorMessage": rejection.body_text(),
            });
            take(&shared, &request_id, Answer::Error(error.to_string().into()));
            (StatusCode::PAYLOAD_TOO_LARGE, Json(error)).into_response()
        }
    }
}

async fn error(State(shared): State<Arc<Shared>>, Path(request_id): Path<String>, body: Bytes) -> Response {
    take(&shared, &request_id, Answer::Error(body))
}

async fn init_error(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    shared.answers.send(Answer::InitError(body)).ok();
    accepted()
}

async fn register(headers: HeaderMap) -> Response {
    let name = headers.get("lambda-extension-name").cloned();
    let body = json!({"functionName": "local", "functionVersion": "$LATEST", "handler": "local"});
    match name {
        Some(name) => ([("lambda-extension-identifier", name)], Json(body)).into_response(),
        None => StatusCode::FORBIDDEN.into_response(),
    }
}

/// Passes an answer on if it is about the current request, once.
fn take(shared: &Shared, request_id: &str, answer: Answer) -> Response {
    let mut current = shared.current.lock().unwrap_or_else(PoisonError::into_inner);
    if current.as_deref() != Some(request_id) {
        let error = json!({"errorType": "InvalidRequestID", "errorMessage": "Invalid request ID"});
        return (StatusCode::BAD_REQUEST, Json(error)).into_response();
    }
    *current = None;
    shared.answers.send(answer).ok();
    accepted()
}

fn accepted() -> Response {
    (StatusCode::ACCEPTED, Json(json!({"status": "OK"}))).into_response()
}
