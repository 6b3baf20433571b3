//! The cache: a primary, the primaries before it, and the network in between.

use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chrono::TimeDelta;
use parking_lot::Mutex;
use pipegen_lambda::cache::Server;
use redis::aio::ConnectionLike;
use redis::{Arg, Cmd, Pipeline, RedisError, RedisFuture, RedisResult, Script, Value};
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use crate::lua;
use crate::plan::CacheFaultKind;
use crate::redis_node::Node;
use crate::schedule::Schedule;

/// The time after which the client gives up an answer, as the runtime sets it.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(1);

/// The servers of the cache, in the order in which they became the primary.
pub(crate) struct Cluster {
    schedule: Arc<Schedule>,
    nodes: Mutex<Vec<Node>>,
    trouble: Mutex<Option<CacheFaultKind>>,
    /// Calls during which the process that makes them stands still.
    standstills: usize,
}

/// The cache's address: a new connection leads to the primary.
#[derive(Clone)]
pub(crate) struct Endpoint(pub(crate) Arc<Cluster>);

/// A connection, which stays with its server.
#[derive(Clone)]
pub(crate) struct Connection {
    cluster: Arc<Cluster>,
    node: Arc<OnceLock<usize>>,
}

impl Cluster {
    pub(crate) fn new(schedule: &Arc<Schedule>, standstills: usize) -> Arc<Self> {
        let first = Node::primary(skew(schedule));
        let nodes = Mutex::new(vec![first]);
        Arc::new(Self { schedule: Arc::clone(schedule), nodes, trouble: Mutex::default(), standstills })
    }

    /// Does something with the primary, as it is now.
    pub(crate) fn primary<T>(&self, work: impl FnOnce(&mut Node) -> T) -> T {
        let mut nodes = self.nodes.lock();
        work(nodes.last_mut().expect("there is always one").at(self.schedule.now()))
    }

    /// Sets what is wrong with all calls from now on.
    pub(crate) fn set_trouble(&self, trouble: Option<CacheFaultKind>) {
        *self.trouble.lock() = trouble;
    }

    /// Lets a replica take over.
    pub(crate) fn fail_over(&self) {
        let lag = self.schedule.up_to(Duration::from_millis(200));
        let skew = skew(&self.schedule);
        let replica = self.primary(|old| {
            old.is_primary = false;
            old.promoted_replica(lag, skew)
        });
        self.nodes.lock().push(replica);
    }

    /// Sends a command and waits for its answer. A process that stands still meanwhile finds its time over.
    async fn call(self: Arc<Self>, node: usize, arguments: Vec<Vec<u8>>, stands_still: bool) -> RedisResult<Value> {
        let trouble = *self.trouble.lock();
        if trouble == Some(CacheFaultKind::Refusing) {
            return Err(RedisError::from(io::Error::from(io::ErrorKind::ConnectionRefused)));
        }
        if trouble == Some(CacheFaultKind::Reset) && self.schedule.one_in(3) {
            return Err(broken());
        }
        let (answer, answered) = oneshot::channel();
        let cluster = Arc::clone(&self);
        tokio::spawn(async move {
            cluster.schedule.pause().await;
            if trouble == Some(CacheFaultKind::Late) {
                sleep(cluster.schedule.up_to(Duration::from_secs(4))).await;
            }
            if trouble == Some(CacheFaultKind::Silent) {
                // The client keeps waiting.
                return std::future::pending().await;
            }
            let reply = cluster.execute(node, &arguments);
            cluster.schedule.pause().await;
            if trouble == Some(CacheFaultKind::Unanswered) {
                return std::future::pending().await;
            }
            let reset = trouble == Some(CacheFaultKind::Reset) && cluster.schedule.one_in(3);
            // A client that has given up hears nothing.
            answer.send(if reset { Err(broken()) } else { Ok(reply) }).ok();
        });
        let no_answer = || RedisError::from(io::Error::from(io::ErrorKind::TimedOut));
        if stands_still {
            sleep(RESPONSE_TIMEOUT + self.schedule.up_to(Duration::from_secs(3))).await;
            return Err(no_answer());
        }
        timeout(RESPONSE_TIMEOUT, answered).await.map_err(|_| no_answer())?.map_err(|_| no_answer())?
    }

    fn execute(&self, node: usize, arguments: &[Vec<u8>]) -> Value {
        let now = self.schedule.now();
        let mut nodes = self.nodes.lock();
        let node = nodes[node].at(now);
        let texts: Vec<String> = arguments.iter().map(|text| String::from_utf8_lossy(text).into_owned()).collect();
        let names: Vec<&str> = texts.iter().map(String::as_str).collect();
        match names.as_slice() {
            ["SCRIPT", "LOAD", text] => {
                let hash = Script::new(text).get_hash().to_owned();
                node.scripts.insert(hash.clone().into_bytes(), (*text).to_owned());
                Value::BulkString(hash.into_bytes())
            }
            ["EVALSHA", hash, keys, ..] => {
                let Some(script) = node.scripts.get(hash.as_bytes()).cloned() else {
                    return lua::error("NOSCRIPT No matching script. Please use EVAL.");
                };
                let keys: usize = keys.parse().expect("a number of keys");
                let (keys, rest) = arguments[3..].split_at(keys);
                let reply = lua::run(&script, keys, rest, node);
                self.note(&script, keys, rest, &reply);
                reply
            }
            _ => lua::error(&format!("ERR the model does not know {names:?}")),
        }
    }

    fn note(&self, script: &str, keys: &[Vec<u8>], arguments: &[Vec<u8>], reply: &Value) {
        let name = ["Announces", "Refreshes", "Reads", "Fills"].into_iter().find(|name| script.contains(name));
        let text = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).chars().take(24).collect::<String>();
        let (keys, arguments): (Vec<_>, Vec<_>) =
            (keys.iter().map(text).collect(), arguments.iter().map(text).collect());
        let reply: String = format!("{reply:?}").chars().take(160).collect();
        self.schedule.note(format!("cache: {} {keys:?} {arguments:?} -> {reply}", name.unwrap_or("?")));
    }
}

fn broken() -> RedisError {
    RedisError::from(io::Error::from(io::ErrorKind::ConnectionReset))
}

/// The difference of a server's clock, up to two seconds to either side.
fn skew(schedule: &Schedule) -> TimeDelta {
    let most = 2000;
    TimeDelta::milliseconds(i64::try_from(schedule.below(2 * most + 1)).expect("small") - 2000)
}

impl Server for Endpoint {
    type Connection = Connection;

    fn connection(&self) -> RedisResult<Connection> {
        Ok(Connection { cluster: Arc::clone(&self.0), node: Arc::default() })
    }
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        let arguments = command.args_iter().map(|argument| match argument {
            Arg::Simple(bytes) => bytes.to_vec(),
            _ => unreachable!("a script's call has no cursor"),
        });
        // A process that has just gone on, and so has a new connection, does not stand still again at once.
        let stands_still = self.node.get().is_some() && self.cluster.schedule.one_in(self.cluster.standstills);
        // It connects when it is first used.
        let node = *self.node.get_or_init(|| self.cluster.nodes.lock().len() - 1);
        let call = Arc::clone(&self.cluster).call(node, arguments.collect(), stands_still);
        Box::pin(call)
    }

    fn req_packed_commands<'a>(&'a mut self, _: &'a Pipeline, _: usize, _: usize) -> RedisFuture<'a, Vec<Value>> {
        unreachable!("no pipelines are used")
    }

    fn get_db(&self) -> i64 {
        0
    }
}
