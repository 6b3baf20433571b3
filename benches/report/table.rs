//! A benchmark as a table for the terminal.

use std::fmt::Write as _;

use tabled::builder::Builder;
use tabled::settings::object::Columns;
use tabled::settings::{Alignment, Padding, Style};

use crate::results::{Benchmark, Bound, Group, Row, Target};

/// Returns title, figures and targets.
pub(super) fn text(benchmark: &Benchmark) -> String {
    let mut text = format!("\n{}: {}\n{}\n", benchmark.name, benchmark.title, benchmark.meaning);
    let mut builder = Builder::default();
    builder.push_record(["", "median", "from", "to", "unit", "ratio"]);
    for group in &benchmark.groups {
        builder.push_record([&group.title, "", "", "", "", ""]);
        for row in &group.rows {
            builder.push_record(cells(group, row));
        }
    }
    let mut table = builder.build();
    table.with(Style::blank()).modify(Columns::new(1..4), Alignment::right());
    table.modify(Columns::last(), Alignment::right()).with(Padding::new(0, 1, 0, 0));
    for line in table.to_string().lines() {
        writeln!(text, "{}", line.trim_end()).expect("a text takes everything");
    }
    for target in &benchmark.targets {
        writeln!(text, "{}", judged(target)).expect("a text takes everything");
    }
    text
}

fn cells(group: &Group, row: &Row) -> [String; 6] {
    let least = row.rounds.iter().copied().fold(f64::INFINITY, f64::min);
    let most = row.rounds.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    [
        format!("  {}", row.name),
        number(row.median),
        number(least),
        number(most),
        group.unit.to_owned(),
        row.ratio.map(|ratio| format!("{ratio:.2} x")).unwrap_or_default(),
    ]
}

fn judged(target: &Target) -> String {
    let bound = match target.bound {
        Bound::AtLeast => "at least",
        Bound::AtMost => "at most",
    };
    let verdict = if target.met { "met" } else { "MISSED" };
    format!("{verdict}: {}: {bound} {}, seen {}", target.what, number(target.limit), number(target.seen))
}

/// Returns a number with about three significant digits.
pub(super) fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 0.1 || size == 0.0 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}
