//! A seed's operations: rounds of steps, between which time passes.

use std::fmt;

use crate::events::{Clock, Delivery};

/// The sessions that apply batches, as instances of the processor do.
pub(crate) const WRITERS: usize = 4;

/// The session that does what `maintain` does.
pub(crate) const MAINTAIN: usize = WRITERS;

/// The session that holds locks.
pub(crate) const HOLDER: usize = WRITERS + 1;

/// All sessions with steps.
pub(crate) const SESSIONS: usize = WRITERS + 2;

/// The plan of a seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    /// The most milliseconds by which an answer of the server is late.
    pub(crate) late: u64,
    /// The milliseconds after which the server learns that a client is gone.
    pub(crate) linger: u64,
    pub(crate) rounds: Vec<Round>,
}

/// Operations of all sessions at once. Then everything comes to rest, is judged, and time passes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Round {
    /// Seconds from the history's beginning.
    pub(crate) now: i64,
    /// Events of long ago fill an empty catalog.
    pub(crate) is_rebuild: bool,
    pub(crate) steps: Vec<Step>,
    /// The hours that pass after it.
    pub(crate) hours: i64,
}

/// An operation of a session, which does its steps one by one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) number: usize,
    pub(crate) session: usize,
    /// Milliseconds before it.
    pub(crate) pause: u64,
    pub(crate) act: Act,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Apply(Apply),
    /// Prunes the ledger: so many rows at most.
    Prune(i64),
    /// Prunes the changes: so many rows at most.
    PruneChanges(i64),
    /// Lists pending versions, pauses for these milliseconds and settles them.
    Drain(i64, u64),
    /// Closes the open crossings, tells all closed ones, pauses for these milliseconds and removes them.
    TellCrossings(u64),
    Hold(Hold),
}

/// A batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Apply {
    pub(crate) events: Vec<Delivery>,
    /// The process dies after these milliseconds, and another one gets the batch while the backend lives on.
    pub(crate) dies_after: Option<u64>,
    /// The next step with the versions.
    pub(crate) then: Then,
}

/// The processor's next step, after a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    Nothing,
    /// The cache could not be told, as is known after these milliseconds.
    AddPending(u64),
    /// The cache was told.
    Settle,
}

/// Locks that are held for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Hold {
    /// Rows of products, in order.
    Products { skus: Vec<String>, milliseconds: u64 },
    /// One product's row, and after a while one that is before it: somebody must give way.
    Crosswise { first: String, second: String, milliseconds: u64 },
    /// A table, in this mode.
    Table { name: &'static str, mode: &'static str, milliseconds: u64 },
    /// The pending rows.
    Pending { milliseconds: u64 },
    /// New products, which are then not created.
    Creates { skus: Vec<String>, milliseconds: u64 },
}

impl Plan {
    /// Tells whether batches run into a session that locks in another order.
    pub(crate) fn has_deadlocks(&self) -> bool {
        self.steps().any(|step| matches!(step.act, Act::Hold(Hold::Crosswise { .. })))
    }

    pub(crate) fn steps(&self) -> impl Iterator<Item = &Step> {
        self.rounds.iter().flat_map(|round| &round.steps)
    }

    /// Leaves out these steps.
    pub(crate) fn without(&self, numbers: &[usize]) -> Self {
        let mut plan = self.clone();
        for round in &mut plan.rounds {
            round.steps.retain(|step| !numbers.contains(&step.number));
        }
        plan
    }
}

impl Step {
    /// Returns the batch that it applies.
    pub(crate) fn batch(&self) -> Option<&Apply> {
        if let Act::Apply(apply) = &self.act { Some(apply) } else { None }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}: answers up to {} ms late", self.seed, self.late)?;
        for (number, round) in self.rounds.iter().enumerate() {
            let rebuild = if round.is_rebuild { ", a rebuild" } else { "" };
            writeln!(f, "round {number} at {}{rebuild}", Clock(round.now))?;
            for step in &round.steps {
                writeln!(f, "  {step}")?;
            }
            writeln!(f, "  {} hours pass", round.hours)?;
        }
        Ok(())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, session, pause, act } = self;
        let session = match *session {
            MAINTAIN => "maintain".to_owned(),
            HOLDER => "locks".to_owned(),
            writer => format!("processor {writer}"),
        };
        write!(f, "{number}: {session}, after {pause} ms: ")?;
        match act {
            Act::Apply(Apply { events, dies_after, then }) => {
                write!(f, "apply")?;
                if let Some(after) = dies_after {
                    write!(f, ", die after {after} ms and apply again")?;
                }
                write!(f, ", then {then:?}")?;
                events.iter().try_for_each(|event| write!(f, "\n      {event}"))
            }
            act => write!(f, "{act:?}"),
        }
    }
}
