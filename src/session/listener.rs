//! HTTP on loopback: a port that is taken first, so that others can be told of it, and served when there is something to serve.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use axum::Router;
use axum::serve::ListenerExt as _;
use tokio::task::JoinHandle;

/// A port that is taken. Who connects waits until it is served.
#[derive(Debug)]
pub struct Listener {
    listener: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Takes a port; 0 is any free one.
    pub fn open(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its URL, without a path.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Begins to serve, on the runtime that this is called in.
    pub fn serve(self, routes: Router) -> io::Result<Server> {
        // Small answers would wait for the other side's delayed acknowledgement otherwise.
        let listener = tokio::net::TcpListener::from_std(self.listener)?.tap_io(|connection| {
            connection.set_nodelay(true).ok();
        });
        Ok(Server(tokio::spawn(async move {
            axum::serve(listener, routes).await.ok();
        })))
    }
}

/// A running server. It ends when this is dropped.
#[derive(Debug)]
pub struct Server(JoinHandle<()>);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.abort();
    }
}
