//! `POST /faults/{target}`: makes a part of the run fail for a while.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};

use super::Portal;
use super::problem::Problem;
use crate::local::faults::{FaultError, FaultTarget};

/// The time that a fault lasts.
const LASTS: Duration = Duration::from_secs(10);

/// The header that the request must have, with any value. A form of another site's page cannot have it, and a script
/// of one may not send it.
const HEADER: &str = "x-pipegen-fault";

/// Begins a fault.
pub(super) async fn begin(
    State(portal): State<Arc<Portal>>,
    Path(target): Path<String>,
    headers: HeaderMap,
) -> Response {
    if !headers.contains_key(HEADER) {
        let detail = format!("the header {HEADER} must be there: it shows that no other site's page sends this");
        return Problem::new(StatusCode::FORBIDDEN, detail).into_response();
    }
    let target = match target.parse::<FaultTarget>() {
        Ok(target) => target,
        Err(detail) => return Problem::new(StatusCode::NOT_FOUND, detail).into_response(),
    };
    match portal.board.faults.begin(target, LASTS) {
        Ok(()) => StatusCode::ACCEPTED.into_response(),
        Err(error @ (FaultError::Given | FaultError::Failing)) => {
            Problem::new(StatusCode::CONFLICT, error.to_string()).into_response()
        }
    }
}
