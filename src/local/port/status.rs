//! The state of the run: once, or again and again as server-sent events.
//!
//! <https://html.spec.whatwg.org/multipage/server-sent-events.html>

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Json};
use futures_util::stream::unfold;

use super::Portal;

/// The time between two events.
const PERIOD: Duration = Duration::from_secs(1);

/// Answers with the state, as one JSON object. Rates are null: nothing was counted before.
pub(super) async fn once(State(portal): State<Arc<Portal>>) -> impl IntoResponse {
    ([(CACHE_CONTROL, "no-store")], Json(portal.board.state(None).0))
}

/// Sends the state as an event, at once and then after each period.
pub(super) async fn stream(State(portal): State<Arc<Portal>>) -> impl IntoResponse {
    let events = unfold(None, move |since| {
        let portal = Arc::clone(&portal);
        async move {
            if since.is_some() {
                tokio::time::sleep(PERIOD).await;
            }
            let (state, now) = portal.board.state(since);
            let event = Event::default().event("state").data(state.to_string());
            Some((Ok::<_, Infallible>(event), Some(now)))
        }
    });
    Sse::new(events)
}
