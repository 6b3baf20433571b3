//! What wakes somebody: `aws_cloudwatch_metric_alarm`, from one table, which the dashboard shows as well.
//!
//! - `events`: whether events come in, are understood, and arrive where they should
//! - `functions`: whether functions run and answer
//! - `stores`: whether database and cache can take what is asked of them
//!
//! An alarm is paid by the metrics that it watches ($0.10 a month each), so watching several together saves nothing. Each is there
//! because none of the others would tell; its description says what it means and what to do first.

mod events;
mod functions;
mod stores;

use serde_json::{Value, json};

use super::Build;
use super::cache::Cache;
use super::database::Database;
use super::functions::Function;
use super::metrics::Series;
use super::names::{FunctionNames, Name};
use super::stream::Stream;
use super::topic::Topic;
use crate::terraform::{Block, Expression};

/// Whom the alarms watch.
pub(super) struct Watched<'a> {
    pub(super) stream: &'a Stream,
    pub(super) processor: &'a Function,
    pub(super) archiver: &'a Function,
    pub(super) catalog: &'a Function,
    pub(super) rotate: &'a Function,
    pub(super) database: &'a Database,
    pub(super) cache: &'a Cache,
}

/// The part of the pipeline that an alarm is about: a row of the dashboard, in the order in which an event goes through them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Suppliers,
    Stream,
    Processor,
    Database,
    Cache,
    Catalog,
    Archive,
    Quarantine,
}

/// What is compared with the limit.
#[derive(Clone, Debug)]
pub(super) enum Watch {
    One(Series),
    Greatest(Vec<Series>),
    Sum(Vec<Series>),
    /// A formula, in which they are `m0`, `m1`, ….
    Formula(&'static str, Vec<Series>),
}

/// When an alarm goes off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    Above(u64),
    Below(u64),
}

/// What it means if there are no values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Silence {
    /// Nothing happened that could be counted.
    Fine,
    /// Who should speak does not. The alarm then says that its data is insufficient, but not before there has been any.
    Tell,
    /// Who should speak does not, and perhaps never has: that is what the alarm is about.
    Alarm,
}

/// An alarm.
#[derive(Clone, Debug)]
pub(super) struct Alarm {
    pub(super) name: Name,
    pub(super) part: Part,
    /// What it means, and what to do first.
    meaning: String,
    pub(super) watches: Watch,
    pub(super) limit: Limit,
    /// Seconds whose values become one.
    pub(super) period: u32,
    /// How many of how many of the last periods.
    periods: (u32, u32),
    silence: Silence,
}

/// Every alarm.
pub(super) fn table(build: &Build<'_>, watched: &Watched<'_>) -> Vec<Alarm> {
    [events::table(build, watched), functions::table(build, watched), stores::table(build, watched)].concat()
}

/// Declares them, and returns their ARNs.
pub(super) fn declare(build: &mut Build<'_>, topic: &Topic, alarms: &[Alarm]) -> Vec<Expression> {
    let mut declared = Vec::new();
    for alarm in alarms {
        let label = alarm.name.purpose.replace('-', "_");
        let body = alarm.body(build, topic);
        let block = Block::new("aws_cloudwatch_metric_alarm", label, body).after([&topic.policy]);
        declared.push(build.document.resource(block).attribute("arn"));
    }
    declared
}

impl Alarm {
    fn body(&self, build: &Build<'_>, topic: &Topic) -> Value {
        let (treat_missing_data, on_silence) = match self.silence {
            Silence::Fine => ("notBreaching", None),
            Silence::Tell => ("missing", Some([topic.arn()])),
            Silence::Alarm => ("breaching", None),
        };
        let (comparison_operator, threshold) = match self.limit {
            Limit::Above(threshold) => ("GreaterThanThreshold", threshold),
            Limit::Below(threshold) => ("LessThanThreshold", threshold),
        };
        let mut body = json!({
            "alarm_name": build.names.of(self.name),
            "alarm_description": self.meaning,
            "comparison_operator": comparison_operator,
            "threshold": threshold,
            "datapoints_to_alarm": self.periods.0,
            "evaluation_periods": self.periods.1,
            "treat_missing_data": treat_missing_data,
            "actions_enabled": true,
            "alarm_actions": [topic.arn()],
            "ok_actions": [topic.arn()],
            "insufficient_data_actions": on_silence,
        });
        match (self.watches.formula(), self.watches.series()) {
            (Some(formula), several) => body["metric_query"] = self.queries(formula, several),
            (None, series) => {
                body["period"] = json!(self.period);
                for (attribute, value) in series.iter().flat_map(Series::watched_alone) {
                    body[attribute] = value;
                }
            }
        }
        body
    }

    fn queries(&self, formula: &str, several: &[Series]) -> Value {
        let metrics = several.iter().enumerate();
        let metrics = metrics.map(|(index, series)| series.watched_with_others(&format!("m{index}"), self.period));
        let result = json!({ "id": "watched", "expression": formula, "label": self.name.purpose, "return_data": true });
        metrics.chain([result]).collect()
    }
}

impl Watch {
    pub(super) fn series(&self) -> &[Series] {
        match self {
            Self::One(series) => std::slice::from_ref(series),
            Self::Greatest(several) | Self::Sum(several) | Self::Formula(_, several) => several,
        }
    }

    /// How the series become one value, where there is more than one.
    fn formula(&self) -> Option<&'static str> {
        match self {
            Self::Formula(formula, _) => Some(formula),
            Self::Greatest(several) if several.len() > 1 => Some("MAX(METRICS())"),
            Self::Sum(several) if several.len() > 1 => Some("SUM(METRICS())"),
            Self::One(_) | Self::Greatest(_) | Self::Sum(_) => None,
        }
    }
}

/// Where a function logs.
fn log_group(build: &Build<'_>, function: &Function) -> String {
    build.names.of(FunctionNames::of(function.role).logs)
}
