//! The network: `aws_vpc`.

use super::comparison::{Comparison, ResourcePair};
use super::stack_change::StackChange;

pub(super) fn changes(comparison: &Comparison<'_>) -> Vec<StackChange> {
    comparison.pairs("aws_vpc").filter_map(|pair| range(&pair)).collect()
}

/// Another range is another network. RDS does not move a subnet group into it, and Lambda's network interfaces hold the
/// old subnets for up to an hour.
fn range(pair: &ResourcePair<'_>) -> Option<StackChange> {
    let (earlier, new) = pair.text("cidr_block")?;
    Some(StackChange::refused(
        format!(
            "the network's range would change from {earlier} to {new}; the database cannot move to another network"
        ),
        format!(
            "set `network_cidr = \"{earlier}\"`; or render another environment with the new range beside this one, move suppliers and \
             readers over, and destroy this one"
        ),
    ))
}
