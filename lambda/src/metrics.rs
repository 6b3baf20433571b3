//! Log lines that carry metrics: `CloudWatch`'s embedded metric format.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use std::io::Write;

use chrono::{DateTime, SecondsFormat, Utc};
use lambda_runtime::tracing::error;
use pipegen_contract::env::METRIC_NAMESPACE;
use pipegen_contract::metric::Metric;
use serde_json::{Map, Value, json};

use crate::kinesis::KinesisBatch;
use crate::settings::environment_variable;

/// A log line with a message, fields, and metrics among the fields.
pub struct MetricLine {
    fields: Map<String, Value>,
    metrics: Vec<Value>,
    dimensions: Value,
}

impl MetricLine {
    /// Makes a line about the invocation with this request id.
    pub fn new(message: &str, request_id: &str) -> Self {
        let mut line = Self { fields: Map::new(), metrics: Vec::new(), dimensions: json!([[]]) };
        line.field("timestamp", Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true));
        line.field("level", "INFO");
        line.field("message", message);
        line.field("requestId", request_id);
        line
    }

    /// Makes a line about a batch of one shard.
    pub fn of_batch(message: &str, request_id: &str, batch: &KinesisBatch) -> Self {
        let mut line = Self::new(message, request_id);
        if let (Some(first), Some(last)) = (batch.records().next(), batch.records().next_back()) {
            line.field("shard", first.shard);
            line.field("first_sequence_number", first.sequence_number);
            line.field("last_sequence_number", last.sequence_number);
        }
        line
    }

    /// Adds a field that is not a metric.
    pub fn field(&mut self, name: &str, value: impl Into<Value>) {
        self.fields.insert(name.to_owned(), value.into());
    }

    pub fn metric(&mut self, metric: Metric, value: impl Into<Value>) {
        self.field(metric.name, value);
        self.metrics.push(json!({"Name": metric.name, "Unit": metric.unit}));
    }

    /// Counts the line's metrics by this dimension as well as in total.
    pub fn dimension(&mut self, dimension: &str, value: &str) {
        self.field(dimension, value);
        self.dimensions = json!([[], [dimension]]);
    }

    fn into_json(mut self, namespace: Option<String>) -> Value {
        if let (Some(namespace), false) = (namespace, self.metrics.is_empty()) {
            let directive = json!({"Namespace": namespace, "Dimensions": self.dimensions, "Metrics": self.metrics});
            let metadata = json!({"Timestamp": Utc::now().timestamp_millis(), "CloudWatchMetrics": [directive]});
            self.field("_aws", metadata);
        }
        Value::Object(self.fields)
    }

    /// Writes the line. CloudWatch counts its metrics if the stack has set a namespace. A log that cannot be written is
    /// no reason to retry the work.
    pub fn write(self) {
        if let Err(error) =
            writeln!(std::io::stdout().lock(), "{}", self.into_json(environment_variable(METRIC_NAMESPACE)))
        {
            error!(%error, "a log line could not be written");
        }
    }
}

/// Returns the milliseconds from the earliest arrival until now; 0 where clocks disagree.
pub fn lag_milliseconds(batch: &KinesisBatch) -> i64 {
    let earliest: Option<DateTime<Utc>> = batch.records().map(|record| record.arrived_at).min();
    earliest.map_or(0, |arrival| (Utc::now() - arrival).num_milliseconds().max(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipegen_contract::metric;

    #[test]
    fn a_line_is_a_metric_by_the_specification() {
        let mut line = MetricLine::new("rejected", "request-1");
        line.metric(metric::REJECTED, 3);
        line.dimension(metric::REASON, "too_old");
        let line = line.into_json(Some("inventory-staging".to_owned()));
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(directive["Namespace"], "inventory-staging");
        assert_eq!(directive["Dimensions"], json!([[], ["Reason"]]));
        assert_eq!(directive["Metrics"], json!([{"Name": "Rejected", "Unit": "Count"}]));
        assert_eq!((&line["Rejected"], &line["Reason"]), (&json!(3), &json!("too_old")));
        assert!(line["_aws"]["Timestamp"].is_i64());
    }

    #[test]
    fn without_a_namespace_it_is_a_plain_line() {
        let mut line = MetricLine::new("batch", "request-1");
        line.metric(metric::APPLIED, 3);
        let line = line.into_json(None);
        assert_eq!((&line["message"], &line["Applied"], line.get("_aws")), (&json!("batch"), &json!(3), None));
    }
}
