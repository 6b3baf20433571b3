//! Suppliers' rights to send events: a role for each (`aws_iam_role`, `aws_iam_role_policy`).
//!
//! `ingest` knows who calls it and refuses the events of others. Kinesis cannot bind an event's `source` to its sender:
//! with `direct_stream_access` a supplier may speak for another.

use serde_json::{Value, json};

use super::access::{allow, allow_key, policy, trust};
use super::build::Build;
use super::encryption::Key;
use super::functions::LambdaFunction;
use super::names::STREAM;
use super::stream::Stream;
use crate::config::Supplier;
use crate::terraform::{Block, Expression};

/// Declares the roles, and returns the ARN of each with the supplier's name.
pub(super) fn declare(
    build: &mut Build<'_>,
    key: &Key,
    stream: &Stream,
    ingest: &LambdaFunction,
) -> Vec<(String, Expression)> {
    let settings = build.settings;
    let rights = rights(build, key, stream, ingest);
    settings.suppliers.iter().map(|supplier| (supplier.name.to_string(), role(build, supplier, &rights))).collect()
}

fn role(build: &mut Build<'_>, supplier: &Supplier, rights: &Expression) -> Expression {
    let label = format!("supplier_{}", supplier.name);
    let condition = supplier.external_id.as_ref().map(|id| json!({ "StringEquals": { "sts:ExternalId": id } }));
    let role = json!({
        "name": build.names.supplier_role(supplier),
        "description": format!("Sends events of the supplier {} to {}", supplier.name, build.names.of(STREAM)),
        "assume_role_policy": trust(&json!({ "AWS": supplier.principal.arn() }), &json!(condition)),
        "permissions_boundary": build.settings.permissions_boundary,
    });
    let role = build.document.resource(Block::new("aws_iam_role", label.as_str(), role));
    let body = json!({ "name": "work", "role": role.attribute("name"), "policy": rights });
    build.document.resource(Block::new("aws_iam_role_policy", format!("{label}_work"), body));
    role.attribute("arn")
}

/// Returns what every supplier may do.
fn rights(build: &Build<'_>, key: &Key, stream: &Stream, ingest: &LambdaFunction) -> Expression {
    let direct = || {
        [
            allow("Events", &["kinesis:PutRecord", "kinesis:PutRecords"], [stream.arn()]),
            allow_key("Key", &["kms:GenerateDataKey"], key.arn(), &["kinesis"]),
        ]
    };
    let direct = build.settings.direct_stream_access.then(direct);
    policy(over_url(ingest).into_iter().chain(direct.into_iter().flatten()))
}

/// Lets a supplier call the function over its URL, and in no other way: who invokes the function itself writes the
/// request context, and so the caller that it names. A URL requires both rights since October 2025.
///
/// <https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html>
fn over_url(ingest: &LambdaFunction) -> [Value; 2] {
    let mut url = allow("Url", &["lambda:InvokeFunctionUrl"], [ingest.arn()]);
    url["Condition"] = json!({ "StringEquals": { "lambda:FunctionUrlAuthType": "AWS_IAM" } });
    let mut function = allow("OverUrlOnly", &["lambda:InvokeFunction"], [ingest.arn()]);
    function["Condition"] = json!({ "Bool": { "lambda:InvokedViaFunctionUrl": "true" } });
    [url, function]
}
