//! A seed's faults: what strikes, when, and for how long.

use std::fmt;
use std::time::Duration;

use crate::records::random::Random;

/// The time for which suppliers send and faults strike.
pub(crate) const LOAD: Duration = Duration::from_secs(12);

/// The most faults of a plan.
const MOST_FAULTS: usize = 7;

/// A server behind a wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Server {
    Database,
    Cache,
}

/// A kind of fault, with what it hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strike {
    /// A process of this role is killed.
    Kill(&'static str),
    /// A process of this role stands still for the fault's time, as Lambda freezes one, but in the middle of its work.
    Freeze(&'static str),
    /// No invocation begins for the fault's time, so that every process is frozen as Lambda freezes one between two
    /// invocations, and meanwhile every connection dies without a word.
    Idle(Server),
    /// Every mapping loses its checkpoints: what was acknowledged last comes again, in other batches.
    Redeliver,
    /// A shard is split, and two are merged after the fault's time.
    Reshard,
    /// Every connection is reset.
    Reset(Server),
    /// Every connection that exists dies without a word, and stays open.
    Silence(Server),
    /// The server's half of every connection is closed, the client's stays open.
    HalfOpen(Server),
    /// Whatever the server answers comes late.
    Delay(Server, Duration),
    /// Connections, those that are made meanwhile too, get no answer for the fault's time.
    Unreachable(Server),
    /// The server is stopped, and started again after the fault's time. Redis loses everything.
    Restart(Server),
    /// Redis loses everything.
    Flush,
    /// A replica takes over after the fault's time; the old primary becomes a replica, and closes no connection.
    Failover,
    /// S3 refuses, delays, or refuses what it has carried out.
    Objects,
}

/// A fault of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// From the beginning of the load.
    pub(crate) at: Duration,
    pub(crate) strike: Strike,
    pub(crate) lasts: Duration,
}

/// The plan of a seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    /// In order of their times.
    pub(crate) faults: Vec<Fault>,
    /// Every login is rotated again and again.
    pub(crate) rotates: bool,
}

impl Strike {
    /// Returns the kind, for counts.
    pub(crate) fn kind(self) -> String {
        match self {
            Self::Kill(role) => format!("kill {role}"),
            Self::Freeze(role) => format!("freeze {role}"),
            Self::Idle(server) => format!("idle {server}"),
            Self::Redeliver => "redeliver".to_owned(),
            Self::Reshard => "reshard".to_owned(),
            Self::Reset(server) => format!("reset {server}"),
            Self::Silence(server) => format!("silence {server}"),
            Self::HalfOpen(server) => format!("half-open {server}"),
            Self::Delay(server, _) => format!("delay {server}"),
            Self::Unreachable(server) => format!("unreachable {server}"),
            Self::Restart(server) => format!("restart {server}"),
            Self::Flush => "flush cache".to_owned(),
            Self::Failover => "failover cache".to_owned(),
            Self::Objects => "trouble s3".to_owned(),
        }
    }

    /// Tells whether the cache cannot be told, or forgets: then P3 allows what is stale until its time to live is over.
    pub(crate) fn is_of_the_cache(self) -> bool {
        match self {
            Self::Kill(_) | Self::Freeze(_) | Self::Redeliver | Self::Reshard | Self::Objects => false,
            Self::Flush | Self::Failover => true,
            Self::Idle(server)
            | Self::Reset(server)
            | Self::Silence(server)
            | Self::HalfOpen(server)
            | Self::Delay(server, _)
            | Self::Unreachable(server)
            | Self::Restart(server) => server == Server::Cache,
        }
    }
}

impl Plan {
    /// Makes the plan of a seed.
    pub(crate) fn of(seed: u64) -> Self {
        let random = &mut Random(seed.wrapping_mul(0x9e37_79b9) ^ 0x5eed);
        // In half of the plans nothing happens to the cache, so that P3 holds without an exception.
        let cache = random.below(2) == 0;
        let mut faults: Vec<Fault> = (0..=random.below(MOST_FAULTS)).map(|_| fault(random, cache)).collect();
        faults.sort_by_key(|fault| fault.at);
        Self { seed, faults, rotates: random.below(3) == 0 }
    }

    /// Leaves only these faults, by their numbers.
    pub(crate) fn only(mut self, numbers: &[usize]) -> Self {
        let kept = self.faults.iter().enumerate().filter(|(number, _)| numbers.contains(number));
        self.faults = kept.map(|(_, fault)| *fault).collect();
        self
    }
}

fn fault(random: &mut Random, cache: bool) -> Fault {
    let milliseconds = |random: &mut Random, from: usize, to: usize| {
        Duration::from_millis(u64::try_from(from + random.below(to - from)).expect("small"))
    };
    let load = usize::try_from(LOAD.as_millis()).expect("small");
    let at = milliseconds(random, 300, load);
    let lasts = milliseconds(random, 100, 4000);
    let server = if cache && random.below(2) == 0 { Server::Cache } else { Server::Database };
    let strike = match random.below(20) {
        0 => Strike::Kill(["archiver", "catalog", "maintain"][random.below(3)]),
        3 => Strike::Freeze("processor"),
        4 => Strike::Freeze("catalog"),
        5 => Strike::Reset(server),
        6 => Strike::Silence(server),
        7 => Strike::HalfOpen(server),
        8 => Strike::Delay(server, milliseconds(random, 5, 400)),
        9 => Strike::Unreachable(server),
        10 => Strike::Restart(server),
        11 | 12 => Strike::Objects,
        13 if cache => Strike::Flush,
        14 if cache => Strike::Failover,
        15 | 16 => Strike::Redeliver,
        17 | 18 => Strike::Reshard,
        19 => Strike::Idle(server),
        _ => Strike::Kill("processor"),
    };
    Fault { at, strike, lasts }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Database => "database",
            Self::Cache => "cache",
        })
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed {}{}", self.seed, if self.rotates { ", logins rotate" } else { "" })?;
        for (number, Fault { at, strike, lasts }) in self.faults.iter().enumerate() {
            write!(f, "\n  {number}: at {at:?} for {lasts:?}: {strike:?}")?;
        }
        Ok(())
    }
}

#[test]
fn a_seed_is_always_the_same_plan_and_the_seeds_have_every_kind_of_fault() {
    let kinds = |seeds: u64| -> std::collections::BTreeSet<String> {
        (0..seeds).flat_map(|seed| Plan::of(seed).faults).map(|fault| fault.strike.kind()).collect()
    };
    assert_eq!(Plan::of(7), Plan::of(7));
    assert_ne!(Plan::of(7).faults, Plan::of(8).faults);
    // Kills of four roles, freezes of two, seven faults of two servers, two more of the cache, two of the stream, and S3.
    assert_eq!(kinds(500).len(), 4 + 2 + 14 + 2 + 2 + 1, "{:?}", kinds(500));
}
