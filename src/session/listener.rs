//! HTTP servers on loopback. The port is bound before there is anything to serve, so that its address can be passed on.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use axum::Router;
use axum::serve::ListenerExt as _;
use tokio_util::task::AbortOnDropHandle;

/// A bound port. Clients that connect to it wait until it is served.
#[derive(Debug)]
pub struct Listener {
    listener: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Binds a port; 0 is any free one.
    pub fn open(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the URL, without a path.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Starts to serve, on the Tokio runtime that this is called in.
    pub fn serve(self, routes: Router) -> io::Result<Server> {
        // Small answers would wait for the other side's delayed acknowledgement otherwise.
        let listener = tokio::net::TcpListener::from_std(self.listener)?.tap_io(|connection| {
            connection.set_nodelay(true).ok();
        });
        Ok(Server::new(tokio::spawn(async move {
            axum::serve(listener, routes).await.ok();
        })))
    }
}

/// A running server. It ends when this is dropped.
pub type Server = AbortOnDropHandle<()>;
