//! The nodes of the flowchart: the resources that are drawn.

use std::fmt;

use crate::config::CacheEngine;
use crate::terraform::declared::{Declared, Resource, references};

/// The shape of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// A caller from outside the stack.
    Actor,
    Function,
    /// A store of data.
    Store,
    Box,
}

/// One or more resources that are drawn as one.
#[derive(Debug)]
pub(super) struct Node {
    /// Unique in the flowchart.
    pub(super) id: String,
    /// Addresses of the resources.
    pub(super) addresses: Vec<String>,
    /// True if it has an address in the private subnets.
    pub(super) is_inside: bool,
    shape: Shape,
    text: String,
}

/// The drawing of a type of resource.
struct Style {
    kind: &'static str,
    shape: Shape,
    service: &'static str,
    title: Title,
    /// True if all resources of the type share one node.
    is_merged: bool,
}

/// The first line of a node, above the service.
#[derive(Clone, Copy)]
enum Title {
    /// The resource's label, without this prefix.
    Label(&'static str),
    /// The value of this attribute.
    Attribute(&'static str),
    Nothing,
}

const fn one(kind: &'static str, shape: Shape, service: &'static str, title: Title) -> Style {
    Style { kind, shape, service, title, is_merged: false }
}

const fn all(kind: &'static str, shape: Shape, service: &'static str, title: Title) -> Style {
    Style { kind, shape, service, title, is_merged: true }
}

/// The types that are drawn, in the order of drawing.
const STYLES: &[Style] = &[
    all("aws_iam_role", Shape::Actor, "suppliers", Title::Label("supplier_")),
    one("aws_lambda_function_url", Shape::Actor, "function URL", Title::Label("")),
    one("aws_scheduler_schedule", Shape::Actor, "schedule", Title::Attribute("schedule_expression")),
    one("aws_lambda_invocation", Shape::Actor, "terraform apply", Title::Nothing),
    one("aws_kinesis_stream", Shape::Box, "Kinesis", Title::Label("")),
    one("aws_lambda_function", Shape::Function, "Lambda", Title::Label("")),
    one("aws_db_instance", Shape::Store, "PostgreSQL", Title::Label("")),
    one("aws_elasticache_replication_group", Shape::Store, "cache", Title::Label("")),
    all("aws_secretsmanager_secret", Shape::Store, "Secrets Manager", Title::Label("")),
    one("aws_s3_bucket", Shape::Store, "S3", Title::Label("")),
    one("aws_glue_catalog_table", Shape::Box, "Glue table", Title::Label("")),
    one("aws_athena_workgroup", Shape::Box, "Athena", Title::Label("")),
    one("aws_cloudwatch_event_rule", Shape::Box, "EventBridge", Title::Label("")),
    all("aws_cloudwatch_metric_alarm", Shape::Box, "alarms", Title::Label("")),
    one("aws_sns_topic", Shape::Box, "SNS", Title::Label("")),
];

/// The most labels that are listed; more are counted.
const LISTED: usize = 4;

/// Returns the nodes, in the order of drawing.
pub(super) fn nodes(stack: &Declared) -> Vec<Node> {
    let mut nodes = Vec::new();
    for style in STYLES {
        let resources: Vec<_> = stack.of(style.kind).filter(|resource| is_drawn(stack, resource)).collect();
        if style.is_merged {
            nodes.extend((!resources.is_empty()).then(|| node(stack, style, &resources)));
        } else {
            nodes.extend(resources.iter().map(|resource| node(stack, style, &[resource])));
        }
    }
    nodes
}

/// Tells whether a resource is drawn. Of the roles only the suppliers' are: a function's own role is drawn as the
/// function.
fn is_drawn(stack: &Declared, resource: &Resource) -> bool {
    resource.kind != "aws_iam_role" || super::edges::is_caller(stack, resource)
}

fn node(stack: &Declared, style: &Style, resources: &[&Resource]) -> Node {
    let own = if style.is_merged { "all" } else { resources[0].label.as_str() };
    Node {
        id: format!("{}_{own}", style.kind.strip_prefix("aws_").unwrap_or(style.kind)),
        addresses: resources.iter().map(|resource| resource.address()).collect(),
        is_inside: resources.iter().any(|resource| is_inside(stack, resource)),
        shape: style.shape,
        text: text(style, resources),
    }
}

/// Returns a node's text.
fn text(style: &Style, resources: &[&Resource]) -> String {
    let service = service(style, resources);
    if resources.len() > LISTED {
        return format!("{} {service}", resources.len());
    }
    let title = |resource: &Resource| match style.title {
        Title::Label(prefix) => Some(resource.label.strip_prefix(prefix).unwrap_or(&resource.label).to_owned()),
        Title::Attribute(attribute) => resource.text(attribute).map(str::to_owned),
        Title::Nothing => None,
    };
    let titles: Vec<_> = resources.iter().filter_map(|resource| title(resource)).collect();
    if titles.is_empty() { service.to_owned() } else { format!("{}<br>{service}", titles.join(", ")) }
}

/// Returns a node's service; a cache's is its engine.
fn service(style: &Style, resources: &[&Resource]) -> &'static str {
    let engine = resources.iter().find(|resource| resource.kind == "aws_elasticache_replication_group");
    let engine = engine.and_then(|cache| CacheEngine::from_name(cache.text("engine")?));
    engine.map_or(style.service, CacheEngine::title)
}

/// Tells whether a resource is in a subnet, itself or through its subnet group.
fn is_inside(stack: &Declared, resource: &Resource) -> bool {
    references(&resource.body).iter().filter_map(|address| stack.at(address)).any(|other| {
        let is_group = other.kind.ends_with("_subnet_group");
        other.kind == "aws_subnet" || is_group && stack.referred(&other.body, "aws_subnet").is_some()
    })
}

impl fmt::Display for Node {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (open, close) = match self.shape {
            Shape::Actor => ("([", "])"),
            Shape::Function => ("[[", "]]"),
            Shape::Store => ("[(", ")]"),
            Shape::Box => ("[", "]"),
        };
        write!(formatter, "{}{open}\"{}\"{close}", self.id, self.text)
    }
}
