//! CPU seconds by process, of everything that descends from one process.
//!
//! The unit is a child of that process with all that descends from it: PostgreSQL's backends count as the server's.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use procfs::process::{Process, Stat, all_processes};

/// The time between two looks: a process that ends loses what it used since the last one.
const INTERVAL: Duration = Duration::from_millis(20);
/// The variable that holds a bootstrap's handler.
const HANDLER: &str = "_HANDLER";

/// CPU seconds by label: one of those below, of a function its handler, else the name of the program.
#[derive(Clone, Debug, Default)]
pub(crate) struct Usage(BTreeMap<String, f64>);

/// A thread that looks at the tree until it is told to stop.
pub(crate) struct Watch {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Usage>,
}

/// The last look at each process: process ids are used again, so the start time belongs to the key.
#[derive(Default)]
struct Seen(HashMap<(i32, u64), (String, f64)>);

impl Usage {
    /// The label of the process itself, without its children.
    pub(crate) const ROOT: &str = "host";
    pub(crate) const POSTGRESQL: &str = "PostgreSQL";
    pub(crate) const REDIS: &str = "Redis";

    /// Looks once at the tree below a process.
    pub(crate) fn now(root: i32) -> Self {
        let mut seen = Seen::default();
        seen.look(root);
        seen.usage()
    }

    /// Returns the CPU seconds under a label.
    pub(crate) fn of(&self, label: &str) -> f64 {
        self.0.get(label).copied().unwrap_or_default()
    }

    /// Returns what was used since an earlier look, at which every process was there already that has ended since.
    #[must_use]
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        Self(self.0.iter().map(|(label, seconds)| (label.clone(), seconds - earlier.of(label))).collect())
    }
}

impl Watch {
    pub(crate) fn start(root: i32) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let mut seen = Seen::default();
            while !stopped.load(Ordering::Relaxed) {
                seen.look(root);
                thread::sleep(INTERVAL);
            }
            seen.usage()
        });
        Self { stop, thread }
    }

    /// Returns what the tree has used until now.
    pub(crate) fn stop(self) -> Usage {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("the thread does not panic")
    }
}

impl Seen {
    /// Notes what the process and each of its children have used. A process that ends meanwhile is passed over.
    fn look(&mut self, root: i32) {
        let stats: Vec<Stat> =
            all_processes().into_iter().flatten().filter_map(|process| process.ok()?.stat().ok()).collect();
        for stat in &stats {
            let key = (stat.pid, stat.starttime);
            if stat.pid == root {
                self.0.insert(key, (Usage::ROOT.to_owned(), own_seconds(stat)));
            } else if stat.ppid == root {
                let seconds = tree_seconds(stat, &stats);
                let entry = self.0.entry(key).or_insert_with(|| (label(stat), 0.0));
                // Between `fork` and `exec` it has its parent's name.
                if entry.1 < 0.1 {
                    entry.0 = label(stat);
                }
                // A process that has ended and waits for its parent has no children left.
                entry.1 = entry.1.max(seconds);
            }
        }
    }

    fn usage(self) -> Usage {
        let mut sums = BTreeMap::new();
        for (label, seconds) in self.0.into_values() {
            *sums.entry(label).or_default() += seconds;
        }
        Usage(sums)
    }
}

/// Returns the label of a process.
pub(crate) fn label(stat: &Stat) -> String {
    let environment = Process::new(stat.pid).and_then(|process| process.environ()).unwrap_or_default();
    let handler = environment.get(std::ffi::OsStr::new(HANDLER));
    match (handler, &*stat.comm) {
        (Some(handler), _) => handler.to_string_lossy().into_owned(),
        (None, "postgres") => Usage::POSTGRESQL.to_owned(),
        (None, "redis-server" | "valkey-server") => Usage::REDIS.to_owned(),
        (None, command) => command.to_owned(),
    }
}

fn own_seconds(stat: &Stat) -> f64 {
    seconds(stat.utime + stat.stime)
}

/// Returns what a process, its ended children and those that run have used.
fn tree_seconds(stat: &Stat, all: &[Stat]) -> f64 {
    let waited_for = u64::try_from(stat.cutime + stat.cstime).unwrap_or_default();
    let running: f64 = all.iter().filter(|child| child.ppid == stat.pid).map(|child| tree_seconds(child, all)).sum();
    own_seconds(stat) + seconds(waited_for) + running
}

#[expect(clippy::cast_precision_loss, reason = "ticks of a run are far below 2^52")]
fn seconds(ticks: u64) -> f64 {
    ticks as f64 / procfs::ticks_per_second() as f64
}
