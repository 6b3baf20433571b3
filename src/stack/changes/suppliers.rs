//! The suppliers' rights: `aws_iam_role_policy`.

use super::comparison::{Comparison, ResourcePair};
use super::stack_change::StackChange;

/// The beginning of the actions that put records on the stream.
const PUT: &str = "kinesis:PutRecord";

pub(super) fn changes(comparison: &Comparison<'_>) -> Vec<StackChange> {
    let policies = comparison.pairs("aws_iam_role_policy");
    let shut_out = policies.filter(is_shut_out).map(|pair| pair.label.trim_end_matches("_work").to_owned());
    let shut_out: Vec<_> = shut_out.collect();
    if shut_out.is_empty() {
        return Vec::new();
    }
    let roles = shut_out.join("`, `");
    vec![StackChange::warned(
        format!("the stream refuses the records of `{roles}` from the apply on, and only `ingest` takes their events"),
        "move these suppliers over to the URL of `ingest` first (`terraform output ingest_url`); `direct_stream_access = true` keeps \
         the stream open meanwhile",
    )]
}

/// A supplier's client is refused at once, in the middle of its work.
fn is_shut_out(pair: &ResourcePair<'_>) -> bool {
    let is_supplier = pair.label.starts_with("supplier_");
    is_supplier && pair.text("policy").is_some_and(|(earlier, new)| earlier.contains(PUT) && !new.contains(PUT))
}
