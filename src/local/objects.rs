//! S3 over a folder, on loopback: buckets are folders, objects are files.
//!
//! s3s speaks the protocol (signatures, chunked uploads, errors as XML); what lies beneath is ours and not s3s-fs: that one
//! derives a side file's name from the whole key, which with our keys is longer than a file name may be, writes an object
//! before it has checked its checksum, and lets two conditional writes at once both succeed.
//!
//! - [`folder`]: the objects as files
//! - [`protocol`]: the S3 operations that the functions use

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::serve::ListenerExt as _;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

mod folder;
mod protocol;

pub use folder::{Folder, ObjectError};

/// The access key that the functions sign with.
pub const ACCESS_KEY: &str = "local";
/// Its secret. Whoever reaches the port is on this machine; that signatures are checked is for the functions' sake.
pub const SECRET_KEY: &str = "local";

/// A running S3 server. It ends when this is dropped.
#[derive(Debug)]
pub struct ObjectServer {
    address: SocketAddr,
    server: JoinHandle<()>,
}

impl ObjectServer {
    /// Serves the folder on a free port.
    pub async fn start(folder: Arc<Folder>) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let mut service = S3ServiceBuilder::new(protocol::Operations(folder));
        service.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
        let routes = Router::new().fallback(serve).with_state(service.build());
        let listener = listener.tap_io(|connection| {
            connection.set_nodelay(true).ok();
        });
        let server = tokio::spawn(async move {
            axum::serve(listener, routes).await.ok();
        });
        Ok(Self { address, server })
    }

    /// What `AWS_ENDPOINT_URL_S3` is set to.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for ObjectServer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(State(service): State<S3Service>, request: Request) -> Response {
    match service.call(request.map(s3s::Body::http_body_unsync)).await {
        Ok(response) => response.map(Body::new),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

#[cfg(test)]
mod tests;
