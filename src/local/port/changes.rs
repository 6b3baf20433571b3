//! Changes of the catalog as server-sent events: an example of a reader that follows it.
//!
//! It reads the feed of changes with a cursor, and asks at once when the cache publishes a message, else every second.
//! The events:
//!
//! - `pushed`: a message as it is, at once, at most once
//! - `changes`: a page of the feed, at least once. Its id is the cursor after it, so a browser that connects again,
//!   with `Last-Event-ID`, goes on where it was
//!
//! <https://html.spec.whatwg.org/multipage/server-sent-events.html>

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::StreamExt as _;
use futures_util::stream::unfold;
use pipegen_contract::cache::CHANGES_CHANNEL;
use pipegen_contract::payload::LARGEST_PAYLOAD;
use redis::aio::PubSubStream;
use serde::Deserialize;
use tokio::time::{Instant, sleep_until};
use url::form_urlencoded::byte_serialize;

use super::Portal;
use super::problem::Problem;
use crate::emulators::function_url::FunctionUrl;

/// The time after which the feed is read without a message, and the cache is connected to again.
const PERIOD: Duration = Duration::from_secs(1);

/// A reader's place.
struct Follower {
    portal: Arc<Portal>,
    catalog: Arc<FunctionUrl>,
    /// None before the first page.
    cursor: Option<String>,
    /// The reason to read the next page.
    due: Instant,
    /// The messages of the cache; none while it cannot be reached.
    messages: Option<PubSubStream>,
}

/// The rest of a page.
#[derive(Deserialize)]
struct Page {
    changes: Vec<serde::de::IgnoredAny>,
    next: String,
    more: bool,
}

/// Sends the changes after the one that the browser had last; without one, all products first.
pub(super) async fn stream(State(portal): State<Arc<Portal>>, headers: HeaderMap) -> Response {
    let Some(catalog) = portal.catalog.clone() else {
        return Problem::new(StatusCode::NOT_FOUND, "this run has no catalog to follow").into_response();
    };
    let cursor = headers.get("last-event-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
    let follower = Follower { portal, catalog, cursor, due: Instant::now(), messages: None };
    let events = unfold(follower, async |mut follower| {
        let event = follower.next().await;
        Some((Ok::<_, Infallible>(event), follower))
    });
    Sse::new(Box::pin(events)).keep_alive(KeepAlive::default()).into_response()
}

impl Follower {
    /// Waits for the next event.
    async fn next(&mut self) -> Event {
        loop {
            if self.messages.is_none() {
                self.messages = subscribe(&self.portal.cache_url).await.ok();
            }
            tokio::select! {
                biased;
                message = next_message(&mut self.messages) => match message {
                    Some(text) => {
                        self.due = Instant::now();
                        return Event::default().event("pushed").data(text);
                    }
                    None => self.messages = None,
                },
                () = sleep_until(self.due) => {
                    if let Some(event) = self.page().await {
                        return event;
                    }
                }
            }
        }
    }

    /// Reads a page; none if nothing is new, or the catalog cannot answer now.
    async fn page(&mut self) -> Option<Event> {
        self.due = Instant::now() + PERIOD;
        let after =
            self.cursor.iter().flat_map(|cursor| ["&after=".to_owned(), byte_serialize(cursor.as_bytes()).collect()]);
        let uri = format!("/changes?limit=100{}", after.collect::<String>());
        let request = Request::builder().method(Method::GET).uri(uri).body(Body::empty()).ok()?;
        let response = self.catalog.answer(request).await;
        if response.status() == StatusCode::BAD_REQUEST {
            // Not a cursor of ours: from the beginning.
            self.cursor = None;
        }
        if response.status() != StatusCode::OK {
            return None;
        }
        let body = to_bytes(response.into_body(), LARGEST_PAYLOAD).await.ok()?;
        let page: Page = serde_json::from_slice(&body).ok()?;
        if page.more {
            self.due = Instant::now();
        }
        self.cursor = Some(page.next.clone());
        let text = String::from_utf8(body.to_vec()).ok()?;
        (!page.changes.is_empty()).then(|| Event::default().event("changes").id(page.next).data(text))
    }
}

async fn subscribe(url: &str) -> redis::RedisResult<PubSubStream> {
    // A cache that does not answer must not hold up the feed.
    let subscribed = tokio::time::timeout(PERIOD, async {
        let (mut sink, messages) = redis::Client::open(url)?.get_async_pubsub().await?.split();
        sink.subscribe(CHANGES_CHANNEL).await?;
        Ok(messages)
    });
    subscribed.await.unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut).into()))
}

/// Waits for a message; without a connection for ever. None if the connection has ended.
async fn next_message(messages: &mut Option<PubSubStream>) -> Option<String> {
    match messages {
        Some(messages) => messages.next().await.map(|message| message.get_payload().unwrap_or_default()),
        None => std::future::pending().await,
    }
}
