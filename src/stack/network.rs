//! The network: `aws_vpc`, `aws_subnet`, `aws_route_table`, `aws_default_security_group`. Nothing leads in or out but
//! the endpoints.

use serde_json::{Value, json};

use super::build::Build;
use super::identity::Identity;
use super::names::{CLOSED_GROUP, NETWORK, Name, ROUTES, SUBNET_A, SUBNET_B};
use crate::terraform::{Block, Expression, Reference};

/// The zones, by their ids: letters mean another zone in each account, and the one called `use1-az3` lacks services.
const ZONES: [(&str, Name, &str); 2] = [("a", SUBNET_A, "use1-az1"), ("b", SUBNET_B, "use1-az2")];

#[derive(Clone, Debug)]
pub(super) struct Network {
    vpc: Reference,
    subnets: Vec<Reference>,
    routes: Reference,
}

impl Network {
    pub(super) fn vpc_id(&self) -> Expression {
        self.vpc.attribute("id")
    }

    /// Returns the ids of the private subnets.
    pub(super) fn subnet_ids(&self) -> Vec<Expression> {
        self.subnets.iter().map(|subnet| subnet.attribute("id")).collect()
    }

    /// Returns the ids of the first so many of them.
    pub(super) fn first_subnet_ids(&self, count: u32) -> Vec<Expression> {
        self.subnets.iter().zip(0..count).map(|(subnet, _)| subnet.attribute("id")).collect()
    }

    pub(super) fn route_table_id(&self) -> Expression {
        self.routes.attribute("id")
    }
}

/// Declares the network. It is destroyed before the roles lose the right to remove their network interfaces.
pub(super) fn declare(build: &mut Build<'_>, identities: &[&Identity]) -> Network {
    let vpc = build.document.resource(Block::new(
        "aws_vpc",
        "main",
        json!({
            "cidr_block": build.settings.network_cidr.to_string(),
            "enable_dns_support": true,
            // Private names of interface endpoints need both.
            "enable_dns_hostnames": true,
            "tags": name_tag(build, NETWORK),
        }),
    ));
    let group = json!({
        "vpc_id": vpc.attribute("id"),
        "ingress": [],
        "egress": [],
        "tags": name_tag(build, CLOSED_GROUP),
    });
    build.document.resource(Block::new("aws_default_security_group", "closed", group));
    let table = json!({ "vpc_id": vpc.attribute("id"), "tags": name_tag(build, ROUTES) });
    let routes = build.document.resource(Block::new("aws_route_table", "private", table));
    let policies: Vec<_> = identities.iter().filter_map(|identity| identity.network_policy.as_ref()).collect();
    let subnets = ZONES.iter().enumerate().map(|(index, zone)| subnet(build, &vpc, &routes, index, *zone, &policies));
    let subnets = subnets.collect();
    Network { vpc, subnets, routes }
}

fn subnet(
    build: &mut Build<'_>,
    vpc: &Reference,
    routes: &Reference,
    index: usize,
    (label, name, zone): (&str, Name, &str),
    policies: &[&Reference],
) -> Reference {
    let range = build.settings.network_cidr.quarter(u32::try_from(index).unwrap_or_default());
    let label = format!("private_{label}");
    let block = Block::new(
        "aws_subnet",
        label.as_str(),
        json!({
            "vpc_id": vpc.attribute("id"),
            "cidr_block": range.to_string(),
            "availability_zone_id": zone,
            "map_public_ip_on_launch": false,
            "tags": name_tag(build, name),
            // Lambda gives its network interfaces back 20 to 40 minutes after a function is gone.
            "timeouts": { "delete": "60m" },
        }),
    );
    let subnet = build.document.resource(block.after(policies.iter().copied()));
    let association = json!({ "subnet_id": subnet.attribute("id"), "route_table_id": routes.attribute("id") });
    build.document.resource(Block::new("aws_route_table_association", label, association));
    subnet
}

/// Returns the tag that serves as the name of a resource without one.
pub(super) fn name_tag(build: &Build<'_>, name: Name) -> Value {
    json!({ "Name": build.names.of(name) })
}
