//! The cache: `aws_elasticache_replication_group` by its `aws_elasticache_parameter_group`.

use super::{Both, Change, Pair};

pub(super) fn changes(both: &Both<'_>) -> Vec<Change> {
    both.pairs("aws_elasticache_parameter_group").filter_map(|pair| family(&pair)).collect()
}

/// Another engine or major version wants parameters of another family. Terraform would replace them, which ElastiCache refuses while the
/// cache uses them; so the cache has to go first.
fn family(pair: &Pair<'_>) -> Option<Change> {
    let (earlier, new) = pair.text("family")?;
    let replaced = format!("-replace=aws_elasticache_replication_group.{}", pair.label);
    Some(Change::warned(
        format!("the cache goes from {earlier} to {new}, which it cannot do while it uses the parameters of {earlier}"),
        format!(
            "apply with `{replaced}`: the cache is made anew. Until then, some twenty minutes, the catalog asks the database; after that \
             the cache fills by itself"
        ),
    ))
}
