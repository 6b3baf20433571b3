//! The report about the cases: groups, targets and the plot.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use pipegen_contract::batch_line::Stage;

use super::case::{Case, Contender, Run};
use super::figures::Called;
use crate::cpu::Usage;
use crate::results::{Axis, Benchmark, Group, Line, Plot, Target};
use crate::rounds::median;

/// The size of the batches that the targets are about.
const SIZE: usize = 500;
/// The size of the batches by which memory is judged.
const LARGEST: usize = 10_000;
/// Statements that a group lists.
const LISTED: usize = 12;

pub(super) fn benchmark(cases: &[Case]) -> Result<Benchmark> {
    let one_shard = case(cases, SIZE, 1)?;
    let mut groups: Vec<Group> = cases.iter().map(throughput).collect();
    groups.extend(cases.iter().filter(|case| case.size == SIZE).flat_map(|case| [cpu(case), stages(case)]));
    groups.extend([by_statement(one_shard), by_command(one_shard), statements(cases), memory(cases)]);
    Ok(Benchmark {
        name: super::NAME,
        title: super::TITLE,
        meaning: "The deployed processor on prepared batches, as many at once as there are shards. The floor writes the \
                  same rows with SQL alone: no reading, no decisions, no cache. The alternative in Python does less.",
        targets: targets(cases)?,
        plot: plot(cases),
        groups,
    })
}

fn case(cases: &[Case], size: usize, shards: usize) -> Result<&Case> {
    cases.iter().find(|case| case.size == size && case.shards == shards).context("the case was not measured")
}

fn title(case: &Case) -> String {
    format!("batches of {}, {} shard{}", case.size, case.shards, if case.shards == 1 { "" } else { "s" })
}

#[expect(clippy::cast_precision_loss, reason = "counts of a run are far below 2^52")]
fn float(count: usize) -> f64 {
    count as f64
}

fn throughput(case: &Case) -> Group {
    let group = Contender::ALL.into_iter().fold(Group::new(title(case), "records/s"), |group, contender| {
        group.with(contender.name(), case.each(contender, |run| float(case.records) / run.played.seconds))
    });
    group.beside(Contender::Floor.name())
}

/// CPU time by process. The floor has no function: it is written by the host.
fn cpu(case: &Case) -> Group {
    let mut group = Group::new(format!("{}: CPU by process", title(case)), "µs/record");
    for contender in Contender::ALL {
        let processes = [
            ("function", contender.handler()),
            ("PostgreSQL", Usage::POSTGRESQL),
            ("Redis", Usage::REDIS),
            ("host", Usage::ROOT),
        ];
        for (name, label) in processes.into_iter().filter(|(_, label)| !label.is_empty()) {
            let seconds = case.each(contender, |run| run.cpu.of(label) * 1e6 / float(case.records));
            group = group.with(format!("{}: {name}", contender.name()), seconds);
        }
    }
    group
}

/// The shares of the stages in the time of the processor's invocations. The quarantine runs beside the refresh.
fn stages(case: &Case) -> Group {
    let runs = case.runs(Contender::Pipegen);
    let names: BTreeSet<&str> = runs.iter().flat_map(|run| run.played.stages.keys()).map(String::as_str).collect();
    let mut group = Group::new(format!("{}: time of pipegen's invocations", title(case)), "%");
    for name in names {
        let share =
            |run: &Run| run.played.stages.get(name).copied().unwrap_or_default() / run.played.invocations * 100.0;
        group = group.with(name, case.each(Contender::Pipegen, share));
    }
    let rest = |run: &Run| {
        let alone = run.played.stages.iter().filter(|(name, _)| *name != Stage::Quarantine.name());
        (1.0 - alone.map(|(_, milliseconds)| milliseconds).sum::<f64>() / run.played.invocations) * 100.0
    };
    group.with("the rest: host, reading the event", case.each(Contender::Pipegen, rest))
}

