//! Lambda's Runtime API on loopback, for one execution environment.
//!
//! Documented in Lambda's developer guide ("Using the Lambda runtime API for custom runtimes"). Each environment has a
//! port of its own, so that a result can only belong to the invocation that this environment has.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use parking_lot::Mutex;
use pipegen_contract::payload::LARGEST_PAYLOAD;
use serde_json::json;
use tokio::sync::{mpsc, watch};

use crate::session::listener::{Listener, Server};
use crate::session::process::Process;

/// The answer to a request for the next invocation.
#[derive(Debug)]
pub(super) struct NextInvocation {
    pub(super) request_id: String,
    /// In milliseconds since the epoch.
    pub(super) deadline: i64,
    pub(super) function_arn: String,
    pub(super) payload: Bytes,
}

/// The result of an invocation, or of a failed start, as the runtime posts it.
#[derive(Debug)]
pub(super) enum RuntimeResult {
    /// The function's response.
    Response(Bytes),
    /// The function's error, JSON.
    Error(Bytes),
    /// The runtime could not start, JSON.
    InitError(Bytes),
}

/// The Runtime API of one execution environment.
#[derive(Debug)]
pub(super) struct RuntimeApi {
    pub(super) address: SocketAddr,
    pub(super) results: mpsc::UnboundedReceiver<RuntimeResult>,
    invocations: mpsc::Sender<NextInvocation>,
    ready: watch::Receiver<bool>,
    server: Option<Server>,
}

#[derive(Debug)]
struct Service {
    invocations: tokio::sync::Mutex<mpsc::Receiver<NextInvocation>>,
    results: mpsc::UnboundedSender<RuntimeResult>,
    ready: watch::Sender<bool>,
    /// The request whose result is awaited.
    current: Mutex<Option<String>>,
}

impl RuntimeApi {
    /// Starts to serve on a free port.
    pub(super) fn start() -> std::io::Result<Self> {
        let listener = Listener::open(0)?;
        let address = listener.address();
        let (invocations, received) = mpsc::channel(1);
        let (result, results) = mpsc::unbounded_channel();
        let (polled, ready) = watch::channel(false);
        let service = Service {
            invocations: tokio::sync::Mutex::new(received),
            results: result,
            ready: polled,
            current: Mutex::default(),
        };
        let server = listener.serve(routes(Arc::new(service)))?;
        Ok(Self { address, results, invocations, ready, server: Some(server) })
    }

    /// Waits until the runtime has asked for its first event; for ever, if it never does.
    pub(super) async fn ready(&mut self) {
        if self.ready.wait_for(|ready| *ready).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Waits for the runtime's next result; for ever, if there is none.
    pub(super) async fn result(&mut self) -> RuntimeResult {
        match self.results.recv().await {
            Some(result) => result,
            None => std::future::pending().await,
        }
    }

    /// Serves until the process has ended, even if this value is dropped before: a runtime that loses its Runtime API
    /// while it runs would only complain.
    pub(super) fn serve_until_end_of(&mut self, process: Arc<Process>) {
        if let Some(server) = self.server.take() {
            tokio::spawn(async move {
                process.exited().await;
                drop(server);
            });
        }
    }

    /// Passes an invocation to the runtime, which takes it with its next request.
    pub(super) fn send(&self, invocation: NextInvocation) {
        // There is room: an environment has one invocation at a time.
        self.invocations.try_send(invocation).ok();
    }
}

fn routes(service: Arc<Service>) -> Router {
    Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{request_id}/response", post(response))
        .route("/2018-06-01/runtime/invocation/{request_id}/error", post(error))
        .route("/2018-06-01/runtime/init/error", post(init_error))
        // The runtime's graceful shutdown registers as an extension, since only then does Lambda send SIGTERM.
        .route("/2020-01-01/extension/register", post(register))
        .route("/2020-01-01/extension/event/next", get(std::future::pending::<Response>))
        .layer(DefaultBodyLimit::max(LARGEST_PAYLOAD))
        .with_state(service)
}

async fn next(State(service): State<Arc<Service>>) -> Response {
    service.ready.send_replace(true);
    let Some(invocation) = service.invocations.lock().await.recv().await else {
        // The environment is about to be stopped; the runtime would take any answer for an event.
        return std::future::pending().await;
    };
    *service.current.lock() = Some(invocation.request_id.clone());
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("lambda-runtime-deadline-ms", invocation.deadline.to_string()),
        ("lambda-runtime-invoked-function-arn", invocation.function_arn),
        ("lambda-runtime-trace-id", trace_id(&invocation.request_id)),
        ("lambda-runtime-aws-request-id", invocation.request_id),
    ];
    (headers, invocation.payload).into_response()
}

/// Makes an X-Ray trace id. Nothing is sampled.
fn trace_id(request_id: &str) -> String {
    let digits: String = request_id.chars().filter(char::is_ascii_hexdigit).collect();
    let (time, rest) = digits.split_at_checked(8).unwrap_or((&digits, ""));
    format!("Root=1-{time}-{rest};Sampled=0")
}

async fn response(
    State(service): State<Arc<Service>>,
    Path(request_id): Path<String>,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    match body {
        Ok(body) => accept(&service, &request_id, RuntimeResult::Response(body)),
        Err(rejection) => {
            let error = json!({
                "errorType": "Function.ResponseSizeTooLarge",
                "errorMessage": rejection.body_text(),
            });
            accept(&service, &request_id, RuntimeResult::Error(error.to_string().into()));
            (StatusCode::PAYLOAD_TOO_LARGE, Json(error)).into_response()
        }
    }
}

async fn error(State(service): State<Arc<Service>>, Path(request_id): Path<String>, body: Bytes) -> Response {
    accept(&service, &request_id, RuntimeResult::Error(body))
}

async fn init_error(State(service): State<Arc<Service>>, body: Bytes) -> Response {
    service.results.send(RuntimeResult::InitError(body)).ok();
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

/// Accepts one result, of the current request.
fn accept(service: &Service, request_id: &str, result: RuntimeResult) -> Response {
    let mut current = service.current.lock();
    if current.as_deref() != Some(request_id) {
        let error = json!({"errorType": "InvalidRequestID", "errorMessage": "Invalid request ID"});
        return (StatusCode::BAD_REQUEST, Json(error)).into_response();
    }
    *current = None;
    service.results.send(result).ok();
    accepted()
}

fn accepted() -> Response {
    (StatusCode::ACCEPTED, Json(json!({"status": "OK"}))).into_response()
}
