//! A server that keeps its answers back, falls silent, or is another one from some moment on, as a name's address changes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Stands between a client and a server.
pub(crate) struct Proxy {
    /// The server's URL, by way of here.
    pub(crate) url: String,
    rule: watch::Sender<Rule>,
    server: watch::Sender<String>,
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
    /// All that is said is swallowed, and connections are made all the same. Nobody learns that the other one has gone.
    Silent,
    /// The same, from when the client sends this; it is swallowed, too.
    SilentFrom(&'static str),
}

/// What each connection knows.
#[derive(Clone)]
struct Wire {
    rule: watch::Receiver<Rule>,
    /// All that clients have sent.
    heard: watch::Sender<Vec<u8>>,
    held: watch::Sender<bool>,
    /// Whether this connection has met the silence: it stays silent for ever, as one to a server that is no more.
    silent: Arc<AtomicBool>,
}

impl Proxy {
    /// Before the server at this URL, which names host and port.
    pub(crate) async fn before(url: &str) -> Self {
        let (login, server, path) = split(url);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("{login}{}{path}", listener.local_addr().unwrap());
        let (rule, rules) = watch::channel(Rule::Pass);
        let (server, servers) = watch::channel(server);
        let (holds, held) = watch::channel(false);
        let heard = watch::Sender::new(Vec::new());
        let wire = Wire { rule: rules, heard: heard.clone(), held: holds, silent: Arc::default() };
        tokio::spawn(accept(listener, servers, wire));
        Self { url, rule, server, held, heard }
    }

    /// Keeps back what the server says from now on.
    pub(crate) fn hold(&self) {
        self.rule.send_replace(Rule::Hold);
    }

    /// Keeps back what the server says once a client has sent this.
    pub(crate) fn hold_from(&self, what: &'static str) {
        self.rule.send_replace(Rule::HoldFrom(what));
    }

    /// Swallows everything from now on. Connections that are there, or are made meanwhile, never come to life again.
    pub(crate) fn fall_silent(&self) {
        self.rule.send_replace(Rule::Silent);
    }

    /// The same, once a client sends this.
    pub(crate) fn fall_silent_from(&self, what: &'static str) {
        self.rule.send_replace(Rule::SilentFrom(what));
    }

    /// Leads new connections to the server at this URL. Those that are there stay where they are.
    pub(crate) fn lead_to(&self, url: &str) {
        self.server.send_replace(split(url).1);
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

/// A URL's scheme and login, host and port, and the rest.
fn split(url: &str) -> (String, String, String) {
    let (login, rest) = split_login(url);
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (server, path) = rest.split_at(end);
    (login, server.to_owned(), path.to_owned())
}

/// What a URL has before its server's name, and the rest.
pub(crate) fn split_login(url: &str) -> (String, String) {
    let start = url.find('@').or_else(|| url.find("//").map(|slashes| slashes + 1)).unwrap() + 1;
    let (login, server) = url.split_at(start);
    (login.to_owned(), server.to_owned())
}

async fn accept(listener: TcpListener, server: watch::Receiver<String>, wire: Wire) {
    while let Ok((client, _)) = listener.accept().await {
        let (from_client, to_client) = client.into_split();
        let server = server.borrow().clone();
        let (from_server, to_server) = TcpStream::connect(&server).await.unwrap().into_split();
        let wire = Wire { silent: Arc::default(), ..wire.clone() };
        tokio::spawn(wire.clone().watch());
        tokio::spawn(wire.clone().ask(from_client, to_server));
        tokio::spawn(wire.answer(from_server, to_client));
    }
}

impl Wire {
    /// Notes the silence, also while nobody says anything.
    async fn watch(mut self) {
        if self.rule.wait_for(|rule| *rule == Rule::Silent).await.is_ok() {
            self.silent.store(true, Ordering::Relaxed);
        }
    }

    async fn ask(self, mut client: OwnedReadHalf, mut server: OwnedWriteHalf) {
        while let Some(bytes) = some(&mut client).await {
            self.heard.send_modify(|heard| heard.extend(&bytes));
            if !self.is_silent() && server.write_all(&bytes).await.is_err() {
                break;
            }
        }
        self.stay_if_silent().await;
    }

    async fn answer(mut self, mut server: OwnedReadHalf, mut client: OwnedWriteHalf) {
        while let Some(bytes) = some(&mut server).await {
            if self.is_silent() {
                continue;
            }
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
        self.stay_if_silent().await;
    }

    fn passes(&self) -> bool {
        match *self.rule.borrow() {
            Rule::Hold => false,
            Rule::HoldFrom(what) => !self.has_heard(what),
            Rule::Pass | Rule::Silent | Rule::SilentFrom(_) => true,
        }
    }

    fn is_silent(&self) -> bool {
        let silent = match *self.rule.borrow() {
            Rule::Silent => true,
            Rule::SilentFrom(what) => self.has_heard(what),
            Rule::Pass | Rule::Hold | Rule::HoldFrom(_) => false,
        };
        if silent {
            self.silent.store(true, Ordering::Relaxed);
        }
        self.silent.load(Ordering::Relaxed)
    }

    fn has_heard(&self, what: &str) -> bool {
        self.heard.borrow().windows(what.len()).any(|bytes| bytes == what.as_bytes())
    }

    /// Keeps this half open, so that the other end does not learn of an end.
    async fn stay_if_silent(&self) {
        if self.is_silent() {
            std::future::pending::<()>().await;
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
