//! The page's buttons: `POST /faults/{target}` makes a part of the run fail for ten seconds or for the `milliseconds` of
//! the query, `POST /archive/write` lets the
//! archiver write what it collects.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, RawQuery, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::Portal;
use super::problem::Problem;
use crate::local::faults::{FaultTarget, LONGEST};

/// The time that a fault lasts if the request does not say.
const LASTS: Duration = Duration::from_secs(10);

/// The header that the request must have, with any value. A form of another site's page cannot have it, and a script
/// of one may not send it.
const HEADER: &str = "x-pipegen";

/// Refuses a request that another site's page may have caused.
pub(super) async fn only_ours(request: Request, next: Next) -> Response {
    if request.headers().contains_key(HEADER) {
        return next.run(request).await;
    }
    let detail = format!("the header {HEADER} must be there: it shows that no other site's page sends this");
    Problem::new(StatusCode::FORBIDDEN, detail).into_response()
}

/// Lets the archiver write what it has, without waiting for more.
pub(super) async fn write_archive(State(portal): State<Arc<Portal>>) -> StatusCode {
    portal.board.archiver.flush();
    StatusCode::ACCEPTED
}

/// Begins a fault.
pub(super) async fn begin_fault(
    State(portal): State<Arc<Portal>>,
    Path(target): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let Some(lasts) = lasts(query.as_deref().unwrap_or_default()) else {
        let detail = "the query may have `milliseconds`, a number, and nothing else";
        return Problem::new(StatusCode::BAD_REQUEST, detail).into_response();
    };
    let target = match target.parse::<FaultTarget>() {
        Ok(target) => target,
        Err(detail) => return Problem::new(StatusCode::NOT_FOUND, detail).into_response(),
    };
    match portal.board.faults.begin(target, lasts) {
        Ok(()) => StatusCode::ACCEPTED.into_response(),
        Err(error) => Problem::new(StatusCode::CONFLICT, error.to_string()).into_response(),
    }
}

/// Reads how long a fault lasts.
fn lasts(query: &str) -> Option<Duration> {
    if query.is_empty() {
        return Some(LASTS);
    }
    let milliseconds = query.strip_prefix("milliseconds=")?.parse().ok()?;
    Some(Duration::from_millis(milliseconds).min(LONGEST))
}
