//! An alarm: `aws_cloudwatch_metric_alarm`.

use serde_json::{Value, json};

use crate::stack::build::Build;
use crate::stack::cache::Cache;
use crate::stack::database::DatabaseInstance;
use crate::stack::functions::LambdaFunction;
use crate::stack::metrics::Series;
use crate::stack::names::{FunctionNames, Name};
use crate::stack::stream::Stream;
use crate::stack::topic::Topic;

/// The page with an entry for each alarm, for people who have the repository.
const RUNBOOK: &str = "docs/RUNBOOK.md";

/// The resources that alarms and dashboard watch.
pub(in crate::stack) struct Watched<'a> {
    pub(in crate::stack) stream: &'a Stream,
    pub(in crate::stack) ingest: &'a LambdaFunction,
    pub(in crate::stack) processor: &'a LambdaFunction,
    pub(in crate::stack) archiver: &'a LambdaFunction,
    pub(in crate::stack) catalog: &'a LambdaFunction,
    pub(in crate::stack) rotate: &'a LambdaFunction,
    pub(in crate::stack) database: &'a DatabaseInstance,
    pub(in crate::stack) cache: &'a Cache,
}

/// The part of the pipeline that an alarm is about: a row of the dashboard, in the order in which an event goes through
/// them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::stack) enum Part {
    Suppliers,
    Stream,
    Processor,
    Database,
    Cache,
    Catalog,
    Archive,
    Quarantine,
}

/// The value that is compared with the threshold.
#[derive(Clone, Debug)]
pub(in crate::stack) enum Measure {
    One(Series),
    Greatest(Vec<Series>),
    Sum(Vec<Series>),
    /// A metric math expression, in which the series are `m0`, `m1`, ….
    Expression(&'static str, Vec<Series>),
}

/// The value beyond which an alarm goes off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::stack) enum Threshold {
    Above(u64),
    Below(u64),
}

/// The meaning of a period without values (`treat_missing_data`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MissingData {
    /// Nothing happened that could be counted.
    NotBreaching,
    /// The source always reports, so silence is a fault: the alarm shows insufficient data, once there has been any.
    Missing,
    /// The source always reports, so silence is a fault, also if it has never reported.
    Breaching,
}

#[derive(Clone, Debug)]
pub(in crate::stack) struct Alarm {
    pub(in crate::stack) name: Name,
    pub(in crate::stack) part: Part,
    /// Its description, without the link to the runbook: the meaning, and what to do first.
    pub(super) meaning: String,
    pub(in crate::stack) measure: Measure,
    pub(in crate::stack) threshold: Threshold,
    /// Seconds whose values become one datapoint.
    pub(in crate::stack) period: u32,
    /// `datapoints_to_alarm` and `evaluation_periods`.
    pub(super) periods: (u32, u32),
    pub(super) missing_data: MissingData,
}

impl Alarm {
    pub(super) fn body(&self, build: &Build<'_>, topic: &Topic) -> Value {
        let (treat_missing_data, insufficient_data_actions) = match self.missing_data {
            MissingData::NotBreaching => ("notBreaching", None),
            MissingData::Missing => ("missing", Some([topic.arn()])),
            MissingData::Breaching => ("breaching", None),
        };
        let (comparison_operator, threshold) = match self.threshold {
            Threshold::Above(threshold) => ("GreaterThanThreshold", threshold),
            Threshold::Below(threshold) => ("LessThanThreshold", threshold),
        };
        let runbook = build.settings.runbook_url.as_deref().unwrap_or(RUNBOOK);
        let mut body = json!({
            "alarm_name": build.names.of(self.name),
            "alarm_description": format!("{} Runbook: {runbook}#{}", self.meaning, self.name.purpose),
            "comparison_operator": comparison_operator,
            "threshold": threshold,
            "datapoints_to_alarm": self.periods.0,
            "evaluation_periods": self.periods.1,
            "treat_missing_data": treat_missing_data,
            "actions_enabled": true,
            "alarm_actions": [topic.arn()],
            "ok_actions": [topic.arn()],
            "insufficient_data_actions": insufficient_data_actions,
        });
        match (self.measure.expression(), self.measure.series()) {
            (Some(expression), several) => body["metric_query"] = self.queries(expression, several),
            (None, series) => {
                body["period"] = json!(self.period);
                for (attribute, value) in series.iter().flat_map(Series::alarm_attributes) {
                    body[attribute] = value;
                }
            }
        }
        body
    }

    fn queries(&self, expression: &str, several: &[Series]) -> Value {
        let metrics = several.iter().enumerate();
        let metrics = metrics.map(|(index, series)| series.metric_query(&format!("m{index}"), self.period));
        let result =
            json!({ "id": "watched", "expression": expression, "label": self.name.purpose, "return_data": true });
        metrics.chain([result]).collect()
    }
}

impl Measure {
    pub(in crate::stack) fn series(&self) -> &[Series] {
        match self {
            Self::One(series) => std::slice::from_ref(series),
            Self::Greatest(several) | Self::Sum(several) | Self::Expression(_, several) => several,
        }
    }

    /// The expression that makes one value of the series, where there is more than one.
    fn expression(&self) -> Option<&'static str> {
        match self {
            Self::Expression(expression, _) => Some(expression),
            Self::Greatest(several) if several.len() > 1 => Some("MAX(METRICS())"),
            Self::Sum(several) if several.len() > 1 => Some("SUM(METRICS())"),
            Self::One(_) | Self::Greatest(_) | Self::Sum(_) => None,
        }
    }
}

/// The name of the log group of a function.
pub(super) fn log_group(build: &Build<'_>, function: &LambdaFunction) -> String {
    build.names.of(FunctionNames::of(function.role).logs)
}
