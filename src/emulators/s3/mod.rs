//! S3 on loopback.
//!
//! s3s implements the protocol (signatures, chunked uploads, errors as XML). The storage is ours and not s3s-fs: that
//! one derives a side file's name from the whole key, which with our keys is too long for a file name, writes an object
//! before it has checked its checksum, and lets two conditional writes at once both succeed.
//!
//! - [`buckets`]: buckets and their objects, on the disk
//! - [`protocol`]: the S3 operations
//! - [`listing`]: pages of a listing
//! - [`any_signature`]: requests whose signature is not looked at

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};

use crate::lambda_host::credentials::Credentials;
use crate::session::listener::{Listener, Server};

mod any_signature;
mod buckets;
mod listing;
mod protocol;

pub use buckets::{Buckets, ObjectError, ObjectStorage};

/// Serves the buckets to requests that are signed with this key.
pub fn serve(listener: Listener, buckets: Arc<Buckets>, credentials: &Credentials) -> io::Result<Server> {
    let mut service = S3ServiceBuilder::new(protocol::Operations(buckets));
    service.set_auth(SimpleAuth::from_single(&*credentials.key_id, &*credentials.secret_key));
    listener.serve(Router::new().fallback(answer).with_state(service.build()))
}

/// S3 that takes every signature. It must be served only to whoever may read and write every object.
#[derive(Clone)]
pub struct OpenS3(S3Service);

impl OpenS3 {
    pub fn new(buckets: Arc<Buckets>) -> Self {
        Self(S3ServiceBuilder::new(protocol::Operations(buckets)).build())
    }

    /// Answers a request.
    pub async fn answer(&self, request: Request) -> Response {
        match any_signature::unsigned(request).await {
            Ok(request) => answer(State(self.0.clone()), request).await,
            Err(error) => (StatusCode::BAD_REQUEST, error).into_response(),
        }
    }
}

async fn answer(State(service): State<S3Service>, request: Request) -> Response {
    match service.call(request.map(s3s::Body::http_body_unsync)).await {
        Ok(response) => response.map(Body::new),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

#[cfg(test)]
mod tests;
