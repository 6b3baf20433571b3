//! Metrics: the functions' own (`pipegen_contract::metric`), in a namespace that exists once it is written to, and
//! those of AWS.

use pipegen_contract::metric::Metric;
use serde_json::{Map, Value, json};

use super::build::Build;
use super::cache::Cache;
use super::database::DatabaseInstance;
use super::functions::LambdaFunction;
use super::names::METRICS;
use super::stream::Stream;
use crate::terraform::Expression;

/// A metric with its dimensions, and the statistic of a period, as CloudWatch spells them.
#[derive(Clone, Debug)]
pub(super) struct Series {
    namespace: String,
    name: &'static str,
    dimensions: Vec<(&'static str, Expression)>,
    statistic: &'static str,
    /// Its label where several are shown.
    label: String,
}

impl Series {
    /// Returns a metric of our own code.
    pub(super) fn own(build: &Build<'_>, metric: Metric, statistic: &'static str) -> Self {
        Self::new(&build.names.of(METRICS), metric.name, statistic)
    }

    /// Returns a metric of Lambda. `Url…` exists for functions that have a URL.
    pub(super) fn of_function(function: &LambdaFunction, name: &'static str, statistic: &'static str) -> Self {
        let series = Self::new("AWS/Lambda", name, statistic).with_dimension("FunctionName", function.name());
        series.labelled(function.role.handler())
    }

    /// Returns a metric of Kinesis.
    pub(super) fn of_stream(stream: &Stream, name: &'static str, statistic: &'static str) -> Self {
        Self::new("AWS/Kinesis", name, statistic).with_dimension("StreamName", stream.name())
    }

    /// Returns a metric of RDS.
    pub(super) fn of_database(database: &DatabaseInstance, name: &'static str, statistic: &'static str) -> Self {
        Self::new("AWS/RDS", name, statistic).with_dimension("DBInstanceIdentifier", database.identifier())
    }

    /// Returns a metric of ElastiCache for each node, because a failover changes which of them is the primary one.
    pub(super) fn of_cache_nodes(
        build: &Build<'_>,
        cache: &Cache,
        name: &'static str,
        statistic: &'static str,
    ) -> Vec<Self> {
        let of_node = |number: u32| {
            let node = format!("{number:03}");
            let id = cache.id().then("-").then(&node);
            Self::new("AWS/ElastiCache", name, statistic).with_dimension("CacheClusterId", id).labelled(&node)
        };
        (1..=build.settings.cache_nodes).map(of_node).collect()
    }

    fn new(namespace: &str, name: &'static str, statistic: &'static str) -> Self {
        Self { namespace: namespace.to_owned(), name, dimensions: Vec::new(), statistic, label: name.to_owned() }
    }

    /// Adds a dimension.
    #[must_use]
    pub(super) fn with_dimension(mut self, dimension: &'static str, value: impl Into<Expression>) -> Self {
        self.dimensions.push((dimension, value.into()));
        self
    }

    /// Gives it another label than its metric's name.
    #[must_use]
    pub(super) fn labelled(mut self, label: &str) -> Self {
        label.clone_into(&mut self.label);
        self
    }

    /// Returns it as `aws_cloudwatch_metric_alarm` has it at its root.
    pub(super) fn alarm_attributes(&self) -> Map<String, Value> {
        self.attributes("statistic")
    }

    /// Returns it as `aws_cloudwatch_metric_alarm` has it in a `metric_query`.
    pub(super) fn metric_query(&self, id: &str, period: u32) -> Value {
        let mut metric = self.attributes("stat");
        metric.insert("period".to_owned(), json!(period));
        json!({ "id": id, "metric": metric })
    }

    fn attributes(&self, statistic: &str) -> Map<String, Value> {
        let mut attributes = Map::new();
        attributes.insert("namespace".to_owned(), json!(self.namespace));
        attributes.insert("metric_name".to_owned(), json!(self.name));
        attributes.insert(statistic.to_owned(), json!(self.statistic));
        if !self.dimensions.is_empty() {
            let dimensions: Map<_, _> =
                self.dimensions.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
            attributes.insert("dimensions".to_owned(), Value::Object(dimensions));
        }
        attributes
    }

    /// Returns it as a dashboard's widget has it.
    pub(super) fn widget_metric(&self) -> Value {
        let mut parts = vec![json!(self.namespace), json!(self.name)];
        for (name, value) in &self.dimensions {
            parts.extend([json!(name), json!(value)]);
        }
        parts.push(json!({ "label": self.label, "stat": self.statistic }));
        Value::Array(parts)
    }
}
