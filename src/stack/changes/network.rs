//! The network: `aws_vpc`.

use super::change::Change;
use super::comparison::{Comparison, ResourcePair};

pub(super) fn changes(comparison: &Comparison<'_>) -> Vec<Change> {
    comparison.pairs("aws_vpc").filter_map(|pair| range(&pair)).collect()
}

/// Another range is another network. RDS does not move a subnet group into it, and Lambda's network interfaces hold the
/// old subnets for up to an hour.
fn range(pair: &ResourcePair<'_>) -> Option<Change> {
    let (earlier, new) = pair.text("cidr_block")?;
    Some(Change::refused(
        format!(
            "the network's range would change from {earlier} to {new}; the database cannot move to another network"
        ),
        format!(
            "set `network_cidr = \"{earlier}\"`; or render another environment with the new range beside this one, move suppliers and \
             readers over, and destroy this one"
        ),
    ))
}
