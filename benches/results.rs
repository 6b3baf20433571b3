//! The results, as plain data.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::inputs::Inputs;
use crate::rounds::{median, median_ratio};

/// The results of one run of the suite.
#[derive(Debug, Serialize)]
pub(crate) struct Results {
    pub(crate) started_at: DateTime<Utc>,
    pub(crate) cores: usize,
    /// The records that were played.
    pub(crate) records: String,
    pub(crate) record_count: usize,
    pub(crate) rounds: usize,
    pub(crate) quick: bool,
    pub(crate) benchmarks: Vec<Benchmark>,
}

/// The results of one benchmark.
#[derive(Debug, Serialize)]
pub(crate) struct Benchmark {
    pub(crate) name: &'static str,
    /// The subject, as a heading.
    pub(crate) title: &'static str,
    /// The meaning of the figures.
    pub(crate) meaning: &'static str,
    pub(crate) groups: Vec<Group>,
    pub(crate) targets: Vec<Target>,
    pub(crate) plot: Plot,
}

/// Figures of one unit that may be compared with each other.
#[derive(Debug, Serialize)]
pub(crate) struct Group {
    pub(crate) title: String,
    pub(crate) unit: &'static str,
    pub(crate) rows: Vec<Row>,
}

/// One figure, once for each round.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) rounds: Vec<f64>,
    pub(crate) median: f64,
    /// The median of the ratios to the group's reference in the same round.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ratio: Option<f64>,
}

/// The goal for a figure.
#[derive(Debug, Serialize)]
pub(crate) struct Target {
    pub(crate) what: String,
    pub(crate) bound: Bound,
    pub(crate) limit: f64,
    pub(crate) seen: f64,
    pub(crate) met: bool,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Bound {
    AtLeast,
    AtMost,
}

/// The content of a benchmark's plot.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Plot {
    Bars {
        unit: &'static str,
        bars: Vec<(String, f64)>,
    },
    Lines {
        x: Axis,
        y: Axis,
        lines: Vec<Line>,
    },
    /// One below the other.
    Charts {
        charts: Vec<Chart>,
    },
}

/// One of several charts with lines.
#[derive(Debug, Serialize)]
pub(crate) struct Chart {
    pub(crate) title: String,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) lines: Vec<Line>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Axis {
    pub(crate) title: &'static str,
    pub(crate) logarithmic: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) points: Vec<(f64, f64)>,
}

impl Results {
    pub(crate) fn new(inputs: &Inputs) -> Self {
        Self {
            started_at: Utc::now(),
            cores: std::thread::available_parallelism().map_or(0, Into::into),
            records: inputs.stream.name.clone(),
            record_count: inputs.stream.records.len(),
            rounds: inputs.rounds,
            quick: inputs.quick,
            benchmarks: Vec::new(),
        }
    }
}

impl Group {
    pub(crate) fn new(title: impl Into<String>, unit: &'static str) -> Self {
        Self { title: title.into(), unit, rows: Vec::new() }
    }

    /// Adds a figure with its value in each round.
    #[must_use]
    pub(crate) fn with(mut self, name: impl Into<String>, rounds: Vec<f64>) -> Self {
        self.rows.push(Row { name: name.into(), median: median(&rounds), rounds, ratio: None });
        self
    }

    /// Gives every other figure its ratio to the one of that name.
    #[must_use]
    pub(crate) fn beside(mut self, reference: &str) -> Self {
        let rounds = self.row(reference).rounds.clone();
        for row in self.rows.iter_mut().filter(|row| row.name != reference) {
            row.ratio = Some(median_ratio(&row.rounds, &rounds));
        }
        self
    }

    /// Returns a figure.
    ///
    /// # Panics
    ///
    /// Panics if there is none of that name: the benchmark added it.
    pub(crate) fn row(&self, name: &str) -> &Row {
        self.rows.iter().find(|row| row.name == name).unwrap_or_else(|| panic!("`{}` has no row `{name}`", self.title))
    }

    /// Returns the median of the ratios of two figures in the same round.
    pub(crate) fn ratio(&self, name: &str, reference: &str) -> f64 {
        median_ratio(&self.row(name).rounds, &self.row(reference).rounds)
    }

    /// Returns the medians as bars.
    pub(crate) fn bars(&self) -> Plot {
        Plot::Bars { unit: self.unit, bars: self.rows.iter().map(|row| (row.name.clone(), row.median)).collect() }
    }
}

impl Target {
    pub(crate) fn at_least(what: impl Into<String>, limit: f64, seen: f64) -> Self {
        Self { what: what.into(), bound: Bound::AtLeast, limit, seen, met: seen >= limit }
    }

    pub(crate) fn at_most(what: impl Into<String>, limit: f64, seen: f64) -> Self {
        Self { what: what.into(), bound: Bound::AtMost, limit, seen, met: seen <= limit }
    }
}
