//! A day's updates as fast as they are taken: memory must not grow with them.

use std::time::Duration;

use anyhow::Result;
use chrono::{TimeDelta, Utc};

use super::figures::{KINDS, cpu, end, lag, latency, machine, memory_over_time, peaks, work};
use super::observer::Observed;
use super::run::{Load, Loaded, run};
use super::supply::{Plan, Spacing};
use crate::cpu::Usage;
use crate::inputs::Inputs;
use crate::results::{Benchmark, Group, Plot, Target};
use crate::rounds::median;

pub(in super::super) const NAME: &str = "day";
pub(in super::super) const TITLE: &str = "a day of 1000 records a minute, as fast as they are taken";
const MEANING: &str = "The load of `load`, but 1 440 000 records whose events happen in even distances over the last day \
    and which are sent as fast as they are taken: 20 000 are on their way at most, and shards have no limits. Beside it \
    200 reads a second. Memory is looked at each second: of a kind of process, the median of the second quarter of the \
    time and of the last one. RSS of all processes of a kind; of PostgreSQL, whose processes share most of theirs, PSS. \
    `maintain` runs by the wall clock. The work is checked as in `load`.";

const PER_MINUTE: u32 = 1000;
const DAY: Duration = Duration::from_hours(24);
/// The last quarter's memory beside the second one's, of what must not grow.
const GROWTH: f64 = 1.15;
/// PostgreSQL fills its buffers, Redis has the products that were read; `maintain` runs each minute only.
const GROWS: [&str; 3] = ["maintain", Usage::REDIS, Usage::POSTGRESQL];

pub(in super::super) fn measure(inputs: &Inputs) -> Result<Benchmark> {
    let length = inputs.size(DAY, Duration::from_mins(5));
    let plan = Plan {
        per_minute: PER_MINUTE,
        spacing: Spacing::Even,
        length,
        burst: None,
        sample_every: None,
        begin: Utc::now() - TimeDelta::from_std(length)?,
    };
    let load = Load {
        plan,
        when_due: false,
        warm_up: Duration::ZERO,
        look_every: Duration::from_millis(50),
        memory_every: inputs.size(Duration::from_secs(1), Duration::from_millis(50)),
    };
    let loaded = run(inputs, NAME, load)?;
    let observed = &loaded.observed;
    let (second, last) = (quarter(&loaded, 1), quarter(&loaded, 3));
    let growth = KINDS.into_iter().zip(second.iter().zip(&last)).fold(
        Group::new("memory of the last quarter beside that of the second", "x"),
        |group, (kind, (second, last))| group.with(kind, vec![last / second]),
    );
    let bounded = KINDS.into_iter().filter(|kind| GROWS.iter().all(|other| other != kind));
    let targets = bounded.map(|kind| {
        Target::at_most(
            format!("{kind}: memory of the last quarter beside the second"),
            GROWTH,
            growth.row(kind).median,
        )
    });
    let targets = targets.collect();
    let mut groups = vec![
        work("work", &loaded),
        end("after the last record", &loaded),
        speed(&loaded),
        memory("memory, second quarter", &second),
        memory("memory, last quarter", &last),
        growth,
        peaks("peak memory of the largest process", observed),
        latency("reads, from due to answered", &loaded.answered)?,
    ];
    groups.extend(lag("behind", observed));
    groups.extend([cpu("CPU", observed), machine("the machine", observed)]);
    let charts = vec![memory_over_time("memory by kind of process".to_owned(), observed, &KINDS)];
    Ok(Benchmark { name: NAME, title: TITLE, meaning: MEANING, groups, targets, plot: Plot::Charts { charts } })
}

fn memory(title: &str, memory: &[f64]) -> Group {
    KINDS
        .into_iter()
        .zip(memory)
        .fold(Group::new(title, "MiB"), |group, (kind, memory)| group.with(kind, vec![*memory]))
}

/// Returns the median memory of each kind in a quarter of the time.
fn quarter(loaded: &Loaded, number: u32) -> Vec<f64> {
    let Loaded { observed: Observed { memory, .. }, sent_after, .. } = loaded;
    let (begin, end) = (*sent_after / 4 * number, *sent_after / 4 * (number + 1));
    let of = |kind: &str| {
        let inside = memory.iter().filter(|(at, _)| (begin..=end).contains(at));
        median(&inside.map(|(_, memory)| memory.resident(kind)).collect::<Vec<_>>())
    };
    KINDS.map(of).to_vec()
}

#[expect(clippy::cast_precision_loss, reason = "no load has 2^52 of anything")]
fn speed(loaded: &Loaded) -> Group {
    let seconds = loaded.sent_after.as_secs_f64();
    Group::new("speed", "records/s").with("as fast as they are taken", vec![loaded.put.records as f64 / seconds])
}
