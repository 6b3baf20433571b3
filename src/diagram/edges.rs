//! What leads where. Every edge is a reference in the rendered file.

use pipegen_contract::object_key::ON_FAILURE;
use serde_json::Value;

use crate::terraform::declared::{Declared, Resource, references};

/// An arrow between two resources.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Edge {
    /// The address where it begins.
    pub(super) from: String,
    /// The address where it ends.
    pub(super) to: String,
    kind: Kind,
}

/// What an arrow means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The one calls the other with its work.
    Work,
    /// The one makes the other do something, or says something about it.
    Aside(&'static str),
}

use Kind::{Aside, Work};

impl Edge {
    /// The arrow in Mermaid's words.
    pub(super) fn arrow(&self) -> String {
        match self.kind {
            Work => "-->".to_owned(),
            Aside("") => "-.->".to_owned(),
            Aside(label) => format!("-. {label} .->"),
        }
    }
}

/// Attributes that lead somewhere: the type that has them, where the arrow begins (nothing is the resource itself), where it ends,
/// and what it means.
const LINKS: &[(&str, &str, &str, Kind)] = &[
    ("aws_lambda_event_source_mapping", "/event_source_arn", "/function_name", Work),
    ("aws_lambda_event_source_mapping", "/event_source_arn", "/destination_config", Aside("given up")),
    ("aws_lambda_function_url", "", "/function_name", Work),
    ("aws_scheduler_schedule", "", "/target", Aside("")),
    ("aws_lambda_invocation", "", "/function_name", Aside("")),
    ("aws_secretsmanager_secret_rotation", "/secret_id", "/rotation_lambda_arn", Aside("rotation")),
    ("aws_glue_catalog_table", "", "/storage_descriptor", Aside("describes")),
    ("aws_athena_workgroup", "", "/configuration", Aside("results")),
    ("aws_s3_bucket_logging", "/bucket", "/target_bucket", Aside("access log")),
    ("aws_cloudwatch_metric_alarm", "", "/alarm_actions", Aside("")),
];

/// All edges, in the order in which they are drawn.
pub(super) fn edges(stack: &Declared) -> Vec<Edge> {
    let mut edges = Vec::new();
    for role in stack.of("aws_iam_role").filter(|role| puts_records(stack, role)) {
        edges.extend(granted(stack, role).map(|address| edge(role.address(), address, Work)));
    }
    for (kind, begin, end, meaning) in LINKS {
        for resource in stack.of(kind) {
            let begins = if begin.is_empty() { vec![resource.address()] } else { at(resource, begin) };
            let pairs =
                begins.iter().flat_map(|begin| at(resource, end).into_iter().map(move |end| (begin.clone(), end)));
            edges.extend(pairs.map(|(begin, end)| edge(begin, end, *meaning)));
        }
    }
    for function in stack.of("aws_lambda_function") {
        let role = stack.referred(&function.body["role"], "aws_iam_role");
        let granted = role.into_iter().flat_map(|role| granted(stack, role));
        let known = references(&function.body["environment"]).into_iter();
        // What a function reads the stream with is Lambda's; the mapping shows it.
        let used = known.chain(granted).filter(|address| !address.starts_with("aws_kinesis_stream."));
        edges.extend(used.map(|address| edge(function.address(), address, Work)));
    }
    edges
}

/// Whether a role may put records on a stream: a supplier's.
pub(super) fn puts_records(stack: &Declared, role: &Resource) -> bool {
    allowed(stack, role)
        .any(|statement| list(&statement["Action"]).any(|action| action.starts_with("kinesis:PutRecord")))
}

/// What a role may get from or put into.
fn granted<'a>(stack: &'a Declared, role: &'a Resource) -> impl Iterator<Item = String> {
    allowed(stack, role).filter(|statement| list(&statement["Action"]).any(moves_data)).flat_map(|statement| {
        let resources: Vec<_> = list(&statement["Resource"]).filter(|resource| !is_lambdas(resource)).collect();
        references(&Value::from(resources))
    })
}

/// Whether an action such as `s3:PutObject` is about what lies in a resource.
fn moves_data(action: &str) -> bool {
    action.split_once(':').is_some_and(|(_, verb)| verb.starts_with("Get") || verb.starts_with("Put"))
}

/// Whether this is where Lambda itself puts batches that it gave up; the mapping shows that.
fn is_lambdas(resource: &str) -> bool {
    resource.contains(&format!("/{ON_FAILURE}"))
}

/// The statements of a role's policies that allow something.
fn allowed<'a>(stack: &'a Declared, role: &'a Resource) -> impl Iterator<Item = Value> {
    let own = stack.of("aws_iam_role_policy").filter(|policy| at(policy, "/role").contains(&role.address()));
    let policies = own.filter_map(|policy| serde_json::from_str::<Value>(policy.text("policy")?).ok());
    let statements = policies.flat_map(|policy| policy["Statement"].as_array().cloned().unwrap_or_default());
    statements.filter(|statement| statement["Effect"] == "Allow")
}

/// The addresses that are referred to at a place of a resource.
fn at(resource: &Resource, place: &str) -> Vec<String> {
    resource.body.pointer(place).map(references).unwrap_or_default().into_iter().collect()
}

/// A text or a list of them.
fn list(value: &Value) -> impl Iterator<Item = &str> {
    let one = value.as_str();
    let many = value.as_array().into_iter().flatten().filter_map(Value::as_str);
    one.into_iter().chain(many)
}

fn edge(from: String, to: String, kind: Kind) -> Edge {
    Edge { from, to, kind }
}
