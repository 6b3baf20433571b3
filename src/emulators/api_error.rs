//! An error in the form of AWS' JSON protocols.

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Json, Response};
use serde_json::json;

/// An error of an API, as its client is to see it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    status: StatusCode,
    /// The exception's name, `ResourceNotFoundException`.
    pub exception: &'static str,
    pub message: String,
}

impl ApiError {
    /// Makes an error with status 400: the request is at fault.
    pub(crate) fn new(exception: &'static str, message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, exception, message: message.into() }
    }

    /// Replaces the status.
    #[must_use]
    pub(crate) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// Returns the HTTP response. Some services' clients look for the exception in the body, others in a header.
    pub(crate) fn response(self) -> Response {
        let body = json!({"__type": self.exception, "Message": self.message});
        (self.status, [("x-amzn-errortype", self.exception)], Json(body)).into_response()
    }
}
