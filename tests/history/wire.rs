//! A proxy before a server, whose connections can be reset, delayed, silenced or half closed.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Result;
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::records::random::Random;

/// A way to cut the connections that exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    Reset,
    Silence,
    HalfOpen,
}

/// The wire between clients and a server.
#[derive(Clone)]
pub(crate) struct Wire {
    pub(crate) port: u16,
    server: Arc<Mutex<SocketAddr>>,
    /// The cuts so far, and the last one.
    cut: Arc<watch::Sender<(u64, Cut)>>,
    /// The delay of the server's answers.
    late: Arc<Mutex<Late>>,
    /// The time for which the server does not learn that a client is gone.
    linger: Duration,
    /// Connections that are made now get no answer.
    unreachable: Arc<AtomicBool>,
}

/// The lateness of answers.
#[derive(Default)]
enum Late {
    #[default]
    Not,
    By(Duration),
    /// Each by another time, up to this one.
    UpTo(Duration, Random),
}

impl Late {
    /// Returns how late the next answer is.
    fn next(&mut self) -> Duration {
        match self {
            Self::Not => Duration::ZERO,
            Self::By(time) => *time,
            Self::UpTo(most, random) => *most * u32::try_from(random.below(1000)).expect("small") / 1000,
        }
    }
}

impl Wire {
    /// Lays a wire to a server.
    pub(crate) async fn to(server: SocketAddr) -> Result<Self> {
        Self::with(server, Late::Not, Duration::ZERO).await
    }

    /// Lays a wire to a server whose answers are each late by some time, up to this one. The server learns that late
    /// that a client is gone, too: what it was asked for it does meanwhile.
    pub(crate) async fn slow(server: SocketAddr, late: Duration, linger: Duration, seed: u64) -> Result<Self> {
        Self::with(server, Late::UpTo(late, Random(seed)), linger).await
    }

    async fn with(server: SocketAddr, late: Late, linger: Duration) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let wire = Self {
            port: listener.local_addr()?.port(),
            server: Arc::new(Mutex::new(server)),
            cut: Arc::new(watch::Sender::new((0, Cut::Reset))),
            late: Arc::new(Mutex::new(late)),
            linger,
            unreachable: Arc::default(),
        };
        tokio::spawn(wire.clone().accept(listener));
        Ok(wire)
    }

    pub(crate) fn cut(&self, cut: Cut) {
        self.cut.send_modify(|(cuts, last)| {
            *cuts += 1;
            *last = cut;
        });
    }

    /// Leads new connections to another server on this machine.
    pub(crate) fn lead_to(&self, port: u16) {
        self.server.lock().set_port(port);
    }

    /// Delays the server's answers; zero ends that.
    pub(crate) fn delay(&self, by: Duration) {
        *self.late.lock() = if by.is_zero() { Late::Not } else { Late::By(by) };
    }

    /// Makes the server unreachable: existing connections and new ones get no answer. The end of that resets them.
    pub(crate) fn set_unreachable(&self, unreachable: bool) {
        self.unreachable.store(unreachable, Ordering::Relaxed);
        self.cut(if unreachable { Cut::Silence } else { Cut::Reset });
    }

    async fn accept(self, listener: TcpListener) {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(self.clone().connect(client));
        }
    }

    async fn connect(self, client: TcpStream) {
        let mut cuts = self.cut.subscribe();
        if self.unreachable.load(Ordering::Relaxed) {
            silent(client, cuts).await;
            return;
        }
        let server = *self.server.lock();
        // As if the server itself refused the connection.
        let Ok(server) = TcpStream::connect(server).await else { return reset(client) };
        client.set_nodelay(true).and_then(|()| server.set_nodelay(true)).ok();
        let cut = {
            let (mut client, mut server) = (client, server);
            let ended = {
                let (from_client, to_client) = client.split();
                let (from_server, to_server) = server.split();
                tokio::select! {
                    () = pass(from_client, to_server, None) => {
                        tokio::time::sleep(self.linger).await;
                        None
                    }
                    () = pass(from_server, to_client, Some(&self.late)) => None,
                    _ = cuts.changed() => Some(cuts.borrow_and_update().1),
                }
            };
            match ended {
                None => return,
                Some(Cut::Reset) => {
                    reset(server);
                    return reset(client);
                }
                Some(Cut::HalfOpen) => {
                    drop(server);
                    (client, None)
                }
                Some(Cut::Silence) => (client, Some(server)),
            }
        };
        // The server's end stays open too: it does not learn that nobody is there.
        let (client, _server) = cut;
        silent(client, cuts).await;
    }
}

/// Passes bytes until one end is closed.
async fn pass(
    mut from: tokio::net::tcp::ReadHalf<'_>,
    mut to: tokio::net::tcp::WriteHalf<'_>,
    late: Option<&Mutex<Late>>,
) {
    let mut bytes = vec![0; 1 << 16];
    while let Ok(count) = from.read(&mut bytes).await {
        let late = late.map_or(Duration::ZERO, |late| late.lock().next());
        if !late.is_zero() {
            tokio::time::sleep(late).await;
        }
        if count == 0 || to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}

/// Takes everything and answers nothing, until a reset or until the client gives up.
async fn silent(mut client: TcpStream, mut cuts: watch::Receiver<(u64, Cut)>) {
    let mut bytes = vec![0; 1 << 12];
    loop {
        tokio::select! {
            read = client.read(&mut bytes) => if !matches!(read, Ok(count) if count > 0) { return },
            changed = cuts.changed() => match changed {
                Ok(()) if cuts.borrow_and_update().1 == Cut::Reset => return reset(client),
                Ok(()) => {}
                Err(_) => return,
            },
        }
    }
}

/// Closes a connection with a reset.
fn reset(connection: TcpStream) {
    socket2::SockRef::from(&connection).set_linger(Some(Duration::ZERO)).ok();
    drop(connection);
}
