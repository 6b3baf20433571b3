//! A proxy that holds a server's responses, hangs, or switches to another server, as a name's address changes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::AbortHandle;

/// A proxy between clients and a server.
pub(crate) struct Proxy {
    /// The server's URL with the proxy's address.
    pub(crate) url: String,
    rule: watch::Sender<Rule>,
    server: watch::Sender<String>,
    held: watch::Receiver<bool>,
    heard: watch::Sender<Vec<u8>>,
    tasks: Tasks,
}

/// The tasks that pass the bytes of the connections.
type Tasks = Arc<Mutex<Vec<AbortHandle>>>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    Pass,
    /// Holds the server's responses.
    Hold,
    /// Holds the server's responses once a client has sent this, after so many bytes that clients had sent.
    HoldFrom(&'static str, usize),
    /// Discards everything, but accepts connections. Neither end learns that the other one has gone.
    Hang,
    /// Hangs once a client sends this, which is discarded, too.
    HangFrom(&'static str),
}

/// The state of a connection.
#[derive(Clone)]
struct ProxiedConnection {
    rule: watch::Receiver<Rule>,
    /// Everything that clients have sent.
    heard: watch::Sender<Vec<u8>>,
    held: watch::Sender<bool>,
    /// True once this connection hangs: it does so for ever, like one to a server that is gone.
    hung: Arc<AtomicBool>,
}

impl Proxy {
    /// Starts a proxy before the server at this URL, which names host and port.
    pub(crate) async fn before(url: &str) -> Self {
        let (login, server, path) = split(url);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("{login}{}{path}", listener.local_addr().unwrap());
        let (rule, rules) = watch::channel(Rule::Pass);
        let (server, servers) = watch::channel(server);
        let (holds, held) = watch::channel(false);
        let heard = watch::Sender::new(Vec::new());
        let connection = ProxiedConnection { rule: rules, heard: heard.clone(), held: holds, hung: Arc::default() };
        let tasks = Tasks::default();
        tokio::spawn(accept(listener, servers, connection, Arc::clone(&tasks)));
        Self { url, rule, server, held, heard, tasks }
    }

    /// Holds the server's responses from now on.
    pub(crate) fn hold(&self) {
        self.rule.send_replace(Rule::Hold);
    }

    /// Holds the server's responses once a client has sent this.
    pub(crate) fn hold_from(&self, what: &'static str) {
        self.rule.send_replace(Rule::HoldFrom(what, 0));
    }

    /// Holds the server's responses once a client sends this, which may have been sent before.
    pub(crate) fn hold_from_next(&self, what: &'static str) {
        let sent = self.heard.borrow().len();
        self.rule.send_replace(Rule::HoldFrom(what, sent));
    }

    /// Hangs from now on. Connections that exist, or are made meanwhile, hang for ever.
    pub(crate) fn hang(&self) {
        self.rule.send_replace(Rule::Hang);
    }

    /// Hangs once a client sends this.
    pub(crate) fn hang_from(&self, what: &'static str) {
        self.rule.send_replace(Rule::HangFrom(what));
    }

    /// Closes the connections that exist.
    pub(crate) fn close(&self) {
        for task in self.tasks.lock().unwrap().drain(..) {
            task.abort();
        }
    }

    /// Connects new clients to the server at this URL. Existing connections stay.
    pub(crate) fn switch_to(&self, url: &str) {
        self.server.send_replace(split(url).1);
    }

    /// Waits until a response is held: the server has executed the command.
    pub(crate) async fn holding(&self) {
        self.held.clone().wait_for(|held| *held).await.unwrap();
    }

    /// Passes everything that was held, and all that follows.
    pub(crate) fn release(&self) {
        self.rule.send_replace(Rule::Pass);
    }

    /// Returns the number of statements that the only client has sent to PostgreSQL, other than these.
    pub(crate) fn statements(&self, other_than: &[&str]) -> usize {
        statements(&self.heard.borrow(), other_than)
    }

    /// Returns the number of times that clients have sent this.
    pub(crate) fn heard(&self, what: &str) -> usize {
        self.heard.borrow().windows(what.len()).filter(|bytes| *bytes == what.as_bytes()).count()
    }
}

/// Returns the number of statements in what a client has sent to PostgreSQL over one connection without TLS: simple
/// queries other than these, and executions of prepared statements.
fn statements(sent: &[u8], other_than: &[&str]) -> usize {
    let length = |at: usize| Some(u32::from_be_bytes(sent.get(at..at + 4)?.try_into().ok()?) as usize);
    // The first message has no type.
    let mut at = length(0).unwrap_or_default();
    let mut statements = 0;
    while let (Some(kind), Some(length)) = (sent.get(at), length(at + 1)) {
        let body = sent.get(at + 5..at + 1 + length).unwrap_or_default();
        let is_other = || other_than.iter().any(|text| body.strip_suffix(b"\0") == Some(text.as_bytes()));
        statements += usize::from(*kind == b'E' || (*kind == b'Q' && !is_other()));
        at += 1 + length;
    }
    statements
}

/// Splits a URL into scheme and login, host and port, and the rest.
fn split(url: &str) -> (String, String, String) {
    let (login, rest) = split_login(url);
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (server, path) = rest.split_at(end);
    (login, server.to_owned(), path.to_owned())
}

/// Splits a URL before its server's name.
pub(crate) fn split_login(url: &str) -> (String, String) {
    let start = url.find('@').or_else(|| url.find("//").map(|slashes| slashes + 1)).unwrap() + 1;
    let (login, server) = url.split_at(start);
    (login.to_owned(), server.to_owned())
}

async fn accept(listener: TcpListener, server: watch::Receiver<String>, connection: ProxiedConnection, tasks: Tasks) {
    while let Ok((client, _)) = listener.accept().await {
        let (from_client, to_client) = client.into_split();
        let server = server.borrow().clone();
        let (from_server, to_server) = TcpStream::connect(&server).await.unwrap().into_split();
        let connection = ProxiedConnection { hung: Arc::default(), ..connection.clone() };
        tokio::spawn(connection.clone().watch());
        let forward = tokio::spawn(connection.clone().forward(from_client, to_server));
        let respond = tokio::spawn(connection.respond(from_server, to_client));
        tasks.lock().unwrap().extend([forward.abort_handle(), respond.abort_handle()]);
    }
}

impl ProxiedConnection {
    /// Notes the start of the hang, also while nothing is sent.
    async fn watch(mut self) {
        if self.rule.wait_for(|rule| *rule == Rule::Hang).await.is_ok() {
            self.hung.store(true, Ordering::Relaxed);
        }
    }

    async fn forward(self, mut client: OwnedReadHalf, mut server: OwnedWriteHalf) {
        while let Some(bytes) = some(&mut client).await {
            self.heard.send_modify(|heard| heard.extend(&bytes));
            if !self.hangs() && server.write_all(&bytes).await.is_err() {
                break;
            }
        }
        self.stay_open_if_hung().await;
    }

    async fn respond(mut self, mut server: OwnedReadHalf, mut client: OwnedWriteHalf) {
        while let Some(bytes) = some(&mut server).await {
            if self.hangs() {
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
        self.stay_open_if_hung().await;
    }

    fn passes(&self) -> bool {
        match *self.rule.borrow() {
            Rule::Hold => false,
            Rule::HoldFrom(what, after) => !self.has_heard(what, after),
            Rule::Pass | Rule::Hang | Rule::HangFrom(_) => true,
        }
    }

    fn hangs(&self) -> bool {
        let hangs = match *self.rule.borrow() {
            Rule::Hang => true,
            Rule::HangFrom(what) => self.has_heard(what, 0),
            Rule::Pass | Rule::Hold | Rule::HoldFrom(..) => false,
        };
        if hangs {
            self.hung.store(true, Ordering::Relaxed);
        }
        self.hung.load(Ordering::Relaxed)
    }

    fn has_heard(&self, what: &str, after: usize) -> bool {
        self.heard.borrow()[after..].windows(what.len()).any(|bytes| bytes == what.as_bytes())
    }

    /// Keeps this half open, so that the other end does not learn of an end.
    async fn stay_open_if_hung(&self) {
        if self.hangs() {
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
