//! 10 and 100 times the updates that the stack is asked for.

use std::time::Duration;

use anyhow::{Context as _, Result};
use chrono::Utc;

use super::figures::{
    KINDS, cpu, distribution, end, lag, latency, latency_over_time, machine, memory_over_time, peaks,
    waiting_over_time, work,
};
use super::latencies::Latencies;
use super::run::{Load, Loaded, run};
use super::supply::{Plan, Spacing};
use crate::inputs::Inputs;
use crate::results::{Benchmark, Plot, Target};

pub(in super::super) const NAME: &str = "load";
pub(in super::super) const TITLE: &str = "10 000 and 100 000 records a minute, with readers (--minutes)";
const MEANING: &str = "An open load on `pipegen local` with four shards: every record has its due time, by chance \
    (Poisson), and latency counts from it, also when the sender is late. Products by Zipf's law (exponent 1.0, 10 000 \
    of them, 3 suppliers each); counts, adjustments, prices and descriptions; one of 200 records is an array of 20 \
    events. A shard takes 1000 records and 1 MiB a second. Beside it 200 reads a second, with due times of their own. \
    An update is visible when the catalog's answer shows it: about 25 a second count a product of their own up, which \
    is read every 5 ms. A record waits up to 10 ms for others of its request. The first seconds, in which functions \
    start, are not counted. At the end every record was acknowledged and archived, nothing was rejected or discarded, \
    and the catalog is what the events mean.";

/// Records a minute.
const RATES: [u32; 2] = [10_000, 100_000];
/// Samples a second.
pub(super) const SAMPLES: u32 = 25;

pub(in super::super) fn measure(inputs: &Inputs) -> Result<Benchmark> {
    let warm_up = inputs.size(Duration::from_secs(10), Duration::from_secs(1));
    let rates = inputs.size(&RATES[..], &RATES[..1]);
    let (mut groups, mut targets, mut charts, mut loads) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for &per_minute in rates {
        let plan = Plan {
            per_minute,
            spacing: Spacing::Poisson,
            length: warm_up + inputs.size(Duration::from_mins(inputs.minutes.into()), Duration::from_secs(2)),
            burst: None,
            sample_every: Some(u64::from((per_minute / 60 / SAMPLES).max(1))),
            begin: Utc::now(),
        };
        let load = Load {
            plan,
            when_due: true,
            warm_up,
            look_every: Duration::from_millis(250),
            memory_every: Duration::from_secs(1),
        };
        let loaded = counted(run(inputs, NAME, load)?, warm_up);
        let at = |what: &str| format!("{what}, {per_minute} a minute");
        let visible = latency(at("from due to visible"), &loaded.visible)?;
        targets.push(Target::at_most(at("p99 from due to visible, ms"), 1000.0, visible.row("p99").median));
        groups.extend([
            work(at("work"), &loaded),
            end(at("after the last record"), &loaded),
            visible,
            latency(at("from due to accepted by the stream"), &loaded.accepted)?,
            latency(at("reads, from due to answered"), &loaded.answered)?,
        ]);
        groups.extend(lag(at("behind"), &loaded.observed));
        groups.extend([
            cpu(at("CPU"), &loaded.observed),
            peaks(at("peak memory of the largest process"), &loaded.observed),
            machine(at("the machine"), &loaded.observed),
        ]);
        charts.push(latency_over_time(at("from due to visible"), &loaded.visible)?);
        loads.push((per_minute, loaded));
    }
    let (per_minute, busiest) = loads.last().context("a rate")?;
    let title = format!("memory by kind of process, {per_minute} a minute");
    charts.push(memory_over_time(title, &busiest.observed, &KINDS));
    let all = |what: &str, latencies: fn(&Loaded) -> &Latencies| {
        loads.iter().map(|(rate, loaded)| (format!("{what}, {rate}"), latencies(loaded))).collect::<Vec<_>>()
    };
    let both = [all("visible", |loaded| &loaded.visible), all("reads", |loaded| &loaded.answered)].concat();
    charts.push(distribution("how many took longer".to_owned(), &both)?);
    let moments: Vec<_> =
        loads.iter().map(|(rate, loaded)| (format!("{rate} a minute"), &*loaded.observed.moments)).collect();
    charts.push(waiting_over_time("records that wait, at most".to_owned(), &moments));
    Ok(Benchmark { name: NAME, title: TITLE, meaning: MEANING, groups, targets, plot: Plot::Charts { charts } })
}

/// Leaves out the first time.
pub(super) fn counted(loaded: Loaded, warm_up: Duration) -> Loaded {
    let Loaded { accepted, visible, answered, mut observed, .. } = loaded;
    observed.moments.retain(|moment| moment.at >= warm_up);
    Loaded {
        observed,
        accepted: accepted.since(warm_up),
        visible: visible.since(warm_up),
        answered: answered.since(warm_up),
        ..loaded
    }
}
