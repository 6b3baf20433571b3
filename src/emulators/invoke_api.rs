//! Lambda's Invoke API on loopback, for every function of the run.
//!
//! <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use pipegen_contract::payload::LARGEST_PAYLOAD;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use crate::emulators::access_key;
use crate::emulators::api_error::ApiError;
use crate::lambda_host::credentials::Credentials;
use crate::lambda_host::{FunctionPool, HostError, Invocation, InvocationOutcome};
use crate::session::listener::{Listener, Server};

struct Service {
    functions: Vec<Arc<FunctionPool>>,
    credentials: Credentials,
}

/// Serves the functions to requests that are signed with this key.
pub fn serve(listener: Listener, functions: Vec<Arc<FunctionPool>>, credentials: Credentials) -> io::Result<Server> {
    let routes = Router::new()
        .route("/2015-03-31/functions/{name}/invocations", post(invoke))
        .layer(DefaultBodyLimit::max(LARGEST_PAYLOAD))
        .with_state(Arc::new(Service { functions, credentials }));
    listener.serve(routes)
}

async fn invoke(
    State(service): State<Arc<Service>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    event: Result<Bytes, BytesRejection>,
) -> Response {
    let (function, event) = match service.read(&name, &headers, event) {
        Ok(request) => request,
        Err(error) => return error.response(),
    };
    response(function.invoke_to_completion(event).await)
}

impl Service {
    fn read(
        &self,
        name: &str,
        headers: &HeaderMap,
        event: Result<Bytes, BytesRejection>,
    ) -> Result<(Arc<FunctionPool>, Bytes), ApiError> {
        access_key::check(headers, &self.credentials)?;
        let kind = headers.get("x-amz-invocation-type").map_or("RequestResponse", |kind| kind.to_str().unwrap_or("?"));
        if kind != "RequestResponse" {
            let message = format!("the invocation type `{kind}` is not supported here, only `RequestResponse`");
            return Err(ApiError::new("InvalidParameterValueException", message));
        }
        let event = event.map_err(|rejection| match rejection.status() {
            status @ StatusCode::PAYLOAD_TOO_LARGE => {
                let message = format!("the event must be at most {LARGEST_PAYLOAD} bytes");
                ApiError::new("RequestTooLargeException", message).with_status(status)
            }
            _ => ApiError::new("InvalidRequestContentException", rejection.body_text()),
        })?;
        let event = if event.is_empty() { Bytes::from_static(b"{}") } else { event };
        serde_json::from_slice::<IgnoredAny>(&event).map_err(|error| {
            let message = format!("Could not parse request body into json: {error}");
            ApiError::new("InvalidRequestContentException", message)
        })?;
        Ok((self.function(name)?, event))
    }

    /// Finds a function by its name or ARN, with or without the only version, `$LATEST`.
    fn function(&self, reference: &str) -> Result<Arc<FunctionPool>, ApiError> {
        let name = reference.strip_suffix(":$LATEST").unwrap_or(reference);
        let pool = self.functions.iter().find(|pool| pool.function().name == name || pool.function().arn == name);
        pool.cloned().ok_or_else(|| {
            let names: Vec<_> = self.functions.iter().map(|pool| pool.function().name.as_str()).collect();
            let message = format!("Function not found: {reference}; there are {}", names.join(", "));
            ApiError::new("ResourceNotFoundException", message).with_status(StatusCode::NOT_FOUND)
        })
    }
}

/// Makes the HTTP response. A function error has status 200 as well.
fn response(invoked: Result<Invocation, HostError>) -> Response {
    let payload = match invoked {
        Ok(Invocation { outcome: InvocationOutcome::Answered(payload), .. }) => Ok(payload),
        Ok(Invocation { failure, .. }) => Err(error_document(&failure.unwrap_or_default())),
        Err(error) => Err(error_document(&error.to_string())),
    };
    let headers = [(CONTENT_TYPE.as_str(), "application/json"), ("x-amz-executed-version", "$LATEST")];
    match payload {
        Ok(payload) => (headers, payload).into_response(),
        Err(document) => (headers, [("x-amz-function-error", "Unhandled")], document.to_string()).into_response(),
    }
}

/// Returns the function's own error document, or makes one of the failure if the function could not write any.
fn error_document(failure: &str) -> Value {
    match serde_json::from_str(failure) {
        Ok(document @ Value::Object(_)) => document,
        _ => json!({"errorType": "Runtime.ExitError", "errorMessage": failure}),
    }
}