fn by_statement(case: &Case) -> Group {
    let group = Group::new(format!("{}: pipegen's statements", title(case)), "µs/record");
    let group = by_name(case, group, |run| &run.statements);
    let all = |run: &Run| micros(case, run.statements.iter().map(|called| called.seconds).sum());
    group.with("all statements", case.each(Contender::Pipegen, all))
}

fn by_command(case: &Case) -> Group {
    by_name(case, Group::new(format!("{}: pipegen's commands in Redis", title(case)), "µs/record"), |run| {
        &run.commands
    })
}

fn by_name(case: &Case, group: Group, called: fn(&Run) -> &[Called]) -> Group {
    let runs = case.runs(Contender::Pipegen);
    // The slowest of the first run first.
    let names = runs.first().into_iter().flat_map(called).map(|called| &called.name).take(LISTED);
    names.fold(group, |group, name| {
        let seconds = |run: &Run| {
            let same = called(run).iter().filter(|called| called.name == *name);
            micros(case, same.map(|called| called.seconds).sum())
        };
        group.with(name, case.each(Contender::Pipegen, seconds))
    })
}

fn micros(case: &Case, seconds: f64) -> f64 {
    seconds * 1e6 / float(case.records)
}

/// Statements per batch besides those that begin and end the transaction.
fn statements(cases: &[Case]) -> Group {
    cases.iter().fold(Group::new("pipegen's statements", "per batch"), |group, case| {
        let calls = |run: &Run| run.statements.iter().map(|called| called.calls).sum::<f64>();
        group.with(title(case), case.each(Contender::Pipegen, |run| calls(run) / float(case.batches)))
    })
}

/// The largest memory of any instance.
fn memory(cases: &[Case]) -> Group {
    cases.iter().fold(Group::new("peak memory of pipegen's processor", "MiB"), |group, case| {
        group.with(title(case), case.each(Contender::Pipegen, |run| run.peak_memory.unwrap_or(f64::NAN)))
    })
}

fn targets(cases: &[Case]) -> Result<Vec<Target>> {
    let (one, four) = (case(cases, SIZE, 1)?, case(cases, SIZE, 4)?);
    let [pipegen, floor, python] = Contender::ALL.map(Contender::name);
    let function = |contender: Contender| format!("{}: function", contender.name());
    let most = statements(cases).rows.iter().map(|row| row.median).fold(0.0, f64::max);
    let mut targets = vec![
        Target::at_least(format!("{} beside the floor", title(one)), 0.5, throughput(one).ratio(pipegen, floor)),
        Target::at_least(format!("{} beside the floor", title(four)), 0.7, throughput(four).ratio(pipegen, floor)),
        Target::at_least(format!("{} beside Python", title(one)), 2.5, throughput(one).ratio(pipegen, python)),
        Target::at_most(
            format!("{}: CPU of the function beside Python's", title(one)),
            1.0 / 3.0,
            cpu(one).ratio(&function(Contender::Pipegen), &function(Contender::Python)),
        ),
        Target::at_most("statements per batch, besides BEGIN and COMMIT", 8.0, most),
    ];
    if let Ok(largest) = case(cases, LARGEST, 1) {
        let peak = median(&largest.each(Contender::Pipegen, |run| run.peak_memory.unwrap_or(f64::NAN)));
        targets.push(Target::at_most(format!("memory with {}, MiB", title(largest)), 64.0, peak));
    }
    Ok(targets)
}

/// Throughput by the size of batches.
fn plot(cases: &[Case]) -> Plot {
    let mut lines: Vec<Line> = Vec::new();
    for case in cases {
        for contender in Contender::ALL {
            let name = format!("{}, {} shard(s)", contender.name(), case.shards);
            let speed = median(&case.each(contender, |run| float(case.records) / run.played.seconds));
            let point = (float(case.size), speed);
            match lines.iter_mut().find(|line| line.name == name) {
                Some(line) => line.points.push(point),
                None => lines.push(Line { name, points: vec![point] }),
            }
        }
    }
    let axis = |title, logarithmic| Axis { title, logarithmic };
    Plot::Lines { x: axis("records in a batch", true), y: axis("records/s", false), lines }
}
