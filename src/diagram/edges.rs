//! The arrows of the flowchart. Every one is a reference in the rendered file.

use std::fmt;

use pipegen_contract::object_key::ON_FAILURE;
use serde_json::Value;

use crate::terraform::declared::{Declared, Resource, references};

/// An arrow from one resource to another.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Edge {
    /// Address of the resource where it begins.
    pub(super) from: String,
    /// Address of the resource where it ends.
    pub(super) to: String,
    pub(super) arrow: Arrow,
}

/// The line of an arrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrow {
    /// Records, queries and requests.
    Solid,
    /// Everything else: triggers, settings, descriptions, with a label if it is not empty.
    Dashed(&'static str),
}

use Arrow::{Dashed, Solid};

impl fmt::Display for Arrow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Solid => formatter.write_str("-->"),
            Dashed("") => formatter.write_str("-.->"),
            Dashed(label) => write!(formatter, "-. {label} .->"),
        }
    }
}

/// Attributes that are drawn as arrows: the resource type, the attribute where the arrow begins, the attribute where it
/// ends (each empty for the resource itself), and the arrow.
const LINKS: &[(&str, &str, &str, Arrow)] = &[
    ("aws_lambda_event_source_mapping", "/event_source_arn", "/function_name", Solid),
    ("aws_lambda_event_source_mapping", "/event_source_arn", "/destination_config", Dashed("on failure")),
    ("aws_lambda_function_url", "", "/function_name", Solid),
    ("aws_scheduler_schedule", "", "/target", Dashed("")),
    ("aws_lambda_invocation", "", "/function_name", Dashed("")),
    ("aws_secretsmanager_secret_rotation", "/secret_id", "/rotation_lambda_arn", Dashed("rotation")),
    ("aws_glue_catalog_table", "", "/storage_descriptor", Dashed("describes")),
    ("aws_athena_workgroup", "", "/configuration", Dashed("results")),
    ("aws_s3_bucket_logging", "/bucket", "/target_bucket", Dashed("access log")),
    ("aws_cloudwatch_event_rule", "/event_pattern", "", Dashed("announces")),
    ("aws_cloudwatch_event_target", "/rule", "/arn", Dashed("")),
    ("aws_cloudwatch_metric_alarm", "", "/alarm_actions", Dashed("")),
];

/// Returns all edges, in the order in which they are drawn.
pub(super) fn edges(stack: &Declared) -> Vec<Edge> {
    let mut edges = Vec::new();
    for role in stack.of("aws_iam_role").filter(|role| is_caller(stack, role)) {
        let reached = called_urls(stack, role).into_iter().chain(granted(stack, role));
        edges.extend(reached.map(|address| edge(role.address(), address, Solid)));
    }
    for (kind, begin, end, arrow) in LINKS {
        for resource in stack.of(kind) {
            let ends = at_or_itself(resource, end);
            let begins = at_or_itself(resource, begin).into_iter();
            let pairs = begins.flat_map(|begin| ends.iter().map(move |end| (begin.clone(), end.clone())));
            edges.extend(pairs.map(|(begin, end)| edge(begin, end, *arrow)));
        }
    }
    for function in stack.of("aws_lambda_function") {
        let role = stack.referred(&function.body["role"], "aws_iam_role");
        let granted = role.into_iter().flat_map(|role| granted(stack, role));
        let known = references(&function.body["environment"]).into_iter();
        edges.extend(known.chain(granted).map(|address| edge(function.address(), address, Solid)));
    }
    edges
}

/// Tells whether a role may call a function over its URL, as a supplier's may.
pub(super) fn is_caller(stack: &Declared, role: &Resource) -> bool {
    !called_urls(stack, role).is_empty()
}

/// Returns the addresses of the URLs that a role may call.
fn called_urls(stack: &Declared, role: &Resource) -> Vec<String> {
    let calls = |statement: &Value| list(&statement["Action"]).any(|action| action == "lambda:InvokeFunctionUrl");
    let functions = allowed(stack, role).filter(calls).flat_map(|statement| references(&statement["Resource"]));
    let functions: Vec<_> = functions.collect();
    let urls = stack.of("aws_lambda_function_url");
    urls.filter(|url| at(url, "/function_name").iter().any(|function| functions.contains(function)))
        .map(Resource::address)
        .collect()
}

/// Returns the addresses that a role may get data from or put data into.
fn granted<'a>(stack: &'a Declared, role: &'a Resource) -> impl Iterator<Item = String> {
    allowed(stack, role).filter(|statement| list(&statement["Action"]).any(moves_data)).flat_map(|statement| {
        let resources: Vec<_> =
            list(&statement["Resource"]).filter(|resource| !is_on_failure_prefix(resource)).collect();
        references(&Value::from(resources))
    })
}

/// Tells whether an action such as `s3:PutObject` reads or writes the content of a resource. Lambda reads the stream for
/// a function; the event source mapping's arrow shows that.
fn moves_data(action: &str) -> bool {
    action
        .split_once(':')
        .is_some_and(|(service, verb)| verb.starts_with("Put") || verb.starts_with("Get") && service != "kinesis")
}

/// Tells whether this is the prefix where Lambda itself puts discarded batches; the event source mapping's arrow shows
/// that.
fn is_on_failure_prefix(resource: &str) -> bool {
    resource.contains(&format!("/{ON_FAILURE}"))
}

/// Returns the `Allow` statements of a role's policies.
fn allowed<'a>(stack: &'a Declared, role: &'a Resource) -> impl Iterator<Item = Value> {
    let own = stack.of("aws_iam_role_policy").filter(|policy| at(policy, "/role").contains(&role.address()));
    let policies = own.filter_map(|policy| serde_json::from_str::<Value>(policy.text("policy")?).ok());
    let statements = policies.flat_map(|policy| policy["Statement"].as_array().cloned().unwrap_or_default());
    statements.filter(|statement| statement["Effect"] == "Allow")
}

/// Returns the addresses that an attribute refers to; without an attribute, the resource's own.
fn at_or_itself(resource: &Resource, pointer: &str) -> Vec<String> {
    if pointer.is_empty() { vec![resource.address()] } else { at(resource, pointer) }
}

/// Returns the addresses that an attribute refers to.
fn at(resource: &Resource, pointer: &str) -> Vec<String> {
    resource.body.pointer(pointer).map(references).unwrap_or_default().into_iter().collect()
}

/// Returns one string or a list of strings as a list.
fn list(value: &Value) -> impl Iterator<Item = &str> {
    let one = value.as_str();
    let many = value.as_array().into_iter().flatten().filter_map(Value::as_str);
    one.into_iter().chain(many)
}

fn edge(from: String, to: String, arrow: Arrow) -> Edge {
    Edge { from, to, arrow }
}
