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
use crate::memory::KindMemory;
use crate::results::{Benchmark, Group, Plot, Target};
use crate::rounds::median;

pub(in super::super) const NAME: &str = "day";
pub(in super::super) const TITLE: &str = "a day of 1000 records a minute, as fast as they are taken";
const MEANING: &str = "The load of `load`, but 1 440 000 records whose events are spread evenly over the last \
    day and which are sent as fast as they are taken: 20 000 are on their way at most, and shards have no limits. \
    Beside it 200 reads a second. Memory is looked at each second: the medians of the second quarter of the time and \
    of the last one, of all processes of a kind and of the largest. What must not grow is judged by the largest, \
    because a pool may get one more at any time. Memory is RSS; of PostgreSQL, whose processes share most of theirs, \
    PSS. `maintain` runs by the wall clock. The work is checked as in `load`.";

const PER_MINUTE: u32 = 1000;
const DAY: Duration = Duration::from_hours(24);
/// The last quarter's memory beside the second one's, of what must not grow.
const GROWTH: f64 = 1.15;
/// PostgreSQL fills its buffers, Redis has the products that were read.
const GROWS: [&str; 2] = [Usage::REDIS, Usage::POSTGRESQL];

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
    let all = Quarters::of(&loaded, |memory| memory.resident);
    let largest = Quarters::of(&loaded, |memory| memory.largest);
    let growth = largest.growth("memory of the largest process, last quarter beside second");
    let bounded = kinds().filter(|kind| !GROWS.contains(kind));
    let what = |kind: &str| format!("{kind}: memory of the largest process, last quarter beside second");
    let targets = bounded.map(|kind| Target::at_most(what(kind), GROWTH, growth.row(kind).median)).collect();
    let mut groups = vec![work("work", &loaded), end("after the last record", &loaded), speed(&loaded)];
    groups.extend(all.groups("memory of all processes"));
    groups.extend(largest.groups("memory of the largest process"));
    groups.extend([
        growth,
        peaks("peak memory of the largest process", observed),
        latency("reads, from due to answered", &loaded.answered)?,
    ]);
    groups.extend(lag("behind", observed));
    groups.extend([cpu("CPU", observed), machine("the machine", observed)]);
    let charts = vec![memory_over_time("memory by kind of process".to_owned(), observed, &KINDS)];
    Ok(Benchmark { name: NAME, title: TITLE, meaning: MEANING, groups, targets, plot: Plot::Charts { charts } })
}

/// The memory of each kind of process in two quarters of the time, in MiB.
struct Quarters {
    second: Vec<f64>,
    last: Vec<f64>,
}

impl Quarters {
    /// Takes medians of what there was.
    fn of(loaded: &Loaded, value: fn(KindMemory) -> f64) -> Self {
        let Loaded { observed: Observed { memory, .. }, sent_after, .. } = loaded;
        let quarter = |number| {
            let (begin, end) = (*sent_after / 4 * number, *sent_after / 4 * (number + 1));
            let inside: Vec<_> = memory.iter().filter(|(at, _)| (begin..=end).contains(at)).collect();
            let of = |kind| median(&inside.iter().map(|(_, memory)| value(memory.of(kind))).collect::<Vec<_>>());
            kinds().map(of).collect()
        };
        Self { second: quarter(1), last: quarter(3) }
    }

    fn groups(&self, title: &str) -> [Group; 2] {
        let group = |title, memory: &[f64]| {
            kinds().zip(memory).fold(Group::new(title, "MiB"), |group, (kind, memory)| group.with(kind, vec![*memory]))
        };
        [group(format!("{title}, second quarter"), &self.second), group(format!("{title}, last quarter"), &self.last)]
    }

    fn growth(&self, title: &str) -> Group {
        let ratios = self.last.iter().zip(&self.second).map(|(last, second)| last / second);
        kinds().zip(ratios).fold(Group::new(title, "x"), |group, (kind, ratio)| group.with(kind, vec![ratio]))
    }
}

/// Returns the kinds of processes that are compared. `maintain` runs each minute only.
fn kinds() -> impl Iterator<Item = &'static str> {
    KINDS.into_iter().filter(|kind| *kind != "maintain")
}

#[expect(clippy::cast_precision_loss, reason = "no load has 2^52 of anything")]
fn speed(loaded: &Loaded) -> Group {
    let seconds = loaded.sent_after.as_secs_f64();
    Group::new("speed", "records/s").with("as fast as they are taken", vec![loaded.put.records as f64 / seconds])
}
