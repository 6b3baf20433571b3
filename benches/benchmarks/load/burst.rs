//! Twenty minutes' updates at one moment.

use std::time::Duration;

use anyhow::{Context as _, Result};
use chrono::Utc;

use super::figures::{end, lag, latency, latency_over_time, machine, waiting_over_time, work};
use super::run::{Load, Loaded, run};
use super::steady::counted;
use super::supply::{Burst, Plan, Spacing};
use crate::inputs::Inputs;
use crate::results::{Benchmark, Group, Plot, Target};

pub(in super::super) const NAME: &str = "burst";
pub(in super::super) const TITLE: &str = "20 000 records at one moment, beside 1000 a minute";
const MEANING: &str = "The load of `load`, at 1000 records a minute, with 20 000 more that are all due at one moment. \
    A shard takes 1000 records a second, so the stream needs some seconds to take them, more if keys are spread \
    unevenly; what it does not take yet waits at the sender, and its latency counts. One record of 20 is a sample. \
    The work is checked as there.";

const PER_MINUTE: u32 = 1000;
const SAMPLE_EVERY: u64 = 20;

pub(in super::super) fn measure(inputs: &Inputs) -> Result<Benchmark> {
    let warm_up = inputs.size(Duration::from_secs(10), Duration::from_secs(1));
    let burst = Burst { at: warm_up + Duration::from_secs(1), records: inputs.size(20_000, 500) };
    let plan = Plan {
        per_minute: PER_MINUTE,
        spacing: Spacing::Poisson,
        length: burst.at + inputs.size(Duration::from_mins(1), Duration::from_secs(2)),
        burst: Some(burst),
        sample_every: Some(SAMPLE_EVERY),
        begin: Utc::now(),
    };
    let load = Load {
        plan,
        when_due: true,
        warm_up,
        look_every: Duration::from_millis(50),
        memory_every: Duration::from_secs(1),
    };
    let loaded = counted(run(inputs, NAME, load)?, warm_up);
    let times = times(&loaded, burst)?;
    let drained = times.row("until no record waited").median;
    let moments = [("waiting".to_owned(), &*loaded.observed.moments)];
    let charts = vec![
        waiting_over_time("records on the stream that wait, at most".to_owned(), &moments),
        latency_over_time("from due to visible".to_owned(), &loaded.visible)?,
    ];
    let mut groups = vec![
        work("work", &loaded),
        end("after the last record", &loaded),
        times,
        latency("from due to visible", &loaded.visible)?,
        latency("reads, from due to answered", &loaded.answered)?,
    ];
    groups.extend(lag("behind", &loaded.observed));
    groups.push(machine("the machine", &loaded.observed));
    let targets = vec![Target::at_most("seconds from the burst until no record waited", 60.0, drained)];
    Ok(Benchmark { name: NAME, title: TITLE, meaning: MEANING, groups, targets, plot: Plot::Charts { charts } })
}

/// Returns the times from the burst until its records were taken, acknowledged and visible.
fn times(loaded: &Loaded, burst: Burst) -> Result<Group> {
    let taken = loaded.accepted.longest_of(burst.at).context("a burst")?;
    let visible = loaded.visible.longest_of(burst.at).context("a sample of the burst")?;
    let moments = &loaded.observed.moments;
    let drained = moments.iter().find(|moment| moment.at >= burst.at + taken && moment.waiting() == 0);
    let drained = drained.context("records always waited")?.at.saturating_sub(burst.at);
    Ok(Group::new("after the burst", "s")
        .with("until the stream had taken all", vec![taken.as_secs_f64()])
        .with("until no record waited", vec![drained.as_secs_f64()])
        .with("until every sample was visible", vec![visible.as_secs_f64()]))
}
