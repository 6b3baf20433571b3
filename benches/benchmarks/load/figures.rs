//! Groups and charts of loads.

use std::time::Duration;

use anyhow::Result;

use super::latencies::{Latencies, milliseconds};
use super::observer::{Moment, Observed};
use super::run::Loaded;
use crate::cpu::Usage;
use crate::memory::Memory;
use crate::results::{Axis, Chart, Group, Line};

/// The kinds of processes, as [`Usage`] and [`Memory`] have them.
pub(super) const KINDS: [&str; 7] =
    [Usage::ROOT, "processor", "archiver", "catalog", "maintain", Usage::REDIS, Usage::POSTGRESQL];
/// The most points of a line.
const POINTS: usize = 60;

/// Returns percentiles in milliseconds.
pub(super) fn latency(title: impl Into<String>, latencies: &Latencies) -> Result<Group> {
    let histogram = latencies.histogram()?;
    let percentiles = [("p50", 50.0), ("p99", 99.0), ("p99.9", 99.9), ("max", 100.0)];
    let row = |group: Group, (name, percentile)| group.with(name, vec![milliseconds(&histogram, percentile)]);
    Ok(percentiles.into_iter().fold(Group::new(title, "ms"), row))
}

/// Returns the numbers of what was done.
#[expect(clippy::cast_precision_loss, reason = "no load has 2^52 of anything")]
pub(super) fn work(title: impl Into<String>, loaded: &Loaded) -> Group {
    Group::new(title, "")
        .with("records", vec![loaded.put.records as f64])
        .with("events", vec![loaded.put.events as f64])
        .with("events whose latency was measured", vec![loaded.visible.count() as f64])
        .with("reads", vec![loaded.answered.count() as f64])
        .with("products to be refreshed in the cache later", vec![loaded.refreshed_later])
}

/// Returns how long after the last record was on the stream all of them were visible.
pub(super) fn end(title: impl Into<String>, loaded: &Loaded) -> Group {
    let after = loaded.all_visible_after.saturating_sub(loaded.sent_after).as_secs_f64();
    Group::new(title, "s").with("until every product was as it must be, and that was read", vec![after])
}

/// Returns the most that the processor was behind.
#[expect(clippy::cast_precision_loss, reason = "no load has 2^52 of anything")]
pub(super) fn lag(title: impl Into<String>, observed: &Observed) -> [Group; 2] {
    let title = title.into();
    let waiting = observed.moments.iter().map(Moment::waiting).max().unwrap_or_default();
    let age = observed.moments.iter().map(|moment| moment.lag).max().unwrap_or_default();
    let last = observed.moments.last().map_or(0, Moment::waiting);
    [
        Group::new(title.clone(), "records")
            .with("the most", vec![waiting as f64])
            .with("at the end", vec![last as f64]),
        Group::new(title, "s").with("the oldest record's age, at most", vec![age.as_secs_f64()]),
    ]
}

/// Returns how many cores each kind of process took, and the load generator.
pub(super) fn cpu(title: impl Into<String>, observed: &Observed) -> Group {
    let Observed { cpu, cpu_time, own_cpu, .. } = observed;
    let seconds = cpu_time.as_secs_f64();
    let cores = |kind: &str| vec![cpu.of(kind) / seconds];
    let group =
        KINDS.into_iter().fold(Group::new(title, "cores"), |group, kind| group.with(title_of(kind), cores(kind)));
    group.with("the load generator", vec![own_cpu.as_secs_f64() / seconds])
}

/// Returns the most memory that one process of each kind had.
pub(super) fn peaks(title: impl Into<String>, observed: &Observed) -> Group {
    let peak = |kind: &str| observed.memory.iter().map(|(_, memory)| memory.of(kind).peak).fold(0.0, f64::max);
    KINDS.into_iter().fold(Group::new(title, "MiB"), |group, kind| group.with(title_of(kind), vec![peak(kind)]))
}

/// Returns how busy the machine was, with whatever else ran on it.
pub(super) fn machine(title: impl Into<String>, observed: &Observed) -> Group {
    let [begin, end] = observed.load_average;
    Group::new(title, "load average").with("at the beginning", vec![begin]).with("at the end", vec![end])
}

/// Returns a chart of percentiles over time.
pub(super) fn latency_over_time(title: String, latencies: &Latencies) -> Result<Chart> {
    let line =
        |(name, percentile): (&str, f64)| Ok(Line { name: name.to_owned(), points: latencies.over_time(percentile)? });
    let lines = [("p50", 50.0), ("p99", 99.0), ("max", 100.0)].into_iter().map(line).collect::<Result<_>>()?;
    Ok(Chart { title, x: axis("seconds", false), y: axis("ms", true), lines })
}

/// Returns a chart of how many took longer.
pub(super) fn distribution(title: String, all: &[(String, &Latencies)]) -> Result<Chart> {
    let line =
        |(name, latencies): &(String, &Latencies)| Ok(Line { name: name.clone(), points: latencies.distribution()? });
    let lines = all.iter().map(line).collect::<Result<_>>()?;
    Ok(Chart { title, x: axis("ms", true), y: axis("% that took longer", true), lines })
}

/// Returns a chart of the records that wait.
pub(super) fn waiting_over_time(title: String, all: &[(String, &[Moment])]) -> Chart {
    let line = |(name, moments): &(String, &[Moment])| Line { name: name.clone(), points: waiting(moments) };
    Chart { title, x: axis("seconds", false), y: axis("records", false), lines: all.iter().map(line).collect() }
}

/// Returns a chart of each kind's memory.
pub(super) fn memory_over_time(title: String, observed: &Observed, labels: &[&str]) -> Chart {
    let line = |label: &&str| {
        let of = |(at, memory): &(Duration, Memory)| (at.as_secs_f64(), memory.of(label).resident);
        let memory = &observed.memory;
        let points = memory.iter().step_by(memory.len().div_ceil(POINTS).max(1)).map(of).collect();
        Line { name: title_of(label).to_owned(), points }
    };
    Chart { title, x: axis("seconds", false), y: axis("MiB", false), lines: labels.iter().map(line).collect() }
}

/// Returns the most records that waited in each of some intervals.
#[expect(clippy::cast_precision_loss, reason = "no load has 2^52 of anything")]
fn waiting(moments: &[Moment]) -> Vec<(f64, f64)> {
    let chunks = moments.chunks(moments.len().div_ceil(POINTS).max(1));
    let most = |chunk: &[Moment]| chunk.iter().map(Moment::waiting).max().unwrap_or_default() as f64;
    chunks.map(|chunk| (chunk[0].at.as_secs_f64(), most(chunk))).collect()
}

fn title_of(label: &str) -> &str {
    if label == Usage::ROOT { "pipegen local" } else { label }
}

fn axis(title: &'static str, logarithmic: bool) -> Axis {
    Axis { title, logarithmic }
}
