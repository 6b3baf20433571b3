//! Security groups and their rules: an `aws_security_group` by role, and a pair of rules for each connection
//! (`aws_vpc_security_group_egress_rule`, `aws_vpc_security_group_ingress_rule`).

use serde_json::json;

use super::build::Build;
use super::names::Name;
use super::network::Network;
use crate::config::CacheReader;
use crate::terraform::{Block, Expression, Reference};

/// A security group.
#[derive(Clone, Debug)]
pub(super) struct SecurityGroup {
    label: String,
    group: Reference,
}

impl SecurityGroup {
    pub(super) fn id(&self) -> Expression {
        self.group.attribute("id")
    }
}

/// Declares a group without rules. EC2 takes fewer characters in a description than other services: no apostrophe.
pub(super) fn declare(build: &mut Build<'_>, network: &Network, name: Name, description: &str) -> SecurityGroup {
    let label = name.purpose.to_owned();
    let group = build.document.resource(Block::new(
        "aws_security_group",
        label.as_str(),
        json!({
            "name": build.names.of(name),
            "description": description,
            "vpc_id": network.vpc_id(),
            "revoke_rules_on_delete": true,
            "tags": super::network::name_tag(build, name),
            "timeouts": { "delete": "60m" },
        }),
    ));
    SecurityGroup { label, group }
}

/// Lets one group open connections to a TCP port of another. Both ends must allow it.
pub(super) fn connect(build: &mut Build<'_>, from: &SecurityGroup, to: &SecurityGroup, port: u16) -> [Reference; 2] {
    let label = format!("{}_to_{}", from.label, to.label);
    let description = format!("{} to {}", from.label, to.label);
    let rule = |own: &SecurityGroup, other: &SecurityGroup| {
        json!({
            "security_group_id": own.id(),
            "referenced_security_group_id": other.id(),
            "ip_protocol": "tcp",
            "from_port": port,
            "to_port": port,
            "description": description,
        })
    };
    let egress = Block::new("aws_vpc_security_group_egress_rule", label.as_str(), rule(from, to));
    let ingress = Block::new("aws_vpc_security_group_ingress_rule", label.as_str(), rule(to, from));
    [build.document.resource(egress), build.document.resource(ingress)]
}

/// Lets a reader outside the stack open connections to a TCP port of a group. The reader's own end must allow it, too.
pub(super) fn allow_cache_reader(
    build: &mut Build<'_>,
    from: &CacheReader,
    to: &SecurityGroup,
    port: u16,
) -> Reference {
    let (group, range) = match from {
        CacheReader::Group(id) => (Some(id), None),
        CacheReader::Range(range) => (None, Some(range.to_string())),
    };
    let body = json!({
        "security_group_id": to.id(),
        "referenced_security_group_id": group,
        "cidr_ipv4": range,
        "ip_protocol": "tcp",
        "from_port": port,
        "to_port": port,
        "description": format!("{from} to {}", to.label),
    });
    let from = from.to_string().replace(['.', '/'], "-");
    let label = format!("reader_{from}_to_{}", to.label);
    build.document.resource(Block::new("aws_vpc_security_group_ingress_rule", label, body))
}

/// Lets a group open HTTPS connections to an AWS service by its prefix list.
pub(super) fn connect_to_service(
    build: &mut Build<'_>,
    from: &SecurityGroup,
    service: &str,
    prefix_list: &Expression,
) -> Reference {
    let body = json!({
        "security_group_id": from.id(),
        "prefix_list_id": prefix_list,
        "ip_protocol": "tcp",
        "from_port": 443,
        "to_port": 443,
        "description": format!("{} to {service}", from.label),
    });
    let label = format!("{}_to_{service}", from.label);
    build.document.resource(Block::new("aws_vpc_security_group_egress_rule", label, body))
}
