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
//! - [`trouble`]: failures on purpose

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
mod trouble;

pub use buckets::{Buckets, ObjectError, ObjectStorage};
pub use trouble::Trouble;

/// Serves the buckets to requests that are signed with this key, unless it is made to fail.
pub fn serve(
    listener: Listener,
    buckets: Arc<Buckets>,
    credentials: &Credentials,
    trouble: &Arc<Trouble>,
) -> io::Result<Server> {
    let mut service = S3ServiceBuilder::new(protocol::Operations(buckets));
    service.set_auth(SimpleAuth::from_single(&*credentials.key_id, &*credentials.secret_key));
    let state = (service.build(), Arc::clone(trouble));
    let answer = async |State((service, trouble)): State<(S3Service, Arc<Trouble>)>, request: Request| {
        trouble.answer(&service, request).await
    };
    listener.serve(Router::new().fallback(answer).with_state(state))
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
            Ok(request) => call(&self.0, request).await,
            Err(error) => (StatusCode::BAD_REQUEST, error).into_response(),
        }
    }
}

async fn call(service: &S3Service, request: Request) -> Response {
    match service.call(request.map(s3s::Body::http_body_unsync)).await {
        Ok(response) => response.map(Body::new),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

#[cfg(test)]
mod tests;
