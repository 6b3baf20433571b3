//! What is measured: the functions' own metrics (`pipegen_contract::metric`), which have a namespace that is there once it is
//! written to, and those that AWS counts by itself.

use pipegen_contract::metric::Metric;
use serde_json::{Map, Value, json};

use super::build::Build;
use super::cache::Cache;
use super::database::DatabaseInstance;
use super::functions::LambdaFunction;
use super::names::METRICS;
use super::stream::Stream;
use crate::terraform::Expression;

/// A metric of somebody, and how its values become one for a period. CloudWatch spells all of these.
#[derive(Clone, Debug)]
pub(super) struct Series {
    namespace: String,
    name: &'static str,
    dimensions: Vec<(&'static str, Expression)>,
    statistic: &'static str,
    /// What to call it where several are shown.
    label: String,
}

impl Series {
    /// What our own code counts.
    pub(super) fn own(build: &Build<'_>, metric: Metric, statistic: &'static str) -> Self {
        Self::new(&build.names.of(METRICS), metric.name, statistic)
    }

    /// What Lambda counts for a function. `Url…` is there for functions that have one.
    pub(super) fn of_function(function: &LambdaFunction, name: &'static str, statistic: &'static str) -> Self {
        let series = Self::new("AWS/Lambda", name, statistic).by("FunctionName", function.name());
        series.called(function.role.handler())
    }

    /// What Kinesis counts.
    pub(super) fn of_stream(stream: &Stream, name: &'static str, statistic: &'static str) -> Self {
        Self::new("AWS/Kinesis", name, statistic).by("StreamName", stream.name())
    }

    /// What RDS counts.
    pub(super) fn of_database(database: &DatabaseInstance, name: &'static str, statistic: &'static str) -> Self {
        Self::new("AWS/RDS", name, statistic).by("DBInstanceIdentifier", database.identifier())
    }

    /// What ElastiCache counts for each node. Which of them is the primary one changes with a failover.
    pub(super) fn of_cache_nodes(
        build: &Build<'_>,
        cache: &Cache,
        name: &'static str,
        statistic: &'static str,
    ) -> Vec<Self> {
        let of_node = |number: u32| {
            let node = format!("{number:03}");
            let id = cache.id().then("-").then(&node);
            Self::new("AWS/ElastiCache", name, statistic).by("CacheClusterId", id).called(&node)
        };
        (1..=build.settings.cache_nodes).map(of_node).collect()
    }

    fn new(namespace: &str, name: &'static str, statistic: &'static str) -> Self {
        Self { namespace: namespace.to_owned(), name, dimensions: Vec::new(), statistic, label: name.to_owned() }
    }

    /// Only where this dimension has this value.
    #[must_use]
    pub(super) fn by(mut self, dimension: &'static str, value: impl Into<Expression>) -> Self {
        self.dimensions.push((dimension, value.into()));
        self
    }

    /// Names it otherwise than its metric.
    #[must_use]
    pub(super) fn called(mut self, label: &str) -> Self {
        label.clone_into(&mut self.label);
        self
    }

    /// As `aws_cloudwatch_metric_alarm` has it at its root.
    pub(super) fn watched_alone(&self) -> Map<String, Value> {
        self.watched("statistic")
    }

    /// As `aws_cloudwatch_metric_alarm` has it in a `metric_query`.
    pub(super) fn watched_with_others(&self, id: &str, period: u32) -> Value {
        let mut metric = self.watched("stat");
        metric.insert("period".to_owned(), json!(period));
        json!({ "id": id, "metric": metric })
    }

    fn watched(&self, statistic: &str) -> Map<String, Value> {
        let mut watched = Map::new();
        watched.insert("namespace".to_owned(), json!(self.namespace));
        watched.insert("metric_name".to_owned(), json!(self.name));
        watched.insert(statistic.to_owned(), json!(self.statistic));
        if !self.dimensions.is_empty() {
            let dimensions: Map<_, _> =
                self.dimensions.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
            watched.insert("dimensions".to_owned(), Value::Object(dimensions));
        }
        watched
    }

    /// As a dashboard's widget has it.
    pub(super) fn shown(&self) -> Value {
        let mut parts = vec![json!(self.namespace), json!(self.name)];
        for (name, value) in &self.dimensions {
            parts.extend([json!(name), json!(value)]);
        }
        parts.push(json!({ "label": self.label, "stat": self.statistic }));
        Value::Array(parts)
    }
}
