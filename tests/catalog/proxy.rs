//! A server that keeps its answers back.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::world::split_login;

/// Stands between a client and a server.
pub(crate) struct Proxy {
    /// The server's URL, by way of here.
    pub(crate) url: String,
    rule: watch::Sender<Rule>,
    held: watch::Receiver<bool>,
    heard: watch::Sender<Vec<u8>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    Pass,
    /// What the server says is kept back.
    Hold,
    /// What the server says is kept back from when the client has sent this.
    HoldFrom(&'static str),
}

/// What each connection knows.
#[derive(Clone)]
struct Wire {
    rule: watch::Receiver<Rule>,
    /// All that clients have sent.
    heard: watch::Sender<Vec<u8>>,
    held: watch::Sender<bool>,
}

impl Proxy {
    /// Before the server at this URL, which names host and port.
    pub(crate) async fn before(url: &str) -> Self {
        let (login, rest) = split_login(url);
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (server, path) = rest.split_at(end);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("{login}{}{path}", listener.local_addr().unwrap());
        let (rule, rules) = watch::channel(Rule::Pass);
        let (holds, held) = watch::channel(false);
        let heard = watch::Sender::new(Vec::new());
        let wire = Wire { rule: rules, heard: heard.clone(), held: holds };
        tokio::spawn(accept(listener, server.to_owned(), wire));
        Self { url, rule, held, heard }
    }

    /// Keeps back what the server says from now on.
    pub(crate) fn hold(&self) {
        self.rule.send_replace(Rule::Hold);
    }

    /// Keeps back what the server says once a client has sent this.
    pub(crate) fn hold_from(&self, what: &'static str) {
        self.rule.send_replace(Rule::HoldFrom(what));
    }

    /// Waits until something is kept back: the server has done what it was asked.
    pub(crate) async fn holding(&self) {
        self.held.clone().wait_for(|held| *held).await.unwrap();
    }

    /// Lets everything through that was kept back, and all that follows.
    pub(crate) fn release(&self) {
        self.rule.send_replace(Rule::Pass);
    }

    /// How often clients have sent this.
    pub(crate) fn heard(&self, what: &str) -> usize {
        self.heard.borrow().windows(what.len()).filter(|bytes| *bytes == what.as_bytes()).count()
    }
}

async fn accept(listener: TcpListener, server: String, wire: Wire) {
    while let Ok((client, _)) = listener.accept().await {
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = TcpStream::connect(&server).await.unwrap().into_split();
        tokio::spawn(wire.clone().ask(from_client, to_server));
        tokio::spawn(wire.clone().answer(from_server, to_client));
    }
}

impl Wire {
    async fn ask(self, mut client: OwnedReadHalf, mut server: OwnedWriteHalf) {
        while let Some(bytes) = some(&mut client).await {
            self.heard.send_modify(|heard| heard.extend(&bytes));
            if server.write_all(&bytes).await.is_err() {
                break;
            }
        }
    }

    async fn answer(mut self, mut server: OwnedReadHalf, mut client: OwnedWriteHalf) {
        while let Some(bytes) = some(&mut server).await {
            if !self.passes() {
                self.held.send_replace(true);
                while !self.passes() {
                    if self.rule.changed().await.is_err() {
                        return;
                    }
                }
                self.held.send_replace(false);
            }
            if client.write_all(&bytes).await.is_err() {
                break;
            }
        }
    }

    fn passes(&self) -> bool {
        match *self.rule.borrow() {
            Rule::Pass => true,
            Rule::Hold => false,
            Rule::HoldFrom(what) => !self.heard.borrow().windows(what.len()).any(|bytes| bytes == what.as_bytes()),
        }
    }
}

async fn some(from: &mut (impl AsyncRead + Unpin)) -> Option<Vec<u8>> {
    let mut bytes = vec![0; 1 << 16];
    match from.read(&mut bytes).await {
        Ok(count) if count > 0 => Some(bytes[..count].to_vec()),
        _ => None,
    }
}
