//! Suppliers' rights to put events on the stream: a role for each (`aws_iam_role`, `aws_iam_role_policy`).
//!
//! Kinesis cannot bind an event's `source` to its sender: a supplier may speak for another.

use serde_json::json;

use super::access::{allow, allow_key, policy, trust};
use super::build::Build;
use super::encryption::Key;
use super::names::STREAM;
use super::stream::Stream;
use crate::config::Supplier;
use crate::terraform::{Block, Expression};

/// Declares the roles, and returns the ARN of each with the supplier's name.
pub(super) fn declare(build: &mut Build<'_>, key: &Key, stream: &Stream) -> Vec<(String, Expression)> {
    let settings = build.settings;
    settings.suppliers.iter().map(|supplier| (supplier.name.to_string(), role(build, supplier, key, stream))).collect()
}

fn role(build: &mut Build<'_>, supplier: &Supplier, key: &Key, stream: &Stream) -> Expression {
    let label = format!("supplier_{}", supplier.name);
    let condition = supplier.external_id.as_ref().map(|id| json!({ "StringEquals": { "sts:ExternalId": id } }));
    let role = json!({
        "name": build.names.supplier_role(supplier),
        "description": format!("Puts events of the supplier {} on {}", supplier.name, build.names.of(STREAM)),
        "assume_role_policy": trust(&json!({ "AWS": supplier.principal.arn() }), &json!(condition)),
        "permissions_boundary": build.settings.permissions_boundary,
    });
    let role = build.document.resource(Block::new("aws_iam_role", label.as_str(), role));
    let rights = policy([
        allow("Events", &["kinesis:PutRecord", "kinesis:PutRecords"], [stream.arn()]),
        allow_key("Key", &["kms:GenerateDataKey"], key.arn(), &["kinesis"]),
    ]);
    let body = json!({ "name": "work", "role": role.attribute("name"), "policy": rights });
    build.document.resource(Block::new("aws_iam_role_policy", format!("{label}_work"), body));
    role.attribute("arn")
}
