//! The retention of buckets: `aws_s3_bucket_lifecycle_configuration`.

use serde_json::Value;

use super::comparison::{Comparison, ResourcePair};
use super::stack_change::StackChange;

pub(super) fn changes(comparison: &Comparison<'_>) -> Vec<StackChange> {
    comparison.pairs("aws_s3_bucket_lifecycle_configuration").filter_map(|pair| expiry(&pair)).collect()
}

/// S3 removes objects that are older than the new number of days within a day or two, and no policy of the bucket stops
/// it.
fn expiry(pair: &ResourcePair<'_>) -> Option<StackChange> {
    let (earlier, new) = (days(pair.earlier)?, days(pair.new)?);
    let bucket = pair.label;
    (new < earlier).then(|| {
        StackChange::warned(
            format!("the bucket `{bucket}` will keep objects for {new} days instead of {earlier}, and loses those that are older for good"),
            "copy them elsewhere first, if they may still be needed",
        )
    })
}

/// Returns the days after which any object expires.
fn days(configuration: &Value) -> Option<u64> {
    let rules = configuration.get("rule")?.as_array()?;
    rules.iter().filter_map(|rule| rule.get("expiration")?.get("days")?.as_u64()).min()
}
