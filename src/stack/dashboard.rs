//! The dashboard: `aws_cloudwatch_dashboard`. A row for each part of the pipeline, with its throughput and what its
//! alarms watch.

use pipegen_contract::metric;
use pipegen_event::Reason;
use serde_json::{Value, json};

use super::alarms::{Alarm, Measure, Part, Threshold, Watched};
use super::build::Build;
use super::functions::LambdaFunction;
use super::metrics::Series;
use super::names::OVERVIEW;
use crate::config::REGION;
use crate::terraform::{Block, Expression};

/// Columns of a dashboard; CloudWatch's grid.
const COLUMNS: u32 = 24;

/// Columns of a graph.
const WIDTH: u32 = 6;

/// Lines of a graph, and of a row's title.
const HEIGHT: u32 = 5;
const TITLE_HEIGHT: u32 = 1;

/// The rows and their titles, in the order in which an event passes the parts.
const ROWS: [(Part, &str); 8] = [
    (Part::Suppliers, "Suppliers send events to `ingest`, or put them on the stream"),
    (Part::Stream, "The stream is read"),
    (Part::Processor, "The processor applies them; stock is visible"),
    (Part::Database, "The database holds the catalog"),
    (Part::Cache, "The cache holds product views"),
    (Part::Catalog, "The catalog answers readers"),
    (Part::Archive, "The archive keeps every record"),
    (Part::Quarantine, "Rejected events and discarded batches"),
];

struct Graph {
    title: String,
    series: Vec<Series>,
    /// Seconds whose values become one datapoint.
    period: u32,
    /// The alarm's threshold, drawn as a line.
    threshold: Option<Threshold>,
}

/// Declares the dashboard of these alarms and their ARNs.
pub(super) fn declare(build: &mut Build<'_>, watched: &Watched<'_>, alarms: &[Alarm], arns: &[Expression]) {
    let mut page = Page::default();
    page.place(COLUMNS, 3, "alarm", &json!({ "title": "Alarms", "alarms": arns }));
    for (part, about) in ROWS {
        page.place(
            COLUMNS,
            TITLE_HEIGHT,
            "text",
            &json!({ "markdown": format!("## {about}"), "background": "transparent" }),
        );
        let alarmed = alarms.iter().filter(|alarm| alarm.part == part).map(Graph::from);
        for graph in traffic(build, watched, part).into_iter().chain(alarmed) {
            page.place(WIDTH, HEIGHT, "metric", &graph.properties());
        }
    }
    let body = json!({
        "dashboard_name": build.names.of(OVERVIEW),
        "dashboard_body": Expression::json(json!({ "start": "-PT3H", "widgets": page.widgets })),
    });
    build.document.resource(Block::new("aws_cloudwatch_dashboard", "overview", body));
}

/// Returns graphs of a part's throughput. No alarm needs them; they help to find the cause of one. What an alarm's graph
/// shows is not shown again: a dashboard is free up to 50 metrics.
fn traffic(build: &Build<'_>, watched: &Watched<'_>, part: Part) -> Vec<Graph> {
    let graph = |title: &str, series| Graph { title: title.to_owned(), series, period: 60, threshold: None };
    match part {
        Part::Suppliers => vec![
            graph("Records per minute", vec![Series::of_stream(watched.stream, "IncomingRecords", "Sum")]),
            graph("Requests to ingest per minute", requests(watched.ingest)),
        ],
        Part::Stream => Vec::new(),
        Part::Processor => vec![
            graph("Events applied per minute", vec![Series::own(build, metric::APPLIED, "Sum")]),
            graph("Arrival to visible (ms)", vec![Series::own(build, metric::VISIBLE_LAG, "Maximum")]),
        ],
        Part::Database => {
            vec![graph("Writes per second", vec![Series::of_database(watched.database, "WriteIOPS", "Average")])]
        }
        Part::Cache => {
            vec![graph("Hit rate (%)", Series::of_cache_nodes(build, watched.cache, "CacheHitRate", "Average"))]
        }
        Part::Catalog => vec![
            graph("Requests per minute", vec![Series::of_function(watched.catalog, "UrlRequestCount", "Sum")]),
            graph("p99 latency (ms)", vec![Series::of_function(watched.catalog, "UrlRequestLatency", "p99")]),
        ],
        Part::Archive => {
            vec![graph("Batches that failed", vec![Series::of_function(watched.archiver, "Errors", "Sum")])]
        }
        Part::Quarantine => {
            let by_reason = |reason: Reason| {
                let series =
                    Series::own(build, metric::REJECTED, "Sum").with_dimension(metric::REASON, reason.as_str());
                series.labelled(reason.as_str())
            };
            vec![graph("Rejected events per minute", Reason::ALL.map(by_reason).to_vec())]
        }
    }
}

/// Returns the requests to `ingest`, and those that it refused. 5xx, and what is forbidden, are in the graphs of their
/// alarms.
fn requests(ingest: &LambdaFunction) -> Vec<Series> {
    let count = |name, label| Series::of_function(ingest, name, "Sum").labelled(label);
    vec![count("UrlRequestCount", "all"), count("Url4xxCount", "4xx")]
}

impl From<&Alarm> for Graph {
    fn from(alarm: &Alarm) -> Self {
        Self {
            title: alarm.name.purpose.to_owned(),
            series: alarm.measure.series().to_vec(),
            period: alarm.period,
            // The threshold of an expression says nothing about its series.
            threshold: (!matches!(alarm.measure, Measure::Expression(..))).then_some(alarm.threshold),
        }
    }
}

impl Graph {
    fn properties(&self) -> Value {
        let line = self.threshold.map(|threshold| match threshold {
            Threshold::Above(value) => json!({ "value": value, "label": "alarm above", "fill": "above" }),
            Threshold::Below(value) => json!({ "value": value, "label": "alarm below", "fill": "below" }),
        });
        // No documentation says that an empty list of lines is valid.
        let lines = line.map(|line| json!({ "horizontal": [line] }));
        json!({
            "title": self.title,
            "region": REGION,
            "view": "timeSeries",
            "period": self.period,
            "metrics": self.series.iter().map(Series::widget_metric).collect::<Vec<_>>(),
            "annotations": lines,
            "yAxis": { "left": { "min": 0 } },
        })
    }
}

/// Widgets side by side, from left to right and from top to bottom.
#[derive(Default)]
struct Page {
    widgets: Vec<Value>,
    column: u32,
    line: u32,
    /// The line below the widgets that are side by side now.
    below: u32,
}

impl Page {
    fn place(&mut self, width: u32, height: u32, kind: &str, properties: &Value) {
        if self.column + width > COLUMNS {
            (self.column, self.line) = (0, self.below);
        }
        self.widgets.push(json!({
            "type": kind,
            "x": self.column,
            "y": self.line,
            "width": width,
            "height": height,
            "properties": properties,
        }));
        self.column += width;
        self.below = self.below.max(self.line + height);
    }
}
