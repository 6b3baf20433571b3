//! The one port of a run that is served: a page, the stream, the catalog and an endpoint for AWS' tools.
//!
//! Everybody on this machine may use it, and nobody else: it is on loopback, and a request that a page of another site
//! makes a browser send is refused.
//!
//! - [`access`]: requests that are refused because of where they come from
//! - [`aws`]: the AWS services, told apart
//! - [`events`]: events over HTTP
//! - [`changes`]: what changes in the catalog, as server-sent events
//! - [`page`]: the pages for the browser
//! - [`status`], [`board`]: the state of the run, for the page
//! - [`buttons`]: what the page can be told to do
//! - [`problem`]: problem documents

mod access;
mod aws;
mod board;
mod buttons;
mod changes;
mod events;
mod page;
mod problem;
mod status;

use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};

use crate::emulators::function_url::FunctionUrl;
use crate::emulators::kinesis::Kinesis;
use crate::emulators::s3::OpenS3;
use crate::local::runner::Runner;
use crate::session::listener::Listener;
use problem::Problem;

pub use board::Board;
pub use events::EventRules;

/// The services of the port.
pub struct Portal {
    pub kinesis: Kinesis,
    pub s3: OpenS3,
    /// The account's number.
    pub account: String,
    pub catalog: Option<Arc<FunctionUrl>>,
    /// An administrator's URL of the cache. Never to be shown.
    pub cache_url: String,
    pub rules: EventRules,
    pub board: Board,
}

/// Serves the port as long as the runner lives.
pub fn serve(listener: Listener, portal: Portal, runner: &mut Runner) -> anyhow::Result<()> {
    let portal = Arc::new(portal);
    let buttons = Router::new()
        .route("/faults/{target}", post(buttons::begin_fault))
        .route("/archive/write", post(buttons::write_archive))
        .layer(from_fn(buttons::only_ours));
    let routes = page::routes(Router::new())
        .route("/events", post(events::put).fallback(only_post))
        .merge(buttons)
        .route("/status", get(status::once))
        .route("/status/stream", get(status::stream))
        .route("/changes/stream", get(changes::stream))
        .fallback(catalog)
        .layer(from_fn_with_state(Arc::clone(&portal), to_aws))
        .layer(from_fn(from_here))
        .with_state(portal);
    runner.serve(listener.serve(routes).context("cannot serve the port")?);
    Ok(())
}

/// Refuses requests of other machines' pages, before anything looks at them.
async fn from_here(request: Request, next: Next) -> Response {
    match access::check(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// Passes requests of AWS' clients to their services.
async fn to_aws(State(portal): State<Arc<Portal>>, request: Request, next: Next) -> Response {
    match aws::service(request.headers(), request.uri()) {
        Some(service) => aws::answer(&portal, &service, request).await,
        None => next.run(request).await,
    }
}

async fn only_post() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "events are sent with POST")
}

/// Answers what the catalog's function answers, and nothing else.
async fn catalog(State(portal): State<Arc<Portal>>, request: Request) -> Response {
    let path = request.uri().path();
    let asks_the_catalog = path == "/products" || path.starts_with("/products/") || path == "/changes";
    match &portal.catalog {
        Some(catalog) if asks_the_catalog => catalog.answer(request).await,
        _ => {
            let detail = "there are only /, /changes, /events, /products, /status and, for signed requests, Kinesis, \
                          S3 and STS";
            Problem::new(StatusCode::NOT_FOUND, detail).into_response()
        }
    }
}
