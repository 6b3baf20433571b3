//! Child processes: started, stopped and reaped, with their output read line by line.

use std::collections::VecDeque;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use parking_lot::Mutex;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::session::guard::Guard;

/// Lines of a process that are kept for an error message.
const TAIL: usize = 20;
/// The longest wait for the output of an ended process: something that it started might hold the pipe open.
const OUTPUT_AFTER_END: Duration = Duration::from_secs(1);

/// A stream that a process writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputStream {
    Stdout,
    Stderr,
}

/// A callback for each line that a process writes.
pub type LineHandler = Arc<dyn Fn(OutputStream, &str) + Send + Sync>;

/// Kind of a process: functions use the servers, so they are stopped first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcessKind {
    Function,
    Server,
}

/// Signal and grace period with which a process is stopped.
#[derive(Clone, Copy, Debug)]
pub struct StopPolicy {
    /// Asks it to end.
    pub signal: Signal,
    /// Time that it has before it is killed.
    pub grace: Duration,
}

/// A running or ended child process.
#[derive(Debug)]
pub struct Process {
    name: String,
    kind: ProcessKind,
    stop: StopPolicy,
    signals: mpsc::UnboundedSender<Signal>,
    exit: watch::Receiver<Option<ExitStatus>>,
    tail: Arc<Mutex<VecDeque<String>>>,
}

/// Every process of this run.
#[derive(Debug)]
pub struct Supervisor {
    guard: Arc<Guard>,
    processes: Mutex<Processes>,
}

#[derive(Debug, Default)]
struct Processes {
    started: Vec<Arc<Process>>,
    /// [`Supervisor::stop_all`] has begun.
    stopping: bool,
}

impl Supervisor {
    /// Creates a supervisor whose processes `guard` stops if pipegen is killed.
    pub fn new(guard: Arc<Guard>) -> Self {
        Self { guard, processes: Mutex::default() }
    }

    /// Starts a process without input, in a group of its own: a Ctrl-C at the terminal is for pipegen to pass on. Once
    /// [`Self::stop_all`] has begun nothing is started any more: nobody would stop it.
    pub fn spawn(
        &self,
        name: &str,
        kind: ProcessKind,
        stop: StopPolicy,
        mut command: Command,
        lines: LineHandler,
    ) -> std::io::Result<Arc<Process>> {
        let mut processes = self.processes.lock();
        if processes.stopping {
            return Err(std::io::Error::other("the run is ending"));
        }
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let tail = Arc::new(Mutex::new(VecDeque::new()));
        let mut readers = JoinSet::new();
        if let Some(out) = child.stdout.take() {
            readers.spawn(read(out, OutputStream::Stdout, Arc::clone(&lines), Arc::clone(&tail)));
        }
        if let Some(error) = child.stderr.take() {
            readers.spawn(read(error, OutputStream::Stderr, lines, Arc::clone(&tail)));
        }
        let (signals, received) = mpsc::unbounded_channel();
        let (exited, exit) = watch::channel(None);
        watch_over(child, readers, received, exited, Arc::clone(&self.guard));
        let process = Arc::new(Process { name: name.to_owned(), kind, stop, signals, exit, tail });
        processes.started.retain(|process| process.status().is_none());
        processes.started.push(Arc::clone(&process));
        Ok(process)
    }

    /// Kills every process of a kind, without a word to it.
    pub fn kill_all(&self, kind: ProcessKind) {
        for process in self.processes.lock().started.iter().filter(|process| process.kind == kind) {
            process.kill();
        }
    }

    /// Stops everything that still runs, functions before servers, and waits until all of it is reaped.
    pub async fn stop_all(&self) {
        let started = {
            let mut processes = self.processes.lock();
            processes.stopping = true;
            std::mem::take(&mut processes.started)
        };
        for kind in [ProcessKind::Function, ProcessKind::Server] {
            let mut stopping = JoinSet::new();
            for process in started.iter().filter(|process| process.kind == kind) {
                let process = Arc::clone(process);
                stopping.spawn(async move { process.stop().await });
            }
            stopping.join_all().await;
        }
    }
}

/// Waits for the child's end in a task that is the only one to signal it, so that no signal can reach another process
/// that got the number of a reaped one.
fn watch_over(
    mut child: Child,
    readers: JoinSet<()>,
    mut signals: mpsc::UnboundedReceiver<Signal>,
    exited: watch::Sender<Option<ExitStatus>>,
    guard: Arc<Guard>,
) {
    let id = child.id().unwrap_or_default();
    guard.add(id);
    tokio::spawn(async move {
        let status = loop {
            tokio::select! {
                status = child.wait() => break status,
                Some(signal) = signals.recv() => {
                    if let Ok(id) = i32::try_from(id) {
                        // Its group, so that its own children (initdb starts postgres) end too. This fails only if it
                        // has just ended by itself.
                        killpg(Pid::from_raw(id), signal).ok();
                    }
                }
            }
        };
        guard.remove(id);
        tokio::time::timeout(OUTPUT_AFTER_END, readers.join_all()).await.ok();
        // `wait` fails only for a process that is not a child.
        exited.send_replace(Some(status.unwrap_or_default()));
    });
}

async fn read(
    pipe: impl AsyncRead + Unpin,
    stream: OutputStream,
    lines: LineHandler,
    tail: Arc<Mutex<VecDeque<String>>>,
) {
    let mut pipe = BufReader::new(pipe);
    let mut line = Vec::new();
    while pipe.read_until(b'\n', &mut line).await.is_ok_and(|read| read > 0) {
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end();
        if !text.is_empty() {
            lines(stream, text);
            let mut tail = tail.lock();
            if tail.len() == TAIL {
                tail.pop_front();
            }
            tail.push_back(text.to_owned());
        }
        line.clear();
    }
}

impl Process {
    /// Returns its name in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns its exit status once it has ended and all of its output was read.
    pub fn status(&self) -> Option<ExitStatus> {
        *self.exit.borrow()
    }

    /// Waits for its end, and returns its exit status.
    pub async fn exited(&self) -> ExitStatus {
        let mut exit = self.exit.clone();
        let status = exit.wait_for(Option::is_some).await.ok().and_then(|status| *status);
        status.unwrap_or_default()
    }

    pub fn kill(&self) {
        self.signals.send(Signal::SIGKILL).ok();
    }

    /// Suspends it until [`Self::thaw`], as Lambda freezes an execution environment.
    pub fn freeze(&self) {
        self.signals.send(Signal::SIGSTOP).ok();
    }

    pub fn thaw(&self) {
        self.signals.send(Signal::SIGCONT).ok();
    }

    /// Asks it to end, kills it if it takes too long, and waits for its end.
    pub async fn stop(&self) -> ExitStatus {
        self.stop_by(self.stop).await
    }

    /// Stops it in another way than at the end of the run.
    pub async fn stop_by(&self, stop: StopPolicy) -> ExitStatus {
        self.signals.send(stop.signal).ok();
        // A frozen process would not receive it.
        self.thaw();
        if let Ok(status) = tokio::time::timeout(stop.grace, self.exited()).await {
            return status;
        }
        self.kill();
        self.exited().await
    }

    /// Returns its last lines, for an error message.
    pub fn last_lines(&self) -> String {
        let tail = self.tail.lock();
        if tail.is_empty() {
            return "it wrote nothing".to_owned();
        }
        tail.iter().fold(String::new(), |text, line| text + "\n    " + line)
    }
}
