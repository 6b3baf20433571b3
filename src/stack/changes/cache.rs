//! The cache: `aws_elasticache_replication_group` and its `aws_elasticache_parameter_group`.

use super::comparison::{Comparison, ResourcePair, numbers};
use super::stack_change::StackChange;

/// The consequence of recreating the cache, which takes about a quarter of an hour.
const MEANWHILE: &str = "it begins empty and fills by itself; meanwhile the catalog reads from the database";

pub(super) fn changes(comparison: &Comparison<'_>) -> Vec<StackChange> {
    let stuck: Vec<_> =
        comparison.pairs("aws_elasticache_parameter_group").filter_map(|pair| parameters(&pair)).collect();
    if !stuck.is_empty() {
        return stuck;
    }
    comparison.pairs("aws_elasticache_replication_group").filter_map(|pair| engine(&pair)).collect()
}

/// Terraform would replace the parameter group, which ElastiCache refuses as long as the cache uses it: so the cache
/// must be replaced with it.
fn parameters(pair: &ResourcePair<'_>) -> Option<StackChange> {
    let (earlier, new) = pair.text("family")?;
    (!pair.is_created_before_destroy()).then(|| {
        StackChange::warned(
            format!(
                "the cache goes from {earlier} to {new}, which it cannot do while it uses the parameters of {earlier}"
            ),
            format!(
                "apply with `-replace=aws_elasticache_replication_group.{}`: the cache is recreated; {MEANWHILE}",
                pair.label
            ),
        )
    })
}

/// ElastiCache changes Redis to Valkey, and to later versions, while it runs. For anything else the provider recreates
/// the cache.
fn engine(pair: &ResourcePair<'_>) -> Option<StackChange> {
    if let Some((earlier, new)) = pair.text("engine") {
        return Some(if (earlier, new) == ("redis", "valkey") {
            StackChange::warned(
                "the cache goes from redis to valkey, and cannot go back without being recreated",
                format!("if it is recreated: {MEANWHILE}"),
            )
        } else {
            StackChange::warned(format!("the cache is recreated to go from {earlier} to {new}"), MEANWHILE)
        });
    }
    let (earlier, new) = pair.text("engine_version")?;
    (numbers(new)? < numbers(earlier)?).then(|| {
        StackChange::warned(format!("the cache is recreated to go back from version {earlier} to {new}"), MEANWHILE)
    })
}
